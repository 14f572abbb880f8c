r"""StarGAN: one generator for all translations among several domains (Choi et al. 2018).

"StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image Translation", CVPR 2018,
https://arxiv.org/abs/1711.09020.

Expected (2 CPU cores, seed 0): the digit survives in 92 to 96 % of translations (real digits 94 to 98 %, untranslated
ones by the target's classifier 32 to 62 %); Frechet distances 17 to 22 (real 11 to 18), but 88 to digits on grey (real
22), which have a black corner; in 11 minutes.

    python -m ganzoo.run --model stargan
    python -m ganzoo.run --model stargan --dataset folder:faces
"""

from zoo_configs import common

DATASET = "digit_styles"
NETWORKS = ("stargan",)  # the families that the model can be built with


def get_config(kind="domains"):
    """The paper's constants for digits of 32 x 32 pixels, with four changes: a quarter of the channels, three residual
    blocks, four strided convolutions in the critic instead of six, and five times the learning rate of 1e-4.

    The paper's choices for 128 x 128 are the networks' `width` 64, `blocks` 6 and `depth` 6, and learning rates 1e-4.
    """
    config = common.get_translation_config()
    config.batch_size, config.steps = 16, 1500
    config.model.update(
        network="stargan",
        num_domains=0,  # 0: as many as the data have
        n_critic=5,
        classification_weight=1.0,
        reconstruction_weight=10.0,
        gradient_penalty_weight=10.0,
    )
    config.networks.stargan.generator.update(width=16, blocks=3)
    config.networks.stargan.discriminator.update(width=32, depth=4)
    optimizer = common.adam(5e-4, beta_1=0.5, schedule="constant_then_linear")
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
