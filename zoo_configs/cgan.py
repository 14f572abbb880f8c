r"""cGAN: generator and discriminator see the label (Mirza and Osindero 2014).

"Conditional Generative Adversarial Nets", https://arxiv.org/abs/1411.1784, equation 2; with
`--config.model.conditioning=projection` the discriminator of Miyato and Koyama 2018, https://arxiv.org/abs/1802.05637.

    python -m ganzoo.run --model cgan
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """The networks and the optimizer of `gan`: the paper's perceptrons of 2014 are no match for them."""
    config = common.get_config(kind)
    config.model.update(conditioning="concatenated", num_classes=10, n_critic=1)
    config.batch_size, config.steps = 64, 2000
    config.networks.dcgan.discriminator.norm = "batch"
    optimizer = common.adam(1e-3, beta_1=0.5, schedule="cosine")
    if kind == "points":
        config.model.num_classes = 25
        config.batch_size, config.steps = 512, 6000
        optimizer = common.adam(1e-3, beta_1=0.5, schedule="cosine")
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
