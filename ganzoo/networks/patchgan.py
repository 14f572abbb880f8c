"""The discriminator of pix2pix and CycleGAN, which judges patches (Isola et al. 2017, https://arxiv.org/abs/1611.07004,
section 3.2.2 and appendix 6.1.2).

Padding follows the authors' code, https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix. Norms have a scale and an
offset, and the convolutions before them no biases; in that code this holds for batch norm alone. 3 `layers` make
the 70 x 70 PatchGAN, 0 the PixelGAN, and 5 the paper's ImageGAN of 286 x 286.
"""

import keras

from ganzoo.errors import GanzooError
from ganzoo.networks.layers.basic import leaky_relu, normal_or_glorot
from ganzoo.networks.layers.norms import normalisation
from ganzoo.networks.layers.sides import check_picture, check_sides, divisor

MAX_WIDENING = 8  # C64-C128-C256-C512, then 512


def discriminator(
    image_shape: tuple[int, ...],
    *,
    width: int,
    layers: int,
    norm: str,
    conditional: bool,
    init_stddev: float = 0.02,
) -> keras.Model:
    """Images float32 [batch, h, w, c] to a logit for each patch, float32 [batch, rows, columns].

    h and w must be at least 3 * 2^layers. There are h // 2^layers - 2 rows of logits, or h rows with 0 layers.

    Args:
        image_shape: (height, width, channels).
        width: channels of the first convolution; doubled at each following convolution, at most eightfold.
        layers: the number of strided convolutions; 0 makes three convolutions of 1 x 1.
        norm: normalisation after all convolutions but the first and the last: none, batch, layer or instance.
        conditional: takes [input image, image], joined along their channels (pix2pix), and not the image alone.
        init_stddev: standard deviation of the initial kernels; 0 takes Keras's initializer.

    Raises:
        GanzooError: if a picture is too small for so many layers.
    """
    _check(image_shape, layers)
    names = ["input_image", "image"] if conditional else ["image"]
    inputs = [keras.Input((None, None, image_shape[2]), name=name) for name in names]
    x = keras.layers.Concatenate()(inputs) if conditional else inputs[0]
    for index in range(max(layers, 1) + 1):
        norms = normalisation(norm) if index else []
        channels = width * min(2**index, MAX_WIDENING)
        options = dict(strides=2 if index < layers else 1, use_bias=not norms)
        x = _convolution(x, channels, layers, init_stddev, **options)
        for layer in norms:
            x = layer(x)
        x = keras.layers.Activation(leaky_relu)(x)
    x = _convolution(x, 1, layers, init_stddev, dtype="float32")
    return keras.Model(inputs if conditional else inputs[0], keras.ops.squeeze(x, -1), name="discriminator")


def smallest_side(discriminator: keras.Model) -> int:
    """The smallest side, in pixels, of a discriminator's pictures; smaller pictures would have no patch."""
    return _smallest(divisor(discriminator))


def receptive_field(layers: int) -> int:
    """The side, in pixels, of the square that a logit depends on, with `layers` strided convolutions.

    >>> [receptive_field(layers) for layers in range(6)]
    [1, 16, 34, 70, 142, 286]
    """
    if layers == 0:
        return 1
    side = 1 + 3 + 3  # the last two convolutions have stride 1
    for _ in range(layers):
        side = 2 * (side - 1) + 4
    return side


def _convolution(x: keras.KerasTensor, channels: int, layers: int, init_stddev: float, **options) -> keras.KerasTensor:
    """A convolution of 4 x 4 with one row and column of zeros around the picture, or of 1 x 1 in the PixelGAN."""
    if layers:
        x = keras.layers.ZeroPadding2D(1)(x)
    kernel = normal_or_glorot(init_stddev)
    return keras.layers.Conv2D(channels, 4 if layers else 1, kernel_initializer=kernel, **options)(x)


def _smallest(stride: int) -> int:
    """The smallest side for a total stride. But in PixelGAN, convolutions of stride 1 remove a row and a column."""
    return 3 * stride if stride > 1 else 1


def _check(image_shape: tuple[int, ...], layers: int) -> None:
    check_picture(image_shape)
    if layers < 0:
        raise GanzooError(f"a PatchGAN has 0 strided layers or more, not {layers}.")
    smallest = _smallest(2**layers)
    possible = max((n for n in range(layers) if min(image_shape[:2]) >= 3 * 2**n), default=0)
    what, remedy = f"a PatchGAN of {layers} layers", f", or the discriminator layers={possible}"
    check_sides(image_shape, multiple_of=1, smallest=smallest, what=what, remedy=remedy)
