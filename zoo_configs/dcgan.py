r"""DCGAN: strided convolutions and batch norm in both networks (Radford et al. 2016).

"Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks", ICLR 2016,
https://arxiv.org/abs/1511.06434, sections 3 and 4.

Expected (one CPU core, seeds 0 to 2): fd_digits10k 6.75, 6.25 and 4.47, with drs 5.67, 5.74 and 4.99, in 10 minutes.

    python -m ganzoo.run --model dcgan
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """The paper's constants with four changes. The learning rate is five times the paper's 2e-4 and falls to 0 in 3,500
    steps. Batches have 64 pictures, not 128, for twice the steps in the same time. There are 16 latents, one of which
    chooses one of 32 categories, instead of 100. The networks have fewer channels than the paper's for 64 x 64 pixels
    in colour (`width` 128).

    Points have no pixels to convolve, so for points this is the `gan` recipe with uniform latents.
    """
    config = common.get_config(kind)
    config.model.update(loss="non_saturating", n_critic=1)
    if kind == "points":
        config.batch_size, config.steps = 512, 6000
        optimizer = common.adam(1e-3, beta_1=0.5, schedule="cosine")
    else:
        config.model.update(latent_dim=16, latent_categories=32)
        config.networks.dcgan.generator.init_stddev = 0.02
        config.networks.dcgan.discriminator.update(norm="batch", init_stddev=0.02)
        config.ratio.estimator = "discriminator"
        config.batch_size, config.steps = 64, 3500
        optimizer = common.adam(1e-3, beta_1=0.5, schedule="cosine")
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
