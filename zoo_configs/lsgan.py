r"""LSGAN: least squares in place of cross-entropy (Mao et al. 2017).

"Least Squares Generative Adversarial Networks", ICCV 2017, https://arxiv.org/abs/1611.04076, equations 8 and 9.

Expected (2 CPU cores, seeds 0 to 2): fd_digits10k 16.5, 13.0 and 15.9, with drs 11.6, 8.87 and 13.7, with mh 10.9, 8.92
and 12.4, in 8 to 12 minutes beside other work.

    python -m ganzoo.run --model lsgan
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """Targets 0 and 1, equation 9; `--config.model.targets="(-1.0, 1.0, 0.0)"` is equation 8.

    On pictures the discriminator has spectral norms and takes two steps for each of the generator. With batch norm,
    `gan`'s optimizer and two steps, 700 steps had reached 113 in fd_digits10k (validation digits), and with `gan`'s
    whole recipe 3,500 steps 151 in fd_digits2k. Half the rate gave 24.3, with drs 16.4, and twice
    the rate 15.8, with drs 10.2. On points the rest is `gan`'s.
    """
    config = common.get_config(kind)
    config.model.update(targets=(0.0, 1.0, 1.0), n_critic=1)
    if kind == "points":
        config.batch_size, config.steps = 512, 6000
        optimizer = common.adam(1e-3, beta_1=0.5, schedule="cosine")
    else:
        config.batch_size, config.steps = 64, 2500
        config.model.update(n_critic=2, latent_dim=16, latent_categories=32)
        config.networks.dcgan.discriminator.norm = "spectral"
        config.ratio.estimator = "discriminator"
        optimizer = common.adam(4e-3, beta_1=0.0, beta_2=0.9, schedule="cosine")
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
