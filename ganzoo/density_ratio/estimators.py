"""The ways to estimate log p_data/p_g of a trained model, by name.

The reals must be held out from training: on reals that the discriminator has seen, the ratio would be that of memorised
pictures.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ganzoo.density_ratio import heads
from ganzoo.density_ratio.classifier import fit_classifier
from ganzoo.models.base import AdversarialModel


@dataclass(frozen=True, eq=False)
class Task:
    """What an estimate is made from; `reals` [n, ...] are fitted on, `stop` [m, ...] stop the fit, both float32."""

    model: AdversarialModel
    reals: np.ndarray
    stop: np.ndarray
    options: Mapping
    seed: int

    @functools.cached_property
    def cut(self) -> tuple[keras.Model, keras.Model]:
        """The trunk and the tail: the same two for all estimates, which so share a pass through the trunk."""
        return heads.cut(self.model.discriminator)


class Estimate(NamedTuple):
    """Samples to features to logits float32 [rows]; both are called with `training=False`."""

    trunk: Callable[..., tf.Tensor]
    head: Callable[..., tf.Tensor]

    def __call__(self, samples: tf.Tensor, training: bool = False) -> tf.Tensor:
        return self.head(self.trunk(samples, training=training), training=training)


def discriminator(task: Task) -> Estimate:
    """The discriminator's own logits, for objectives that make them a log ratio; nothing is fitted."""
    return Estimate(*task.cut)


def refit(task: Task) -> Estimate:
    """Sharp: a dropout head on the discriminator's frozen trunk for pictures, Fourier features for points."""
    options = dict(task.options["refit"])
    width, dropout = options.pop("width"), options.pop("dropout")
    if task.reals.ndim == 2:
        trunk = heads.fourier_features(task.reals.shape[1:], task.seed)
        head = heads.perceptron(trunk.output_shape[1:], width, dropout, 0.0, task.seed)
    else:
        trunk, _ = task.cut
        head = heads.dropout_head(trunk.output_shape[1:], width, dropout, task.seed)
    return Estimate(trunk, fit_classifier(task.model, trunk, head, task.reals, task.stop, **options, seed=task.seed))


def smoothed(task: Task) -> Estimate:
    """Smooth: a small network of its own on noised (and pooled) samples, blind to their fine detail."""
    options = dict(task.options["smoothed"])
    width, dropout, noise, pool = (options.pop(key) for key in ("width", "dropout", "noise", "pool"))
    shape = task.reals.shape[1:]
    if task.reals.ndim == 2:
        head = heads.perceptron(shape, width, dropout, noise, task.seed)
    else:
        head = heads.convolutions(shape, width, dropout, noise, pool, task.seed)
    head = fit_classifier(task.model, as_they_are, head, task.reals, task.stop, **options, seed=task.seed)
    return Estimate(as_they_are, head)


def combined(task: Task) -> Estimate:
    """The sum of the estimates that `config.ratio.combined` names; the discriminator's own logits stay out where they
    are no log ratio. Estimates that err in different directions correct each other, and each alone is too faint."""
    names = [n for n in task.options["combined"] if n != "discriminator" or task.model.logits_are_log_ratio]
    terms = [ESTIMATORS[name](task) for name in names]
    trunks = list(dict.fromkeys(term.trunk for term in terms))

    def features(samples, training):
        return [trunk(samples, training=training) for trunk in trunks]

    def logits(features, training):
        return tf.add_n([term.head(features[trunks.index(term.trunk)], training=training) for term in terms])

    return Estimate(features, logits)


ESTIMATORS = {"discriminator": discriminator, "refit": refit, "smoothed": smoothed, "combined": combined}


def as_they_are(samples: tf.Tensor, training: bool) -> tf.Tensor:
    """No trunk: the samples are the features."""
    return samples
