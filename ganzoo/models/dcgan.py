"""Deep convolutional GAN.

Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
Networks", ICLR 2016, https://arxiv.org/abs/1511.06434, sections 3 and 4.
"""

import math

import tensorflow as tf

from ganzoo.models.gan import GAN
from ganzoo.zoo.registry import register


@register("dcgan")
class DCGAN(GAN):
    """The game of `gan` with the paper's networks and latents.

    The paper keeps the objective. It adds an architecture (section 3), which is `ganzoo.networks.dcgan`: strided
    convolutions, batch norm in both networks, ReLU and tanh in the generator, leaky ReLU in the discriminator. It also
    adds a way to train (section 4), which is the recipe: kernels from N(0, .02^2), Adam at 2e-4 with beta_1 .5, batches
    of 128.
    """

    latent_distribution = "uniform"

    def latents(self, seed: tf.Tensor, row_count: int | tf.Tensor, *, first_row: int | tf.Tensor = 0) -> tf.Tensor:
        """Rows of the stream of latents of a seed (int32 [2]), float32 [row_count, d], uniform on [-1, 1]."""
        normal = super().latents(seed, row_count, first_row=first_row)
        return tf.math.erf(normal / math.sqrt(2.0))  # 2 F - 1, F the normal distribution function
