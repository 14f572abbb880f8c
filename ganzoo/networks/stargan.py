"""StarGAN's networks for many domains (Choi et al. 2018, https://arxiv.org/abs/1711.09020, tables 4 and 5).

Details that the tables leave open follow the authors' code, https://github.com/yunjey/stargan: padding with zeros, no
biases before a norm and in the last layers, PyTorch's initial kernels. Biases begin at 0 here, and at random there.
"""

import keras
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks import cyclegan
from ganzoo.networks.layers.basic import leaky_relu
from ganzoo.networks.layers.sides import check_picture, check_sides


def generator(image_shape: tuple[int, ...], *, num_domains: int, width: int, blocks: int, norm: str) -> keras.Model:
    """[image float32 [batch, h, w, c] in [-1, 1], target domain int64 [batch]] to images of the same shape, float32 in
    [-1, 1]. h and w may be any multiples of 4 that are at least 8.

    Args:
        image_shape: (height, width, channels).
        num_domains: labels are in 0 .. num_domains - 1.
        width: channels at the picture's resolution; 64 in the paper.
        blocks: residual blocks; 6 in the paper.
        norm: normalisation after all convolutions but the last: none, batch, layer or instance (the paper's).

    Raises:
        GanzooError: if a picture cannot be halved twice, or if there are fewer than 2 domains.
    """
    cyclegan.check(image_shape, what="StarGAN's generator", blocks=blocks)
    _check_domains(num_domains)
    image = keras.Input((None, None, image_shape[2]), name="image")
    label = keras.Input((), dtype="int64", name="label")
    x = cyclegan.translate(
        LabelPlanes(num_domains)([image, label]),
        image_shape[2],
        width=width,
        blocks=blocks,
        resampling_kernel=4,
        norm=norm,
        reflect=False,
        last_bias=False,
        initializer=_initializer,
    )
    return keras.Model([image, label], x, name="generator")


def discriminator(image_shape: tuple[int, ...], *, num_domains: int, width: int, depth: int) -> keras.Model:
    """Images float32 [batch, *image_shape] to (source, domain): a logit for each patch, float32 [batch, rows, columns],
    and logits of the domains, float32 [batch, num_domains].

    Rows and columns are height and width halved `depth` times, rounding down.

    Args:
        image_shape: (height, width, channels).
        num_domains: the number of domains.
        width: channels of the first convolution, doubled at each following convolution; 64 in the paper.
        depth: the number of convolutions of stride 2; 6 in the paper, at 128 x 128 pixels.

    Raises:
        GanzooError: if a picture cannot be halved `depth` times, or if there are fewer than 2 domains.
    """
    _check_domains(num_domains)
    check_picture(image_shape)
    if depth < 1:
        raise GanzooError(f"StarGAN's discriminator has 1 strided convolution or more, not {depth}.")
    possible = min(image_shape[:2]).bit_length() - 1
    what, remedy = f"StarGAN's discriminator of depth {depth}", f", or the discriminator depth={possible}"
    check_sides(image_shape, multiple_of=1, smallest=2**depth, what=what, remedy=remedy)

    x = image = keras.Input(image_shape, name="image")
    for level in range(depth):
        x = keras.layers.ZeroPadding2D(1)(x)
        x = keras.layers.Conv2D(width * 2**level, 4, strides=2, kernel_initializer=_initializer())(x)
        x = keras.layers.Activation(slightly_leaky_relu)(x)
    options = dict(use_bias=False, dtype="float32")
    source = keras.layers.Conv2D(1, 3, padding="same", kernel_initializer=_initializer(), name="source", **options)(x)
    domain = keras.layers.Conv2D(
        num_domains, x.shape[1:3], kernel_initializer=_initializer(), name="domain", **options
    )(x)
    return keras.Model(image, [keras.ops.squeeze(source, -1), keras.ops.squeeze(domain, (1, 2))], name="discriminator")


@keras.saving.register_keras_serializable("ganzoo")
class LabelPlanes(keras.layers.Layer):
    """[images [batch, h, w, c], labels int64 [batch]] to [batch, h, w, c + num_labels].

    Each label has a plane behind the picture's channels: ones for the picture's own label, zeros for other labels.
    """

    def __init__(self, num_labels: int, **kwargs):
        super().__init__(**kwargs)
        self.num_labels = num_labels

    def call(self, inputs):
        images, labels = inputs
        planes = tf.one_hot(labels, self.num_labels, dtype=images.dtype)[:, None, None, :]
        shape = tf.concat([tf.shape(images)[:3], [self.num_labels]], 0)
        return tf.concat([images, tf.broadcast_to(planes, shape)], -1)

    def compute_output_shape(self, input_shape):
        *sides, channels = input_shape[0]
        return (*sides, channels + self.num_labels)

    def get_config(self) -> dict:
        return super().get_config() | {"num_labels": self.num_labels}


@keras.saving.register_keras_serializable("ganzoo")
def slightly_leaky_relu(x: tf.Tensor) -> tf.Tensor:
    """max(x, .01 x), as in the paper's table 5."""
    return leaky_relu(x, negative_slope=0.01)


def _initializer() -> keras.initializers.Initializer:
    """PyTorch's initializer: uniform up to 1 / sqrt(inputs)."""
    return keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")


def _check_domains(num_domains: int) -> None:
    if num_domains < 2:
        raise GanzooError(f"StarGAN translates between 2 domains or more, not {num_domains}; give a set with labels.")
