"""Networks that grow, level by level, from a few pixels to the whole picture.

Karras et al. 2018, "Progressive Growing of GANs", https://arxiv.org/abs/1710.10196, sections 2 and 4 and table 2.

All levels are in one graph, the authors' "linear" structure. At each level a `FadeIn` blends the output of the level
below with the output of the level's own layers. The blend's weight, alpha, is 0 until the level begins, and 1 when the
level has faded in. An export is therefore correct at any time in training; it shows a lower level enlarged.

Pictures have their final size throughout, as in the authors' code. `Levels` has the same two networks without the idle
work of later levels. Resolutions follow `dcgan`, odd ones included.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import keras
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks.dcgan import crop, resolutions, widths_of
from ganzoo.networks.layers.basic import Enlargement, is_exporting, leaky_relu
from ganzoo.networks.layers.equalized import (
    EqualizedConv2D,
    EqualizedDense,
    MinibatchStddev,
    PixelNorm,
    minibatch_stddevs,
    with_deviations,
)

Result = TypeVar("Result")


@keras.saving.register_keras_serializable("ganzoo")
class FadeIn(keras.layers.Layer):
    """(1 - alpha) below + alpha new, where alpha is a weight that no optimizer changes (figure 2).

    An export leaves out the side whose weight is 0.
    """

    def build(self, input_shape):
        self.alpha = self.add_weight(
            name="alpha",
            shape=(),
            initializer="ones",
            trainable=False,
            dtype="float32",
            aggregation="only_first_replica",  # all replicas are in the same phase
        )

    def call(self, inputs):
        below, new = inputs
        if is_exporting():
            with tf.init_scope():
                alpha = float(tf.convert_to_tensor(self.alpha))
            if alpha in (0.0, 1.0):
                return new if alpha else tf.cast(below, new.dtype)
        else:
            alpha = tf.cast(self.alpha, new.dtype)
        return (1 - alpha) * below + alpha * new

    def compute_output_shape(self, input_shape):
        return input_shape[1]


def generator(
    latent_dim: int, image_shape: tuple[int, ...], *, width: int, max_width: int, base_resolution: int
) -> keras.Model:
    """Latents float32 [batch, latent_dim] to pictures float32 [batch, *image_shape] in [-1, 1].

    The paper's last layer is linear. The output is clipped to [-1, 1] here, but not in `Levels`, so that the
    discriminator can correct larger values.

    Args:
        latent_dim: d of the latents, which are first projected on a sphere.
        image_shape: (height, width, channels).
        width: channels at the picture's own resolution; doubled at each halving.
        max_width: the largest number of channels at any resolution; 512 in the paper.
        base_resolution: the largest allowed smaller side of the first level; 4 in the paper.
    """
    sizes = resolutions(image_shape, base_resolution)[::-1]
    widths = widths_of(len(sizes), width, max_width)
    latents = keras.Input((latent_dim,), name="latents")
    # The authors' gain, a quarter of the others: it makes the layer learn more slowly than the convolutions.
    first = EqualizedDense(sizes[0][0] * sizes[0][1] * widths[0], gain=math.sqrt(2.0) / 4.0)
    x = first(PixelNorm()(latents))
    x = _normalised(keras.layers.Reshape((*sizes[0], widths[0]))(x))
    x = _normalised(EqualizedConv2D(widths[0], 3)(x))
    picture = _to_picture(x, image_shape[2], 0)
    for level in range(1, len(sizes)):
        x = enlarge(x, sizes[level])
        for _ in range(2):
            x = _normalised(EqualizedConv2D(widths[level], 3)(x))
        new = _to_picture(x, image_shape[2], level)
        picture = FadeIn(dtype="float32", name=f"fade_{level}")([enlarge(picture, sizes[level]), new])
    return keras.Model(latents, keras.ops.clip(picture, -1.0, 1.0), name="generator")


def discriminator(
    image_shape: tuple[int, ...], *, width: int, max_width: int, base_resolution: int, group_size: int
) -> keras.Model:
    """Pictures float32 [batch, *image_shape] to logits float32 [batch].

    Args:
        image_shape: (height, width, channels).
        width: as in `generator`.
        max_width: likewise.
        base_resolution: likewise; both networks need the same.
        group_size: the group size of the minibatch standard deviation.
    """
    levels = len(resolutions(image_shape, base_resolution))
    widths = widths_of(levels, width, max_width)
    layers = [MinibatchStddev(group_size, name="stddev")]
    for level, out in enumerate(widths):
        layers.append(keras.Sequential(_rectified(EqualizedConv2D(out, 1)), name=f"from_picture_{level}"))
        if level:
            block = _rectified(EqualizedConv2D(out, 3)) + _rectified(EqualizedConv2D(widths[level - 1], 3))
            layers += [keras.Sequential(block, name=f"block_{level}"), FadeIn(name=f"fade_{level}")]
    samples = keras.Input(image_shape, name="samples")
    by_name = {layer.name: layer for layer in layers}
    x = _down(samples, levels - 1, levels, by_name.__getitem__, blended=range(levels))
    last = [*_rectified(EqualizedConv2D(widths[0], 3)), keras.layers.Flatten(), *_rectified(EqualizedDense(widths[0]))]
    for layer in last:
        x = layer(x)
    x = EqualizedDense(1, gain=1.0, dtype="float32", name="logit")(x)
    return keras.Model(samples, keras.layers.Reshape((), dtype="float32", name="squeeze")(x), name="discriminator")


class Levels:
    """For every level a generator and a discriminator without the work of the other levels' idle blends.

    All levels share their weights. If the alphas of lower levels are 1 and the alphas of higher levels are 0, a level's
    networks give the outputs of the whole networks, except that the generator's pictures are not clipped. Networks of
    another family have a single level, the networks themselves.

    Args:
        generator: a built generator; with k `FadeIn` it has k + 1 levels.
        discriminator: a built discriminator with as many levels.

    Raises:
        GanzooError: if the numbers of levels differ.
    """

    def __init__(self, generator: keras.Model, discriminator: keras.Model):
        self.fades = fades(generator)
        count, critics = len(self.fades) + 1, len(fades(discriminator)) + 1
        if count != critics:
            raise GanzooError(
                f"the generator has {count} levels and the discriminator {critics}; give both the same base_resolution."
            )
        self.stddevs = minibatch_stddevs(discriminator)
        self._show = _show(generator.output_shape[1:], self.fades) if self.fades else tf.identity
        self._networks = [(generator, with_deviations(discriminator))]
        if self.fades:
            self._networks = [
                (_generator_at(generator, level), _discriminator_at(discriminator, level, count))
                for level in range(count)
            ]

    def show(self, reals: tf.Tensor) -> tf.Tensor:
        """Pictures in the current level's detail, at the final size; blended with the lower level during a fade."""
        return self._show(reals)

    def at_current(self, function: Callable[..., Result]) -> Result:
        """function(generator, discriminator) for the networks of the current level.

        All levels are traced, and one runs. The function must take gradients inside but apply them outside: a
        distribution strategy allows no optimizer in a branch, and gradients of a branch take twenty times as long to
        trace.

        Args:
            function: a function of the generator, latents to fakes of the final size, and of the discriminator. The
                discriminator maps samples of the final size to [logits [batch]], or to [logits, minibatch deviations
                [batch]] if it has deviations. The function's result must have the same structure at each level.
        """
        if len(self._networks) == 1:
            return function(*self._networks[0])
        current = tf.add_n([tf.cast(fade.alpha > 0.0, tf.int32) for fade in self.fades])
        return tf.switch_case(current, [functools.partial(function, *networks) for networks in self._networks])


def fades(network: keras.Model) -> list[FadeIn]:
    """The blends of a network's levels 1, 2, ..., those of a network within it too."""
    last = network.layers[-1]
    if isinstance(last, keras.Model):  # behind the category of the latents
        return fades(last)
    return sorted(
        (layer for layer in network.layers if isinstance(layer, FadeIn)),
        key=lambda fade: int(fade.name.rpartition("_")[2]),
    )


def enlarge(x: keras.KerasTensor, size: tuple[int, int]) -> keras.KerasTensor:
    """Nearest neighbours, [batch, h, w, c] to [batch, *size, c]; `size` is 2h x 2w or a row and a column less."""
    return crop(Enlargement(dtype=x.dtype)(x), size)


def halve(x: keras.KerasTensor) -> keras.KerasTensor:
    """Averages over 2 x 2 pixels, or over the existing pixels at an odd edge; the inverse of `enlarge`."""
    return keras.layers.AveragePooling2D(2, padding="same", dtype=x.dtype)(x)


def _generator_at(generator: keras.Model, level: int) -> keras.Model:
    """The generator up to `level`, with only the picture of the level directly below, for the blend."""
    last = generator.layers[-1]
    if isinstance(last, keras.Model):
        return keras.Model(generator.input, _generator_at(last, level)(generator.layers[-2].output))
    pictures = [generator.get_layer(f"to_picture_{k}").output for k in range(len(fades(generator)) + 1)]
    picture = pictures[level]
    if level:
        picture = fades(generator)[level - 1]([enlarge(pictures[level - 1], picture.shape[1:3]), picture])
    for larger in pictures[level + 1 :]:
        picture = enlarge(picture, larger.shape[1:3])
    return keras.Model(generator.input, picture)


def _discriminator_at(discriminator: keras.Model, level: int, levels: int) -> keras.Model:
    samples = keras.Input(discriminator.input_shape[1:])
    features = _down(samples, level, levels, discriminator.get_layer, blended=range(level, level + 1))
    logits = keras.Model(discriminator.get_layer("stddev").output, discriminator.output)(features)
    return keras.Model(samples, [logits, features[:, 0, 0, -1]])


def _down(
    samples: keras.KerasTensor, level: int, levels: int, layer: Callable[[str], keras.layers.Layer], blended: range
) -> keras.KerasTensor:
    """Pictures of the final size through the layers of `level` and the lower levels, to features with their deviation.

    `blended` are the levels whose alpha may be less than 1.
    """
    picture = samples
    for _ in range(levels - 1 - level):
        picture = halve(picture)
    x = layer(f"from_picture_{level}")(picture)
    for above in range(level, 0, -1):
        x, picture = halve(layer(f"block_{above}")(x)), halve(picture)
        if above in blended:
            x = layer(f"fade_{above}")([layer(f"from_picture_{above - 1}")(picture), x])
    return layer("stddev")(x)


def _show(image_shape: tuple[int, ...], fades: Sequence[FadeIn]) -> keras.Model:
    samples = keras.Input(image_shape)
    pictures = [samples]
    for _ in fades:
        pictures.append(halve(pictures[-1]))
    shown = pictures.pop()
    for fade in fades:
        finer = pictures.pop()
        shown = fade([enlarge(shown, finer.shape[1:3]), finer])
    return keras.Model(samples, shown)


def _to_picture(x: keras.KerasTensor, channels: int, level: int) -> keras.KerasTensor:
    return EqualizedConv2D(channels, 1, gain=1.0, dtype="float32", name=f"to_picture_{level}")(x)


def _rectified(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    return [layer, keras.layers.Activation(leaky_relu)]


def _normalised(x: keras.KerasTensor) -> keras.KerasTensor:
    return PixelNorm()(keras.layers.Activation(leaky_relu)(x))
