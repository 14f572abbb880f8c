"""The U-Net of pix2pix (Isola et al. 2017, https://arxiv.org/abs/1611.07004, section 3.2 and appendix 6.1.1).

An encoder halves the picture down to a single point, and a decoder doubles it again. At every resolution a connection
leads from the encoder to the decoder. The paper's U-Net for 256 x 256 pixels has `width` 64, `depth` 8, three levels
with dropout .5 and `norm` "batch".

The authors' batch norm uses the statistics of the current batch in sampling, too. At the paper's batch size of 1 this
is an instance norm. Keras's batch norm uses its running averages in sampling.
"""

import math

import keras

from ganzoo.errors import GanzooError
from ganzoo.networks.layers.basic import SeededDropout, leaky_relu, normal_or_glorot, relu
from ganzoo.networks.layers.norms import normalisation
from ganzoo.networks.layers.sides import check_picture, check_sides

MAX_WIDENING = 8  # C64-C128-C256-C512, then 512


def generator(
    image_shape: tuple[int, ...],
    *,
    width: int,
    depth: int,
    dropout_levels: int,
    dropout_rate: float,
    norm: str,
    init_stddev: float = 0.02,
) -> keras.Model:
    """[image float32 [batch, h, w, c] in [-1, 1], stream int32 [3] of `SeededDropout`] to images of the same shape,
    float32 in [-1, 1]. h and w may be any multiples of 2^depth.

    Args:
        image_shape: (height, width, channels).
        width: channels of the first convolution; doubled at each level, at most eightfold.
        depth: the number of halvings; 0 takes the base-2 logarithm of the smaller side, rounded down.
        dropout_levels: the number of the decoder's levels with dropout, counted from the innermost; the outermost level
            never has dropout.
        dropout_rate: the share of features that these levels drop.
        norm: normalisation: none, batch, layer or instance. The first and the innermost convolution have none: the norm
            of a single point would be 0 (the paper's errata).
        init_stddev: standard deviation of the initial kernels; 0 takes Keras's initializer.

    Raises:
        GanzooError: if a picture cannot be halved `depth` times.
    """
    depth = _checked_depth(image_shape, depth)
    channels = [width * min(2**level, MAX_WIDENING) for level in range(depth)]

    image = keras.Input((None, None, image_shape[2]), name="image")
    stream = keras.Input(batch_shape=(3,), dtype="int32", name="stream")
    x, encoded = image, []
    for level in range(depth):
        if level:
            x = keras.layers.Activation(leaky_relu)(x)
        layers = normalisation(norm) if 0 < level < depth - 1 else []
        x = _resampled(x, keras.layers.Conv2D, channels[level], init_stddev, use_bias=not layers)
        for layer in layers:
            x = layer(x)
        encoded.append(x)

    for position, level in enumerate(reversed(range(depth - 1))):
        x = keras.layers.Activation(relu)(x)
        layers = normalisation(norm)
        x = _resampled(x, keras.layers.Conv2DTranspose, channels[level], init_stddev, use_bias=not layers)
        for layer in layers:
            x = layer(x)
        if position < dropout_levels:
            x = SeededDropout(dropout_rate, position)([x, stream])
        x = keras.layers.Concatenate()([encoded[level], x])

    x = keras.layers.Activation(relu)(x)
    x = _resampled(x, keras.layers.Conv2DTranspose, image_shape[2], init_stddev, dtype="float32")
    return keras.Model([image, stream], keras.layers.Activation("tanh", dtype="float32")(x), name="generator")


def _resampled(
    x: keras.KerasTensor, convolution: type[keras.layers.Layer], channels: int, init_stddev: float, **options
) -> keras.KerasTensor:
    """Halves or doubles height and width by a convolution with 4 x 4 kernels."""
    kernel = normal_or_glorot(init_stddev)
    return convolution(channels, 4, strides=2, padding="same", kernel_initializer=kernel, **options)(x)


def _checked_depth(image_shape: tuple[int, ...], depth: int) -> int:
    check_picture(image_shape)
    if depth < 0:
        raise GanzooError(f"a U-Net's depth is at least 1, or 0 for as many levels as the picture has, not {depth}.")
    height, breadth, _ = image_shape
    depth = depth or max(int(math.log2(min(height, breadth))), 1)
    common = math.gcd(height, breadth)
    possible = (common & -common).bit_length() - 1  # the number of times that both sides can be halved
    remedy = f", or the generator depth={possible}" if possible else ""
    what = f"a U-Net of depth {depth}"
    check_sides(image_shape, multiple_of=2**depth, smallest=2**depth, what=what, remedy=remedy)
    return depth
