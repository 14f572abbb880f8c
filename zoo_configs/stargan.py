r"""StarGAN: one generator for all translations among several domains (Choi et al. 2018).

"StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image Translation", CVPR 2018,
https://arxiv.org/abs/1711.09020.

Expected (2 CPU cores, seed 0): the digit survives in 94 to 96 % of translations (real digits 94 to 98 %, untranslated
ones by the target's classifier 27 to 68 %); Frechet distances 18 to 24 (real 12 to 19), and 30 to digits on grey (real
21); in 9 minutes.

    python -m ganzoo.run --model stargan
    python -m ganzoo.run --model stargan --dataset folder:faces
"""

from zoo_configs import common

DATASET = "digit_styles"
NETWORKS = ("stargan",)  # the families that the model can be built with


def get_config(kind="domains"):
    """The paper's constants for digits of 32 x 32 pixels, with five changes: a quarter of the channels, three residual
    blocks, batch norm, four strided convolutions in the critic instead of six, and five times the learning rate of
    1e-4.

    With the paper's instance norm all digits on grey had the same black corner, and a Frechet distance of 88. Instance
    norm is known for such spots, which set its moments (Karras 2020, https://arxiv.org/abs/1912.04958, section 2). It
    stayed without the first norm, and was gone with layer norm (64, and outlines that a classifier took for outlines in
    61 %) and with batch norm (30, and 96 %). Padding by reflection is no way out: instance norm removes the constant
    plane of a label, which only the zeros at the border let through, and all styles became the same.

    The paper's choices for 128 x 128 are the generator's `width` 64, `blocks` 6 and `norm` instance, the
    discriminator's `width` 64 and `depth` 6, and learning rates 1e-4.
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
    config.networks.stargan.generator.update(width=16, blocks=3, norm="batch")
    config.networks.stargan.discriminator.update(width=32, depth=4)
    optimizer = common.adam(5e-4, beta_1=0.5, schedule="constant_then_linear")
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
