r"""InfoGAN: latent codes that the samples tell of (Chen et al. 2016).

"InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets", NeurIPS 2016,
https://arxiv.org/abs/1606.03657, equation 6 and appendix C.1.

Expected (2 CPU cores, seed 0): fd_digits10k 10.8, with drs 5.59, with obrs 5.80, with mh 4.65, in 8 minutes beside
other work. The category is known from the picture (2.301 of log 10 = 2.303 nats), and tells the digit of 50 % by the
best assignment.

    python -m ganzoo.run --model infogan
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """The paper's choices for MNIST: ten categories, two continuous codes and lambda 1. The noise has 3 numbers.

    With the paper's 62 numbers of noise, a category changes the picture so little that it becomes a mark that Q alone
    sees. The category told the digit of 28 % of samples with 62 numbers, of 37 % with 8, and of 50 % with 3 (seed 0,
    1,000 steps). A Q that sees the fakes moved by up to 3 pixels, so that no mark helps it, told 44 % (seed 0). A
    category that is four times as large in the latents, with 8 numbers of noise, told 41 %.

    Steps count: with 1,500 steps and a fitted head for a ratio fd_digits10k was 17.2, with drs 18.4 (3 seeds).

    R1 and the optimizer are `cgan`'s. With the paper's rates of 1e-3 and 2e-4, and batch norm in the discriminator,
    3,000 reals gave few kinds of digits. On points there are as many categories as modes.
    """
    config = common.get_config(kind)
    config.model.update(latent_dim=3, categories=10, continuous=2, information_weight=1.0, r1_weight=1.0, n_critic=1)
    config.batch_size, config.steps = 64, 2500
    optimizer = common.adam(4e-3, beta_1=0.0, beta_2=0.9, schedule="cosine")
    if kind == "points":
        config.model.update(latent_dim=2, categories=25, continuous=1, r1_weight=0.0)
        config.batch_size, config.steps = 512, 6000
        optimizer = common.adam(1e-3, beta_1=0.5, schedule="cosine")
    else:
        config.ratio.estimator = "discriminator"
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
