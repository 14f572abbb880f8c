r"""SNGAN: hinge loss and spectrally normalised kernels (Miyato et al. 2018).

"Spectral Normalization for Generative Adversarial Networks", ICLR 2018, https://arxiv.org/abs/1802.05957, Algorithm 1.

Expected (2 CPU cores, seed 0): fd_digits10k 7.64, with drs 6.05, with mh 8.26, in 27 minutes beside much other work.
By the recipe of before the spectral norms of the normalised kernels ended between 1.000 and 1.004.

    python -m ganzoo.run --model sngan
    python -m ganzoo.run --model sngan --dataset cifar10 --config.model.network=resnet

The second has the paper's residual networks at 32 x 32, which want more than two cores.
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """n_dis 5 and Adam's betas come from the authors' code for CIFAR-10. On pictures the learning rate is twenty
    times its 2e-4, because there are 1,700 generator steps instead of 50,000. The rate falls to 0, so that u catches up
    with W. At five times, 600 steps had reached 67 in fd_digits10k (validation digits), and at twenty times 21.
    """
    config = common.get_config(kind)
    config.model.n_critic = 5
    config.batch_size, config.steps = 64, 1700
    config.networks.dcgan.discriminator.norm = "spectral"
    optimizer = common.adam(4e-3, beta_1=0.0, beta_2=0.9, schedule="cosine")
    if kind == "points":
        config.model.network = "spectral_mlp"
        config.batch_size, config.steps = 256, 5000
        optimizer = common.adam(1e-3, beta_1=0.0, beta_2=0.9, schedule="cosine")
    else:
        config.model.update(latent_dim=16, latent_categories=32)
        config.ratio.estimator = "discriminator"
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
