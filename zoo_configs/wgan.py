r"""WGAN: Wasserstein distance by a critic with clipped weights (Arjovsky et al. 2017).

"Wasserstein GAN", ICML 2017, https://arxiv.org/abs/1701.07875, Algorithm 1; the author's code for the extra critic
steps: 100 instead of n_critic for the first 25 generator steps and at every 500th.

Expected (2 CPU cores, seeds 0 to 2): fd_digits10k 10.8, 7.78 and 11.8, with drs 11.7, 10.3 and 14.1, in 14 to 18
minutes beside other work. On gaussians8: 8 modes, 90 % of the samples of high quality, with drs 99.96 %, in 4 minutes.

    python -m ganzoo.run --model wgan
    python -m ganzoo.run --model wgan --dataset gaussians8
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """c = .01 and a critic with batch norm come from the author's code for pictures. RMSProp's rate of the critic is
    near his 5e-5. The generator's is twenty times his, because there are 2,000 steps instead of a hundred thousand.

    The critic's rate decides. Of seed 0 in fd_digits10k, by `drs` after the stroke: 1e-5 86.0 / 80.3, 3e-5 10.8 / 11.7,
    5e-5 15.2 / 20.3, 1e-4 25.8 / 25.7, 3e-4 35.6 / 38.9. At 3e-4 a step moves a weight by 3 % of c. At 3e-4
    for both the distance was 48.8, and c = .05 made it 152. By a fitted head `drs` has 12.6.

    On points c and the rate are larger, so that a minute of training changes the samples.
    """
    config = common.get_config(kind)
    config.model.update(n_critic=5, clip=0.01, extra_critic_steps=False)
    config.networks.dcgan.discriminator.norm = "batch"
    config.optimizers = dict(generator=common.rmsprop(1e-3), discriminator=common.rmsprop(3e-5))
    config.batch_size, config.steps = 64, 2000
    if kind == "points":
        config.model.clip = 0.1
        config.batch_size, config.steps = 256, 3000
        config.optimizers.generator = common.rmsprop(2e-3, schedule="cosine")
        config.optimizers.discriminator = common.rmsprop(2e-3, schedule="cosine")
    else:
        config.model.update(latent_dim=16, latent_categories=32)
        config.ratio.estimator = "discriminator"
    return config
