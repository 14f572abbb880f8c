"""Style-based networks (Karras et al. 2020, https://arxiv.org/abs/1912.04958, figures 2 and 7, StyleGAN2).

The generator is a mapping network, latents to a style w, and a synthesis network whose every convolution a style
modulates; its picture is the sum of the pictures of all resolutions. The discriminator is residual. Both have
equalised learning rates. Gains, kernels and resampling follow the authors' code, with one change: the gain sqrt(2) of
a leaky ReLU stands before it, as in `progressive`, so that biases and noise do not have it. Resolutions halve as in
`dcgan`, rounding up.

The authors' networks for 256 x 256 pixels have `width` 64, `max_width` 512, `style_dim` 512 and 8 mapping layers; for
pictures of 32 pixels they have 2 mapping layers (Karras et al. 2020, https://arxiv.org/abs/2006.06676, appendix).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from ganzoo.networks.dcgan import INPUT_CHANNELS, resolutions, widths_of
from ganzoo.networks.layers.basic import leaky_relu
from ganzoo.networks.layers.equalized import EqualizedConv2D, EqualizedDense, MinibatchStddev, PixelNorm
from ganzoo.networks.layers.modulated import (
    Blur,
    ClipSamples,
    LayerNoise,
    LearnedConstant,
    ModulatedConv2D,
    SlowDense,
)
from ganzoo.networks.r3 import Resample

MAPPING_LR_MULTIPLIER = 0.01


def generator(
    latent_dim: int,
    image_shape: tuple[int, ...],
    *,
    width: int,
    max_width: int,
    base_resolution: int,
    mapping_layers: int,
    style_dim: int,
) -> keras.Model:
    """Latents float32 [batch, latent_dim] to pictures float32 [batch, *image_shape] in [-1, 1].

    The paper's last layer is linear. The output is clipped to [-1, 1] here, but not in training. The noise of the
    layers is constant, except within `modulated.fresh_noise`.

    Args:
        latent_dim: d of the latents, which are first projected on a sphere.
        image_shape: (height, width, channels).
        width: channels at the picture's own resolution; doubled at each halving.
        max_width: the largest number of channels.
        base_resolution: the largest allowed smaller side of the learned constant; 4 in the paper.
        mapping_layers: layers of the mapping network, at least 1.
        style_dim: numbers in a style.
    """
    sizes = resolutions(image_shape, base_resolution)[::-1]
    latents = keras.Input((latent_dim,), name="latents")
    style = _mapping(latent_dim, mapping_layers, style_dim)(latents)
    styles = keras.layers.RepeatVector(2 * len(sizes), dtype="float32")(style)
    synthesis = _synthesis(image_shape[2], sizes, widths_of(len(sizes), width, max_width), style_dim)
    return keras.Model(latents, synthesis(styles), name="generator")


def discriminator(
    image_shape: tuple[int, ...], *, width: int, max_width: int, base_resolution: int, group_size: int
) -> keras.Model:
    """Pictures float32 [batch, *image_shape] to logits float32 [batch].

    Args:
        image_shape: (height, width, channels).
        width, max_width, base_resolution: as in `generator`.
        group_size: the group size of the minibatch standard deviation; 0 leaves it out. A model must keep the
            deviation's average for `score` (`MinibatchStddev.observe`), as `stylegan2` and `pggan` do.
    """
    levels = len(resolutions(image_shape, base_resolution, channels=INPUT_CHANNELS))
    widths = widths_of(levels, width, max_width)
    samples = keras.Input(image_shape, name="samples")
    x = _rectified(EqualizedConv2D(widths[-1], 1)(samples))
    for level in range(levels - 1, 0, -1):
        x = _residual_block(x, widths[level - 1])
    if group_size:
        x = MinibatchStddev(group_size, name="stddev")(x)
    x = _rectified(EqualizedConv2D(widths[0], 3)(x))
    x = _rectified(EqualizedDense(widths[0])(keras.layers.Flatten()(x)))
    x = EqualizedDense(1, gain=1.0, dtype="float32", name="logit")(x)
    return keras.Model(samples, keras.layers.Reshape((), dtype="float32", name="squeeze")(x), name="discriminator")


class Parts(NamedTuple):
    """A generator in two parts.

    Attributes:
        mapping: latents [batch, d] -> styles w, float32 [batch, style_dim].
        synthesis: (styles float32 [batch, layers, style_dim], training) -> samples float32 [batch, ...].
        layers: the number of layers that take a style, the coarsest first.
    """

    mapping: Callable[..., tf.Tensor]
    synthesis: Callable[..., tf.Tensor]
    layers: int


def parts(generator: keras.Model) -> Parts | None:
    """The parts of a generator of this family, also behind a category of the latents; None for other generators.

    The parts share the generator's weights.
    """
    last = generator.layers[-1]
    if not isinstance(last, keras.Model) or isinstance(generator.input, list):
        return None
    if last.name == "synthesis":
        return Parts(generator.get_layer("mapping"), last, last.input_shape[1])
    inner = parts(last)
    if inner is None:
        return None
    before = keras.Model(generator.input, generator.layers[-2].output)
    return inner._replace(mapping=lambda latents: inner.mapping(before(latents)))


def mixed(coarse: tf.Tensor, fine: tf.Tensor, crossover: tf.Tensor, layers: int) -> tf.Tensor:
    """Styles for each layer: one style for the layers before a crossover, and another from there on (style mixing).

    Karras et al. 2019, "A Style-Based Generator Architecture for Generative Adversarial Networks",
    https://arxiv.org/abs/1812.04948, section 3.1.

    Args:
        coarse: float32 [batch, style_dim].
        fine: float32 [batch, style_dim].
        crossover: int32 [batch] or [], the first layer with the fine style, 0 .. layers.
        layers: the number of layers.

    Returns:
        float32 [batch, layers, style_dim].
    """
    is_coarse = tf.range(layers) < tf.reshape(crossover, [-1, 1])
    return tf.where(is_coarse[..., None], coarse[:, None], fine[:, None])


def crossovers(uniforms: tf.Tensor, probability: float | tf.Tensor, layers: int) -> tf.Tensor:
    """Random crossovers for `mixed`, int32 [batch]: 1 .. layers - 1 with a probability, else `layers`.

    Args:
        uniforms: float32 [batch, 2], in [0, 1).
        probability: the probability that a row has two styles.
        layers: the number of layers; with 1 no row has two.
    """
    between = 1 + tf.cast(uniforms[:, 1] * (layers - 1), tf.int32)
    return tf.where(uniforms[:, 0] < probability, tf.minimum(between, max(layers - 1, 1)), layers)


def _mapping(latent_dim: int, layers: int, style_dim: int) -> keras.Model:
    latents = keras.Input((latent_dim,), name="latents")
    x = PixelNorm(dtype="float32")(latents)
    for _ in range(layers):
        x = SlowDense(style_dim, lr_multiplier=MAPPING_LR_MULTIPLIER, dtype="float32")(x)
        x = keras.layers.Activation(leaky_relu, dtype="float32")(x)
    return keras.Model(latents, x, name="mapping")


def _synthesis(channels: int, sizes: list[tuple[int, int]], widths: list[int], style_dim: int) -> keras.Model:
    """Styles float32 [batch, 2 len(sizes), style_dim] to pictures, from the lowest resolution up.

    As in the authors' code, a layer that makes a picture shares its style with the next resolution's first convolution.
    The last one has a style of its own.
    """
    styles = keras.Input((2 * len(sizes), style_dim), name="styles")
    x = LearnedConstant(sizes[0], widths[0])(styles)
    picture = None
    for level, (size, width) in enumerate(zip(sizes, widths, strict=True)):
        layers = [2 * level] if level == 0 else [2 * level - 1, 2 * level]
        for layer in layers:
            enlarged = size if layer % 2 else None
            x = ModulatedConv2D(width, 3, size=enlarged, name=f"convolution_{layer}")([x, styles[:, layer]])
            x = _rectified(LayerNoise(layer, name=f"noise_{layer}")(x))
        to_picture = ModulatedConv2D(
            channels, 1, gain=1.0, demodulate=False, dtype="float32", name=f"to_picture_{level}"
        )
        new = to_picture([x, styles[:, 2 * level + 1]])
        if picture is not None:
            new = keras.layers.Add(dtype="float32")([Resample(size, dtype="float32")(picture), new])
        picture = new
    return keras.Model(styles, ClipSamples(dtype="float32", name="clip")(picture), name="synthesis")


def _residual_block(x: keras.KerasTensor, out: int) -> keras.KerasTensor:
    """Features [batch, h, w, c] to [batch, h / 2, w / 2, out]: (two convolutions + a linear shortcut) / sqrt(2)."""
    shortcut = Blur(1, strides=2)(x)
    shortcut = EqualizedConv2D(out, 1, gain=math.sqrt(0.5), use_bias=False)(shortcut)
    x = Blur(2)(_rectified(EqualizedConv2D(x.shape[-1], 3)(x)))
    x = _rectified(EqualizedConv2D(out, 3, strides=2, padding="valid", gain=1.0)(x))
    return keras.layers.Add()([shortcut, x])


def _rectified(x: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.Activation(leaky_relu)(x)
