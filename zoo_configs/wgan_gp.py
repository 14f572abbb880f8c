r"""WGAN-GP: Wasserstein distance by a critic with a gradient penalty (Gulrajani et al. 2017).

"Improved Training of Wasserstein GANs", NeurIPS 2017, https://arxiv.org/abs/1704.00028, Algorithm 1.

Expected (2 CPU cores, four runs): fd_digits10k 7.19, 5.58, 5.10 and 5.72, with drs 7.81, 6.08, 5.73 and 3.78, with obrs
7.65, 5.88, 5.55 and 3.63, with mh 7.83, 6.08, 5.48 and 3.58, in 8 to 10 minutes. The first three have seed 0, and other
sums are rounded otherwise: with AVX2 alone, with AVX-512 on two cores, and on one. The fourth has seed 1, on one.

    python -m ganzoo.run --model wgan_gp
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """On pictures, Algorithm 1's constants and lambda 10. The learning rate is ten times its 1e-4, because there are
    1,300 generator steps instead of 200,000.

    On points, lambda .1 and Adam's betas come from the author's `gan_toy.py`. The learning rate is thirty times its
    rate and falls to 0.
    """
    config = common.get_config(kind)
    config.model.update(n_critic=5, gradient_penalty_weight=10.0, one_sided=False)
    config.batch_size, config.steps = 64, 1300
    optimizer = common.adam(1e-3, beta_1=0.0, beta_2=0.9)
    if kind == "points":
        config.model.gradient_penalty_weight = 0.1
        config.batch_size, config.steps = 256, 5000
        optimizer = common.adam(3e-3, beta_1=0.5, beta_2=0.9, schedule="cosine")
    else:
        # With 128 latents and no categories, so few steps leave every third digit between two kinds.
        config.model.update(latent_dim=16, latent_categories=32)
        config.ratio.estimator = "discriminator"
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
