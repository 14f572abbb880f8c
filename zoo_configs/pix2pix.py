r"""pix2pix: pictures translated by paired examples (Isola et al. 2017).

"Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017, https://arxiv.org/abs/1611.07004.

Expected (2 CPU cores, seed 0): L1 .0145 on the scale 0 to 1, of the edges themselves .0452; SSIM .965, of the edges
.795; in 8 minutes beside other work.

    python -m ganzoo.run --model pix2pix
    python -m ganzoo.run --model pix2pix --dataset folder:facades --config.data.paired=side_by_side
    python -m ganzoo.run --model pix2pix --config.data.direction=b_to_a
"""

from zoo_configs import common

DATASET = "edges2digits"
NETWORKS = ("unet",)  # the families that the model can be built with


def get_config(kind="domains"):
    """The paper's constants for digits of 32 x 32 pixels, with four changes: patches of 34 x 34 pixels instead of
    70 x 70, a quarter of the channels, batches of 16 pictures at five times the learning rate of 2e-4 instead of
    single pictures, and a rate that falls to 0 in the second half, as in CycleGAN; the paper's code holds the rate.

    The paper's choices for 256 x 256 are the networks' `width` 64, `layers` 3, `batch_size` 1, learning rates 2e-4,
    `data.load_size` 286, `data.image_size` 256 and `data.flip`.
    """
    config = common.get_translation_config()
    config.batch_size, config.steps = 16, 4000
    config.data.direction = "a_to_b"  # or b_to_a
    config.model.update(network="unet", l1_weight=100.0)
    config.networks.unet.generator.update(width=16)
    config.networks.unet.discriminator.update(width=16, layers=2)
    optimizer = common.adam(1e-3, beta_1=0.5, schedule="constant_then_linear")
    config.optimizers = dict(generator=optimizer, discriminator=dict(optimizer))
    return config
