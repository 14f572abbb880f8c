r"""GAN: the original game, minimax or non-saturating (Goodfellow et al. 2014).

"Generative Adversarial Nets", NeurIPS 2014, https://arxiv.org/abs/1406.2661, Algorithm 1.

Expected (one CPU core, seeds 0 to 2): fd_digits10k 5.96, 7.29 and 7.53, with drs 6.00, 6.39 and 6.52, in 10 minutes.
On gaussians25 (seeds 0 to 2): 25 modes, 86.9 to 88.3 % of the samples of high quality, with drs 99.8 to 99.9 %, in 2 to
7 minutes beside other work; the divergence of the modes is .046, with drs .006 to .012, with obrs .007 to .013.

    python -m ganzoo.run --model gan
    python -m ganzoo.run --model gan --dataset gaussians25
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """On points this is Ding et al.'s protocol for 25 Gaussians, but a third latent chooses one of 32 categories. Two
    latents alone make bridges between the 25 modes: 65 % of the samples were of high quality. With 64 categories it
    was 80 %.

    On pictures it has DCGAN's networks, which are newer than the paper. The learning rate is five times DCGAN's and
    falls to 0 in a few thousand steps. There are 16 latents and 32 categories. Steps count: fd_digits10k (validation
    digits) was 49.5 after a training of 1,000 steps and 6.6 after one of 3,500. Spectral norms instead of batch norm,
    with two discriminator steps, cost as much for 2,500 steps and reached 16. Dropout instead of it gave 169.
    """
    config = common.get_config(kind)
    config.model.update(loss="non_saturating", n_critic=1)
    if kind == "points":
        config.batch_size, config.steps = 512, 6000
        config.model.update(latent_dim=3, latent_categories=32)
        optimizer = common.adam(1e-3, beta_1=0.5, schedule="cosine")
    else:
        config.batch_size, config.steps = 64, 3500
        config.model.update(latent_dim=16, latent_categories=32)
        config.networks.dcgan.discriminator.norm = "batch"
        config.ratio.estimator = "discriminator"
        optimizer = common.adam(1e-3, beta_1=0.5, schedule="cosine")
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
