"""CycleGAN's generator (Zhu et al. 2017, https://arxiv.org/abs/1703.10593, appendix 7.2, after Johnson et al. 2016).

The generator has two strided convolutions, residual blocks and two transposed convolutions. Order and padding follow
the authors' code, https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix; the paper's `width` is 64. Norms differ from
that code: here they have a scale and an offset, and the convolutions before them have no biases. There instance norms
have neither, and the convolutions have biases.
"""

from collections.abc import Callable

import keras

from ganzoo.errors import GanzooError
from ganzoo.networks.layers.basic import normal_or_glorot, reflection_pad, relu
from ganzoo.networks.layers.norms import normalisation
from ganzoo.networks.layers.sides import check_picture, check_sides
from ganzoo.networks.layers.subpixel import SubpixelConvolution

HALVINGS = 2
SMALLEST_SIDE = 8  # 2 pixels in the blocks: one pixel cannot be reflected, and an instance norm makes it 0


def generator(
    image_shape: tuple[int, ...], *, width: int, blocks: int, norm: str, init_stddev: float = 0.02
) -> keras.Model:
    """Images float32 [batch, h, w, c] in [-1, 1] to images of the same shape, float32 in [-1, 1].

    h and w may be any multiples of 4 that are at least 8.

    Args:
        image_shape: (height, width, channels).
        width: channels at the picture's resolution; doubled at each of the two halvings.
        blocks: residual blocks; 0 takes the paper's number, 9 for sides of 256 pixels or more and otherwise 6.
        norm: normalisation after all convolutions but the last: none, batch, layer or instance (the paper's).
        init_stddev: standard deviation of the initial kernels; 0 takes Keras's initializer.

    Raises:
        GanzooError: if a picture cannot be halved twice.
    """
    check(image_shape, what="CycleGAN's generator", blocks=blocks)
    blocks = blocks or (9 if min(image_shape[:2]) >= 256 else 6)
    image = keras.Input((None, None, image_shape[2]), name="image")
    x = translate(
        image,
        image_shape[2],
        width=width,
        blocks=blocks,
        resampling_kernel=3,
        norm=norm,
        reflect=True,
        last_bias=True,
        initializer=lambda: normal_or_glorot(init_stddev),
    )
    return keras.Model(image, x, name="generator")


def first_half(generator: keras.Model) -> list[keras.KerasTensor]:
    """The features that CUT compares (Park et al. 2020, https://arxiv.org/abs/2007.15651, appendix C.1).

    They are the picture, the two strided convolutions before their norms, the first residual block and the middle one,
    which is the fifth of the paper's nine.

    Args:
        generator: a result of `generator`.

    Returns:
        Keras tensors [batch, h, w, c], from the input on; four of a generator with one or two blocks, else five.
    """
    halvings = [x for x in generator.layers if isinstance(x, keras.layers.Conv2D) and x.strides == (2, 2)]
    blocks = [layer for layer in generator.layers if isinstance(layer, keras.layers.Add)]
    chosen = dict.fromkeys([*halvings, blocks[0], blocks[(len(blocks) - 1) // 2]])
    return [generator.input, *(layer.output for layer in chosen)]


def translate(
    x: keras.KerasTensor,
    channels: int,
    *,
    width: int,
    blocks: int,
    resampling_kernel: int,
    norm: str,
    reflect: bool,
    last_bias: bool,
    initializer: Callable[[], keras.initializers.Initializer],
) -> keras.KerasTensor:
    """Features [batch, h, w, any] to images float32 [batch, h, w, channels] in [-1, 1].

    A 3 x 3 kernel with stride 2 needs one padded row and column. Keras adds them at the bottom right, PyTorch at the
    top left. The transposed convolutions here use Keras's side, too. The network is therefore the authors' network on
    the picture turned by 180 degrees.

    Args:
        x: the input of the first convolution.
        channels: the channels of the image.
        width, blocks, norm: as in `generator`.
        resampling_kernel: kernel size of the strided and of the transposed convolutions.
        reflect: pads by reflection, and not with zeros, before all convolutions of stride 1.
        last_bias: whether the last convolution has a bias.
        initializer: makes a new initializer for each kernel.
    """
    options = dict(norm=norm, initializer=initializer)
    x = keras.layers.Activation(relu)(_same(x, width, 7, reflect, **options))
    for level in range(1, HALVINGS + 1):
        x = _normalised(
            x, keras.layers.Conv2D, width * 2**level, resampling_kernel, strides=2, padding="same", **options
        )
        x = keras.layers.Activation(relu)(x)
    for _ in range(blocks):
        residual = keras.layers.Activation(relu)(_same(x, x.shape[-1], 3, reflect, **options))
        x = keras.layers.Add()([x, _same(residual, x.shape[-1], 3, reflect, **options)])
    for level in reversed(range(HALVINGS)):
        x = _normalised(
            x, keras.layers.Conv2DTranspose, width * 2**level, resampling_kernel, strides=2, padding="same", **options
        )
        x = keras.layers.Activation(relu)(x)
    last = dict(norm="none", initializer=initializer, use_bias=last_bias, dtype="float32")
    x = _same(x, channels, 7, reflect, SubpixelConvolution, **last)
    return keras.layers.Activation("tanh", dtype="float32")(x)


def check(image_shape: tuple[int, ...], *, what: str, blocks: int) -> None:
    """
    Raises:
        GanzooError: if two halvings and two doublings change a picture's size, or if there are fewer than 0 blocks.
    """
    check_picture(image_shape)
    check_sides(image_shape, multiple_of=2**HALVINGS, smallest=SMALLEST_SIDE, what=what, remedy="")
    if blocks < 0:
        raise GanzooError(f"{what} has 0 residual blocks or more, not {blocks}.")


def _same(
    x: keras.KerasTensor,
    channels: int,
    kernel_size: int,
    reflect: bool,
    convolution: type[keras.layers.Layer] = keras.layers.Conv2D,
    **options,
) -> keras.KerasTensor:
    """A convolution that keeps the size, by reflection or by zeros around the picture."""
    if reflect:
        x = reflection_pad(x, kernel_size // 2)
    padding = "valid" if reflect else "same"
    return _normalised(x, convolution, channels, kernel_size, padding=padding, **options)


def _normalised(
    x: keras.KerasTensor,
    convolution: type[keras.layers.Layer],
    channels: int,
    kernel_size: int,
    *,
    norm: str,
    initializer: Callable[[], keras.initializers.Initializer],
    **options,
) -> keras.KerasTensor:
    """A convolution and its norm. With a norm the convolution has no bias, because the norm has an offset."""
    layers = normalisation(norm)
    options = {"use_bias": not layers} | options
    x = convolution(channels, kernel_size, kernel_initializer=initializer(), **options)(x)
    for layer in layers:
        x = layer(x)
    return x
