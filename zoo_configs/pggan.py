r"""PGGAN: pictures whose resolution doubles as training goes on (Karras et al. 2018).

"Progressive Growing of GANs for Improved Quality, Stability, and Variation", ICLR 2018,
https://arxiv.org/abs/1710.10196.

Expected (2 CPU cores, seed 0): fd_digits10k 11.2, coverage .67, in 25 minutes beside two other trainings. Rejection
makes it worse (with drs 15.6). On another processor, which rounds differently, it was 19.7, with drs 20.0, and 20.9
by the discriminator's own logits; the standard errors are .7.

    python -m ganzoo.run --model pggan
    python -m ganzoo.run --model pggan --config.data.image_size=32
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """The paper's constants with two changes. A phase has 12,800 pictures, a twelfth of the training, not 600,000.
    The learning rate is three times the paper's 1e-3. 28 x 28 pixels have six phases before the last level trains alone
    for half of the training. Phases of half that length with a rate that falls to 0 gave 216 in fd_digits10k
    (validation digits, 1,200 steps) where these gave 77, and 128 latents without categories 151 on the test digits.

    Points cannot grow, so for points this is the `wgan_gp` recipe with the drift term.
    """
    config = common.get_config(kind)
    config.batch_size, config.steps = 64, 2400
    config.model.update(n_critic=1, gradient_penalty_weight=10.0, drift_weight=0.001)
    for phase in ("stable_images", "fade_images"):  # separate references, so that a flag can set one of them
        images = config.get_ref("steps") * config.get_ref("batch_size") * config.model.get_ref("n_critic")
        config.model[phase] = images // 12
    optimizer = common.adam(3e-3, beta_1=0.0, beta_2=0.99, epsilon=1e-8)
    if kind == "points":
        config.model.update(n_critic=5, gradient_penalty_weight=0.1)
        config.batch_size, config.steps = 256, 5000
        optimizer = common.adam(3e-3, beta_1=0.5, beta_2=0.9, schedule="cosine")
    else:
        config.model.update(network="progressive", latent_dim=16, latent_categories=32)
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
