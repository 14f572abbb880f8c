"""Strided convolutions for pictures of 16 to 256 pixels a side (Radford et al. 2016, https://arxiv.org/abs/1511.06434).

Any size works, not only powers of two. Resolutions are halved and rounded up, and the generator crops the rows and
columns that the rounding added (28 <- 14 <- 7 <- 4).
"""

import keras
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks.layers import spectral
from ganzoo.networks.layers.basic import leaky_relu, normal_or_glorot, relu, squeeze_logit
from ganzoo.networks.layers.norms import normalisation
from ganzoo.networks.layers.subpixel import SubpixelStrided, SubpixelTranspose

MAX_WIDTH = 512
OUTPUT_CHANNELS = (1, 3)  # channels of a generator's pictures
INPUT_CHANNELS = (1, 2, 3, 4)  # channels of a discriminator's inputs: a label may add one channel


def resolutions(
    image_shape: tuple[int, ...], base_resolution: int, *, channels: tuple[int, ...] = OUTPUT_CHANNELS
) -> list[tuple[int, int]]:
    """Heights and widths from the picture's own down to the first whose smaller side is at most `base_resolution`.

    >>> resolutions((28, 28, 1), base_resolution=7)
    [(28, 28), (14, 14), (7, 7)]
    """
    is_picture = len(image_shape) == 3 and image_shape[2] in channels
    if not is_picture or not all(16 <= side <= 256 for side in image_shape[:2]):
        raise GanzooError(
            f"convolutional networks make pictures of 16 to 256 pixels a side with 1 or 3 channels, not {image_shape}. "
            "For points use --config.model.network=mlp, for other pictures --config.data.image_size."
        )
    sizes = [tuple(image_shape[:2])]
    while min(sizes[-1]) > base_resolution:
        height, width = sizes[-1]
        sizes.append((-(-height // 2), -(-width // 2)))
    return sizes


def widths_of(levels: int, width: int, max_width: int) -> list[int]:
    """Channels by level, the lowest resolution first: `width` at the highest, doubled at each halving."""
    return [min(width * 2**level, max_width) for level in reversed(range(levels))]


def generator(
    latent_dim: int,
    image_shape: tuple[int, ...],
    *,
    width: int,
    base_resolution: int,
    kernel_size: int,
    norm: str,
    init_stddev: float,
) -> keras.Model:
    """Latents float32 [batch, latent_dim] to pictures float32 [batch, *image_shape] in [-1, 1].

    Args:
        latent_dim: d of the latents.
        image_shape: (height, width, channels).
        width: channels before the last convolution; doubled at each halving of the resolution, at most 512.
        base_resolution: the largest allowed smaller side of the first feature map.
        kernel_size: kernel size of the transposed convolutions.
        norm: normalisation of the hidden layers: none, batch, layer or instance.
        init_stddev: standard deviation of the initial kernels, .02 in the paper; 0 takes Keras's initializer.
    """
    sizes = resolutions(image_shape, base_resolution)
    channels = [image_shape[2]] + [min(width * 2**level, MAX_WIDTH) for level in range(len(sizes) - 1)]

    latents = keras.Input((latent_dim,), name="latents")
    height, breadth = sizes[-1]
    x = keras.layers.Dense(
        height * breadth * channels[-1], use_bias=norm == "none", kernel_initializer=normal_or_glorot(init_stddev)
    )(latents)
    x = keras.layers.Reshape((height, breadth, channels[-1]))(x)
    for level in reversed(range(len(sizes) - 1)):
        for layer in normalisation(norm):
            x = layer(x)
        x = keras.layers.Activation(relu)(x)
        is_last = level == 0
        transposed = SubpixelTranspose if is_last else keras.layers.Conv2DTranspose
        x = transposed(
            channels[level],
            kernel_size,
            strides=2,
            padding="same",
            output_padding=output_padding(sizes[level + 1], sizes[level], kernel_size),
            use_bias=is_last or norm == "none",
            kernel_initializer=normal_or_glorot(init_stddev),
            dtype="float32" if is_last else None,
        )(x)
        x = crop(x, sizes[level])
    return keras.Model(latents, keras.layers.Activation("tanh", dtype="float32")(x), name="generator")


def discriminator(
    image_shape: tuple[int, ...],
    *,
    width: int,
    base_resolution: int,
    kernel_size: int,
    norm: str,
    init_stddev: float,
) -> keras.Model:
    """Pictures float32 [batch, *image_shape] to logits float32 [batch].

    Args:
        image_shape: (height, width, channels).
        width: channels of the first convolution; doubled at each halving of the resolution, at most 512.
        base_resolution: halving stops at the first resolution whose smaller side is at most this.
        kernel_size: kernel size of the strided convolutions.
        norm: normalisation from the second convolution on, as in the paper; or "spectral", which normalises the kernels
            of every layer.
        init_stddev: as in `generator`.
    """
    convolution, dense = spectral.layer_classes(norm)
    x = samples = keras.Input(image_shape, name="samples")
    for level in range(len(resolutions(image_shape, base_resolution, channels=INPUT_CHANNELS)) - 1):
        layers = normalisation(norm) if level and norm != "spectral" else []
        strided = SubpixelStrided if level == 0 and convolution is keras.layers.Conv2D else convolution
        x = strided(
            min(width * 2**level, MAX_WIDTH),
            kernel_size,
            strides=2,
            padding="same",
            use_bias=not layers,
            kernel_initializer=normal_or_glorot(init_stddev),
        )(x)
        for layer in layers:
            x = layer(x)
        x = keras.layers.Activation(leaky_relu)(x)
    x = keras.layers.Flatten()(x)
    for layer in squeeze_logit(normal_or_glorot(init_stddev), dense):
        x = layer(x)
    return keras.Model(samples, x, name="discriminator")


def output_padding(size: tuple[int, int], doubled: tuple[int, int], kernel_size: int) -> tuple[int, int] | None:
    """`output_padding` of a transposed convolution of stride 2 from `size` to `doubled`; None doubles both sides.

    With the padding, the convolution makes an odd side directly, and no rows must be cropped.
    """
    sides = list(zip(size, doubled, strict=True))
    if all(new == 2 * old for old, new in sides):
        return None
    extra = [new - 2 * old + 2 - kernel_size % 2 for old, new in sides]
    return tuple(extra) if max(extra) < 2 else None  # an even kernel with one even and one odd side allows no padding


def crop(x: keras.KerasTensor, size: tuple[int, int]) -> keras.KerasTensor:
    """Removes the last row or column, or both, that rounding up added to a doubled picture."""
    return x if tuple(x.shape[1:3]) == tuple(size) else Crop(*size)(x)


@keras.saving.register_keras_serializable("ganzoo")
class Crop(keras.layers.Layer):
    """The first rows and columns of pictures [batch, h, w, c]. Keras's Cropping2D has a gradient on one thread."""

    def __init__(self, height: int, width: int, **kwargs):
        super().__init__(**kwargs)
        self.height, self.width = height, width

    def call(self, x):
        return tf.slice(x, [0, 0, 0, 0], [-1, self.height, self.width, -1])

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.height, self.width, input_shape[3])

    def get_config(self) -> dict:
        return super().get_config() | {"height": self.height, "width": self.width}
