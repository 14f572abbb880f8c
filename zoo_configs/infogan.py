r"""InfoGAN: latent codes that the samples tell of (Chen et al. 2016).

"InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets", NeurIPS 2016,
https://arxiv.org/abs/1606.03657, equation 6 and appendix C.1.

    python -m ganzoo.run --model infogan
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """62 numbers of noise, a category of ten and two continuous codes, Adam at 1e-3 for the generator and 2e-4 for the
    discriminator, batches of 128 and lambda 1: the paper's for MNIST. On points the category has as many values as
    there are modes."""
    config = common.get_config(kind)
    config.model.update(latent_dim=62, categories=10, continuous=2, information_weight=1.0, n_critic=1)
    config.networks.dcgan.discriminator.norm = "batch"
    config.batch_size, config.steps = 128, 1500
    rates = dict(generator=1e-3, discriminator=2e-4)
    if kind == "points":
        config.model.update(latent_dim=2, categories=25, continuous=1)
        config.batch_size, config.steps = 512, 6000
        rates = dict(generator=1e-3, discriminator=1e-3)
    config.optimizers = {network: common.adam(rate, beta_1=0.5) for network, rate in rates.items()}
    return config
