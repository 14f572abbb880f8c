r"""InfoGAN: latent codes that the samples tell of (Chen et al. 2016).

"InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets", NeurIPS 2016,
https://arxiv.org/abs/1606.03657, equation 6 and appendix C.1.

Expected (2 CPU cores, seed 0): fd_digits10k 157, with drs 101, with mh 75, in 14 minutes beside two other jobs. The
category is known from the picture (2.29 of log 10 = 2.30 nats), but is not the digit: by the best assignment it is
right on 28 %.

    python -m ganzoo.run --model infogan
"""

from zoo_configs import common

DATASET = "mnist_5k"


def get_config(kind="images"):
    """62 numbers of noise, a category of ten, two continuous codes and lambda 1 are the paper's for MNIST. Its rates of
    1e-3 and 2e-4 with batch norm in the discriminator made few kinds of digits of 3,000 reals (fd_digits10k 178, the
    category right on 37 %); R1 and the optimizer are those of `cgan`. On points the category has as many values as
    there are modes."""
    config = common.get_config(kind)
    config.model.update(latent_dim=62, categories=10, continuous=2, information_weight=1.0, r1_weight=1.0, n_critic=1)
    config.batch_size, config.steps = 64, 2000
    optimizer = common.adam(4e-3, beta_1=0.0, beta_2=0.9, schedule="cosine")
    if kind == "points":
        config.model.update(latent_dim=2, categories=25, continuous=1, r1_weight=0.0)
        config.batch_size, config.steps = 512, 6000
        optimizer = common.adam(1e-3, beta_1=0.5, schedule="cosine")
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
