r"""cGAN: generator and discriminator see the label (Mirza and Osindero 2014).

"Conditional Generative Adversarial Nets", https://arxiv.org/abs/1411.1784, equation 2; with
`--config.model.conditioning=projection` the discriminator of Miyato and Koyama 2018, https://arxiv.org/abs/1802.05637.

Expected (three seeds): fd_digits10k 2.72, 2.68 and 3.29, with drs 2.33, 2.60 and 2.78, with obrs 2.89, 2.68 and 3.02,
with mh 2.93, 2.68 and 2.88; 99 % of the digits are of their label, with drs and without; in 11 to 13 minutes on one
CPU core.

    python -m ganzoo.run --model cgan
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """DCGAN's networks, R1 and the optimizer of `r3gan`, which are better than the paper's perceptrons of 2014.

    Without R1 each class collapses to one picture (3,000 reals, 300 per class).

    Seed 0, in fd_digits10k (with drs), each with a standard error of .3 to .4: 2,000 steps gave 3.34 (3.35), with 32
    categories of latents 2.92 (2.69), twice the steps without them 3.19 (3.05), and both 2.72 (2.33). With an R1 of .3
    beside both it was 2.41 (2.38), but `drs` and `mh` then made near copies of training digits (C_T -1.6 and -1.1). The
    3,000 training digits have 1.43.

    The logits are a log ratio. A fitted head gave seeds 1 and 2 3.19 and 2.92 with drs instead of 2.60 and 2.78, and
    near copies by `obrs` and `mh`. Estimators that fit a head see reals with wrong labels as fakes
    (`ratio.mismatched`). Without it drs, which prefers rare samples, kept a smaller share of digits that match their
    label than the generator's 98.7 %.
    """
    config = common.get_config(kind)
    config.model.update(conditioning="concatenated", r1_weight=1.0, n_critic=1)
    config.model.num_classes = 0  # 0: as many as the data have
    config.ratio.mismatched = 0.3
    config.batch_size, config.steps = 64, 4000
    optimizer = common.adam(2e-3, beta_1=0.0, beta_2=0.9, schedule="cosine")
    if kind == "points":
        config.model.r1_weight = 0.0
        config.ratio.mismatched = 0.0
        config.batch_size, config.steps = 512, 6000
        optimizer = common.adam(1e-3, beta_1=0.5, schedule="cosine")
    else:
        config.model.update(latent_dim=16, latent_categories=32)
        config.ratio.estimator = "discriminator"
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
