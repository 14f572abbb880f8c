"""Random transforms of pictures that a gradient passes through exactly, second derivatives included.

Karras et al., "Training Generative Adversarial Networks with Limited Data", NeurIPS 2020,
https://arxiv.org/abs/2006.06676, appendix B, with the strengths of its table. Five things differ from the paper:

- Pictures are resampled once, bilinearly, without the paper's wavelet filter, which is wide for small pictures. Reals
  and fakes are blurred alike.
- There is one rotation, not one before and one after the scale in two axes, which is left out with the turns by 90
  degrees: the rotation includes them.
- The luma flip, the filters of frequency bands and the noise are left out.
- Brightness is added before the contrast is multiplied, as in the authors' code.
- A picture of other than three channels has no hue and no saturation.

TensorFlow's ImageProjectiveTransform has no second derivative. Here a resampling is a gather by indices and a weighted
sum, whose gradients are sums and gathers.
"""

import functools
import math
from collections.abc import Sequence

import tensorflow as tf

from ganzoo import noise
from ganzoo.errors import GanzooError
from ganzoo.zoo.values import TRANSFORMS

LARGEST_SHIFT = 0.125  # of a side
SCALE_STDDEV = 0.2  # of log2 of the scale
BRIGHTNESS_STDDEV = 0.2  # pictures are in [-1, 1]
CONTRAST_STDDEV = 0.5  # of log2 of the factor
SATURATION_STDDEV = 1.0  # of log2 of the factor
CUTOUT = 0.5  # of a side
GEOMETRIC = ("flip", "translation", "scale", "rotation")
COLOURS = ("brightness", "contrast", "saturation", "hue")

_PARAMETERS = dict(zip(TRANSFORMS, (1, 2, 1, 1, 1, 1, 1, 1, 2), strict=True))  # the numbers that each transform takes
NUMBERS = len(TRANSFORMS) + sum(_PARAMETERS.values())  # uniform numbers for one picture


def refuse_points(key: str, value: object, off: object, sample_shape: Sequence[int]) -> None:
    """Refuses a value of `config.KEY` that transforms pictures where the samples are points; `off` is what to give.

    Raises:
        GanzooError: if a sample is not [height, width, channels].
    """
    if len(sample_shape) != 3:
        raise GanzooError(
            f"config.{key} is {value!r}, which transforms pictures, but the samples are points of {sample_shape[0]} "
            f"numbers. Give --config.{key}={off}."
        )


def at_random(
    pictures: tf.Tensor,
    seed: tf.Tensor,
    first_row: int | tf.Tensor,
    probability: float | tf.Tensor,
    transforms: Sequence[str],
    *,
    largest_turn: float = math.pi,
) -> tf.Tensor:
    """`transformed` by the rows from `first_row` on of a seed's (int32 [2]) stream of uniform numbers."""
    uniforms = noise.uniforms(seed, tf.shape(pictures)[0], NUMBERS, first_row=first_row)
    return transformed(pictures, uniforms, probability, transforms, largest_turn=largest_turn)


def transformed(
    pictures: tf.Tensor,
    uniforms: tf.Tensor,
    probability: float | tf.Tensor,
    transforms: Sequence[str],
    *,
    largest_turn: float = math.pi,
) -> tf.Tensor:
    """Each picture, transformed at random. A picture that no transform chooses keeps its bits.

    A transform keeps its numbers whether or not other transforms are in the list. The order is fixed: flip,
    translation, scale and rotation, then the colours, then the cutout.

    Args:
        pictures: float [batch, height, width, channels], of any range and at least 2 pixels a side.
        uniforms: float32 [batch, NUMBERS] in [0, 1).
        probability: of each transform for each picture, independently, in [0, 1].
        transforms: some of `TRANSFORMS`, in any order.
        largest_turn: the largest angle of a rotation, to either side, in radians.

    Returns:
        Pictures of the same shape and dtype. They are not clipped.
    """
    gates = uniforms[:, : len(TRANSFORMS)] < probability
    numbers = tf.split(uniforms[:, len(TRANSFORMS) :], list(_PARAMETERS.values()), axis=1)
    applied = {name: gates[:, k] for k, name in enumerate(TRANSFORMS) if name in transforms}
    drawn = dict(zip(TRANSFORMS, numbers, strict=True))
    moved = functools.partial(_moved, largest_turn=largest_turn)
    for names, change in ((GEOMETRIC, moved), (COLOURS, _recoloured), (("cutout",), _cut_out)):
        if chosen := {name: applied[name] for name in names if name in applied}:
            is_changed = tf.reduce_any(tf.stack(list(chosen.values())), 0)[:, None, None, None]
            pictures = tf.where(is_changed, change(pictures, chosen, drawn), pictures)
    return pictures


def _moved(
    pictures: tf.Tensor, applied: dict[str, tf.Tensor], drawn: dict[str, tf.Tensor], *, largest_turn: float
) -> tf.Tensor:
    """Pictures mirrored, then moved by whole pixels, scaled and turned about their centre; one resampling for all."""
    height, width = pictures.shape[1:3]
    still = tf.zeros_like(drawn["flip"])  # [batch, 1]

    def chosen(name: str, value: tf.Tensor, otherwise: tf.Tensor = still) -> tf.Tensor:
        return tf.where(applied[name][:, None], value, otherwise) if name in applied else otherwise

    mirror = chosen("flip", tf.where(drawn["flip"] < 0.5, -1.0, 1.0), still + 1.0)
    shift = (2.0 * drawn["translation"] - 1.0) * LARGEST_SHIFT
    right = chosen("translation", tf.round(shift[:, :1] * width))
    down = chosen("translation", tf.round(shift[:, 1:] * height))
    scale = tf.pow(2.0, chosen("scale", SCALE_STDDEV * _normal(drawn["scale"])))
    angle = chosen("rotation", largest_turn * (2.0 * drawn["rotation"] - 1.0))

    # For each pixel of the result its place in the given picture: the inverse of each transform, the last one first.
    x, y = (tf.range(side, dtype=tf.float32) - (side - 1) / 2 for side in (width, height))
    x, y = (tf.reshape(grid, [1, -1]) for grid in tf.meshgrid(x, y))
    cos, sin = tf.cos(angle), tf.sin(angle)
    x, y = (cos * x + sin * y) / scale, (cos * y - sin * x) / scale
    x, y = (x - right) * mirror, y - down
    return _at(pictures, x + (width - 1) / 2, y + (height - 1) / 2)


def _at(pictures: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Bilinear values at positions in pixels, float32 [batch, height * width]; pictures go on mirrored at the edges."""
    batch, (height, width, channels) = tf.shape(pictures)[0], pictures.shape[1:]
    left, top = tf.floor(x), tf.floor(y)
    columns = [_reflected(left + k, width) for k in (0.0, 1.0)]
    rows = [_reflected(top + k, height) for k in (0.0, 1.0)]
    indices = tf.stack([row * width + column for row in rows for column in columns], 2)
    across, along = x - left, y - top
    weights = [v * h for v in (1.0 - along, along) for h in (1.0 - across, across)]
    pixels = tf.reshape(pictures, [batch, height * width, channels])
    neighbours = tf.gather(pixels, indices, batch_dims=1)  # [batch, height * width, 4, channels]
    weights = tf.cast(tf.stack(weights, 2), pictures.dtype)[..., None]
    return tf.reshape(tf.reduce_sum(weights * neighbours, 2), [batch, height, width, channels])


def _reflected(index: tf.Tensor, size: int) -> tf.Tensor:
    """Whole numbers as positions 0, ..., size - 1 of a side that goes on mirrored, its edge not repeated; int32."""
    period = 2.0 * (size - 1)
    index = tf.math.floormod(index, period)
    return tf.cast(tf.minimum(index, period - index), tf.int32)


def _recoloured(pictures: tf.Tensor, applied: dict[str, tf.Tensor], drawn: dict[str, tf.Tensor]) -> tf.Tensor:
    """Pictures brightened, then with more or less contrast about 0, with another hue and saturation about grey."""

    def factor(name: str, stddev: float) -> tf.Tensor:  # [batch]
        if name not in applied:
            return tf.ones_like(drawn[name][:, 0])
        return tf.where(applied[name], tf.pow(2.0, stddev * _normal(drawn[name][:, 0])), 1.0)

    contrast = tf.cast(factor("contrast", CONTRAST_STDDEV), pictures.dtype)[:, None, None, None]
    if "brightness" in applied:
        added = tf.where(applied["brightness"], BRIGHTNESS_STDDEV * _normal(drawn["brightness"][:, 0]), 0.0)
        pictures = pictures + tf.cast(added, pictures.dtype)[:, None, None, None]
    pictures = contrast * pictures
    if pictures.shape[3] != 3 or not applied.keys() & {"saturation", "hue"}:
        return pictures
    saturation = factor("saturation", SATURATION_STDDEV)[:, None, None]
    angle = tf.zeros_like(saturation)
    if "hue" in applied:
        turn = math.pi * (2.0 * drawn["hue"] - 1.0)[:, :, None]
        angle = tf.where(applied["hue"][:, None, None], turn, 0.0)
    # A rotation about the axis of the greys (Rodrigues), of which saturation scales the part across the axis.
    grey = tf.fill([3, 3], 1.0 / 3.0)
    across = tf.constant([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / math.sqrt(3.0)
    matrix = grey + saturation * (tf.cos(angle) * (tf.eye(3) - grey) + tf.sin(angle) * across)
    return tf.einsum("bij,bhwj->bhwi", tf.cast(matrix, pictures.dtype), pictures)


def _cut_out(pictures: tf.Tensor, applied: dict[str, tf.Tensor], drawn: dict[str, tf.Tensor]) -> tf.Tensor:
    """Pictures with a rectangle of half their sides set to 0, mid-grey; its centre is anywhere in the picture."""
    del applied  # `transformed` takes the pictures of which it is true
    height, width = pictures.shape[1:3]
    centre = drawn["cutout"]
    x = tf.abs((tf.range(width, dtype=tf.float32) + 0.5) / width - centre[:, :1]) < CUTOUT / 2
    y = tf.abs((tf.range(height, dtype=tf.float32) + 0.5) / height - centre[:, 1:]) < CUTOUT / 2
    return tf.where((y[:, :, None] & x[:, None, :])[..., None], tf.zeros([], pictures.dtype), pictures)


def _normal(uniforms: tf.Tensor) -> tf.Tensor:
    """Standard normal numbers, as quantiles of uniform numbers in [0, 1)."""
    return tf.math.ndtri(tf.maximum(uniforms, 2.0**-24))
