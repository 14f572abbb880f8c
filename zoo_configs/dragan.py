r"""DRAGAN: the original game with a gradient penalty around the reals (Kodali et al. 2017).

"On Convergence and Stability of GANs", https://arxiv.org/abs/1705.07215, section 2.5.

Expected (one CPU core, seeds 0 to 2): fd_digits10k 12.3, 8.26 and 11.2, with drs 7.71, 6.34 and 6.33, with obrs 5.75,
5.69 and 4.99, in 10 minutes.

    python -m ganzoo.run --model dragan
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """Lambda 10 comes from the paper, and noise of half a standard deviation from the authors' code.

    On digits the optimizer is `r3gan`'s, for thousands of steps instead of hundreds of thousands, with two
    discriminator steps for each of the generator: with one, 1,000 steps at 1e-3 had reached 111 in fd_digits10k
    (validation digits), with two, 700 steps 39.5, and with five, 400 steps 39.1 in half as much time again. On points
    the optimizer is `gan`'s.
    """
    config = common.get_config(kind)
    config.model.update(gradient_penalty_weight=10.0, perturbation=0.5, n_critic=1)
    if kind == "points":
        config.batch_size, config.steps = 512, 6000
        optimizer = common.adam(1e-3, beta_1=0.5, schedule="cosine")
    else:
        config.model.update(n_critic=2, latent_dim=16, latent_categories=32)
        config.ratio.estimator = "discriminator"
        config.batch_size, config.steps = 64, 1800
        optimizer = common.adam(2e-3, beta_1=0.0, beta_2=0.9, schedule="cosine")
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
