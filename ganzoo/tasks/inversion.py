"""The latents whose samples are nearest to given pictures.

Zhu et al., "Generative Visual Manipulation on the Natural Image Manifold", ECCV 2016,
https://arxiv.org/abs/1609.03552, section 3: latents by gradient descent on a distance in pixels and in features.
"""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ganzoo import seeds
from ganzoo.bases import datasets
from ganzoo.bases.generative import GenerativeModel, with_labels
from ganzoo.bases.translating import TranslationModel
from ganzoo.data.reals import checked
from ganzoo.errors import GanzooError
from ganzoo.evaluation import digits_classifier
from ganzoo.evaluation.features import DigitsFeatures, RandomFeatures
from ganzoo.serving.walking import law_of

MOST_ROWS = 512  # latents that descend at the same time


class Inverted(NamedTuple):
    """Latents for pictures.

    Attributes:
        latents: float32 [n, d].
        samples: float32 [n, ...], the model's samples of these latents.
        distances: float32 [n], what was minimised, without the prior.
    """

    latents: np.ndarray
    samples: np.ndarray
    distances: np.ndarray


def invert(
    model: GenerativeModel,
    pictures: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    steps: int = 300,
    learning_rate: float = 0.05,
    starts: int | None = None,
    feature_weight: float = 0.1,
    prior_weight: float = 1e-3,
    features: Callable[[tf.Tensor], tf.Tensor] | None = None,
    seed: int = 0,
) -> Inverted:
    """Descends by Adam from several random latents for each picture, and keeps the nearest sample.

    The distance is the mean squared difference in pixels plus `feature_weight` times the mean squared difference in
    features. Categories and codes (`latent_categories`, `infogan`) have no gradient: they stay as the starts drew them,
    so that many starts are needed. Uniform latents stay in [-1, 1].

    Args:
        model: a model that samples from latents; its averaged generator is inverted.
        pictures: uint8 or float32 in [-1, 1], [n, ...] in the model's shape; points for a model of points.
        labels: int [n], the classes of the pictures for a conditional model.
        steps: of Adam.
        learning_rate: of Adam, falling to 0 on a cosine.
        starts: latents to begin with for each picture; None is 8, or 4 for each category if there are categories.
        feature_weight: of the features, which are those of the evaluation: the digits classifier's for 28 x 28 grey
            pictures, a random network's for others, none for points.
        prior_weight: of the mean square of the normal latents, which keeps them where the generator was trained.
        features: your own features instead: pictures float32 [n, ...] in [-1, 1] -> float32 [n, f], with a gradient.
        seed: of the starts, any whole number.

    Raises:
        GanzooError: for a translator, for pictures of another shape or scale, for labels that are missing or no
            classes, and for numbers out of range.
    """
    if isinstance(model, TranslationModel):
        raise GanzooError("invert is for models that sample from latents; this one translates pictures.")
    for name, value in (("steps", steps), ("starts", 1 if starts is None else starts)):
        if value < 1:
            raise GanzooError(f"{name} is {value}, expected at least 1.")
    for name, value in (("feature_weight", feature_weight), ("prior_weight", prior_weight)):
        if not 0 <= value < np.inf:
            raise GanzooError(f"{name} is {value}, expected a number of at least 0.")
    if not 0 < learning_rate < np.inf:
        raise GanzooError(f"learning_rate is {learning_rate}, expected a number above 0.")
    pictures = checked(pictures, model.sample_shape, "pictures")
    own = _labels(model, labels, len(pictures))
    law = law_of(model.latents(tf.constant([0, 0]), 256).numpy(), model.latent_categories)
    categories = max(law.categories, int(law.is_code.sum()))
    starts = starts or max(8, 4 * categories)
    network = (features or _features(model.sample_shape)) if feature_weight else None

    held = law.is_code.copy()
    held[0] |= law.categories > 0
    moves = tf.constant(~held, tf.float32)
    normal = tf.constant(~held & ~law.is_uniform, tf.float32)
    bound = tf.constant(np.where(law.is_uniform, 1.0, np.inf), tf.float32)

    def distances(samples, targets, of_targets):
        found = _mean_square(samples - targets)
        return found if network is None else found + feature_weight * _mean_square(network(samples) - of_targets)

    def descend(latents, targets, *labels):
        optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))
        optimizer.build([latents])
        of_targets = None if network is None else network(targets)

        @tf.function(autograph=False)
        def step():
            with tf.GradientTape() as tape:
                now = tf.convert_to_tensor(latents)
                tape.watch(now)
                near = distances(model(with_labels(now, *labels)), targets, of_targets)
                prior = _mean_square(now * normal)
                loss = tf.reduce_sum(near + prior_weight * prior)
            optimizer.apply_gradients([(tape.gradient(loss, now) * moves, latents)])
            latents.assign(tf.clip_by_value(tf.convert_to_tensor(latents), -bound, bound))

        for _ in range(steps):
            step()
        samples = model(with_labels(tf.convert_to_tensor(latents), *labels))
        return samples.numpy(), distances(samples, targets, of_targets).numpy()

    at_once = max(MOST_ROWS // starts, 1)
    parts = []
    for first in range(0, len(pictures), at_once):
        targets = tf.repeat(tf.constant(pictures[first : first + at_once]), starts, axis=0)
        stream, row_count = tf.constant(seeds.words(seed)), len(targets)
        latents = keras.Variable(model.latents(stream, row_count, first_row=first * starts), dtype="float32")
        repeated = [tf.repeat(each[first : first + at_once], starts) for each in own]
        samples, near = descend(latents, targets, *repeated)
        best = near.reshape(-1, starts).argmin(axis=1) + np.arange(row_count // starts) * starts
        parts.append(Inverted(latents.numpy()[best], samples[best], near[best]))
    return Inverted(*map(np.concatenate, zip(*parts, strict=True)))


def _features(shape: tuple[int, ...]) -> Callable[[tf.Tensor], tf.Tensor] | None:
    """The evaluation's features of a model's samples; None for points."""
    if len(shape) != 3:
        return None
    return DigitsFeatures().network if shape == digits_classifier.IMAGE_SHAPE else RandomFeatures(shape).network


def _labels(model: GenerativeModel, labels: np.ndarray | None, count: int) -> list[tf.Tensor]:
    if (labels is None) != (model.num_classes is None):
        words = "with classes: give labels" if labels is None else "without classes: leave labels out"
        raise GanzooError(f"this is a model {words}.")
    if labels is None:
        return []
    return [tf.constant(datasets.checked_labels(np.atleast_1d(labels), count, model.num_classes))]


def _mean_square(values: tf.Tensor) -> tf.Tensor:
    """The mean of squares over all axes but the first, [n]."""
    return tf.reduce_mean(tf.square(values), axis=range(1, len(values.shape)))
