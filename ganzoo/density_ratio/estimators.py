"""The ways to estimate log p_data/p_g of a trained model, by name.

The reals must be held out from training: on reals that the discriminator has seen, the ratio would be that of memorised
pictures.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import keras
import tensorflow as tf

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.bases.generative import with_labels
from ganzoo.density_ratio import heads
from ganzoo.density_ratio.classifier import Rows, fit_classifier
from ganzoo.networks.layers.basic import cut


@dataclass(frozen=True, eq=False)
class Task:
    """What an estimate is made from: `reals` are fitted on, `stop` stop the fit."""

    model: AdversarialModel
    reals: Rows
    stop: Rows
    options: Mapping
    seed: int

    @functools.cached_property
    def _made(self) -> "dict[str, Estimate]":
        return {}

    def estimate(self, name: str) -> "Estimate":
        """The estimate of a name, made at the first call."""
        if name not in self._made:
            self._made[name] = ESTIMATORS[name](self)
        return self._made[name]

    @functools.cached_property
    def own(self) -> "Estimate":
        """The discriminator, cut: the same two parts for all estimates, which so share a pass through the trunk."""
        trunk, tail = cut(self.model.discriminator)
        takes_labels = len(tail.inputs) > 1

        def features(samples, *labels, training):
            return trunk(with_labels(samples, *labels), training=training)

        def logits(features, *labels, training):
            return tail(with_labels(features, *labels) if takes_labels else features, training=training)

        return Estimate(features, logits)

    def fitted(self, trunk: Callable[..., tf.Tensor], head: keras.Model, **options) -> "Estimate":
        """The estimate of a head that is fitted on a trunk's features."""
        options |= dict(mismatched=self.options["mismatched"], seed=self.seed)
        head = fit_classifier(self.model, trunk, head, self.reals, self.stop, **options)

        def logits(features, *labels, training):
            return head(with_labels(features, *labels), training=training)

        return Estimate(trunk, logits)


class Estimate(NamedTuple):
    """Samples (and labels) to features, and these (and labels) to logits float32 [rows]."""

    trunk: Callable[..., tf.Tensor]
    head: Callable[..., tf.Tensor]

    def __call__(self, samples: tf.Tensor, *labels: tf.Tensor, training: bool = False) -> tf.Tensor:
        return self.head(self.trunk(samples, *labels, training=training), *labels, training=training)


def discriminator(task: Task) -> Estimate:
    """The discriminator's own logits, for objectives that make them a log ratio; nothing is fitted."""
    return task.own


def refit(task: Task) -> Estimate:
    """Sharp: a dropout head on the discriminator's frozen trunk for pictures, Fourier features for points."""
    options = dict(task.options["refit"])
    width, dropout = options.pop("width"), options.pop("dropout")
    shape, classes = task.reals[0].shape[1:], task.model.num_classes
    if len(shape) == 1:
        network = heads.fourier_features(shape, task.seed)
        trunk = lambda samples, *labels, training: network(samples)  # noqa: E731
        head = heads.perceptron(network.output_shape[1:], width, dropout, 0.0, task.seed, classes)
    else:
        trunk = task.own.trunk
        features = trunk(*(rows[:1] for rows in task.reals), training=False)
        head = heads.dropout_head(features.shape[1:], width, dropout, task.seed, classes)
    return task.fitted(trunk, head, **options)


def smoothed(task: Task) -> Estimate:
    """Smooth: a small network of its own on noised (and pooled) samples, blind to their fine detail."""
    options = dict(task.options["smoothed"])
    width, dropout, noise, pool = (options.pop(key) for key in ("width", "dropout", "noise", "pool"))
    shape, classes = task.reals[0].shape[1:], task.model.num_classes
    if len(shape) == 1:
        head = heads.perceptron(shape, width, dropout, noise, task.seed, classes)
    else:
        head = heads.convolutions(shape, width, dropout, noise, pool, task.seed, classes)
    return task.fitted(as_they_are, head, **options)


def combined(task: Task) -> Estimate:
    """The sum of the estimates that `config.ratio.combined` names; the discriminator's own logits stay out where they
    are no log ratio. Estimates that err in different directions correct each other, and each alone is too faint."""
    names = [n for n in task.options["combined"] if n != "discriminator" or task.model.logits_are_log_ratio]
    terms = [task.estimate(name) for name in names]
    trunks = list(dict.fromkeys(term.trunk for term in terms))

    def features(samples, *labels, training):
        return [trunk(samples, *labels, training=training) for trunk in trunks]

    def logits(features, *labels, training):
        given = dict(training=training)
        return tf.add_n([term.head(features[trunks.index(term.trunk)], *labels, **given) for term in terms])

    return Estimate(features, logits)


ESTIMATORS = {"discriminator": discriminator, "refit": refit, "smoothed": smoothed, "combined": combined}


def as_they_are(samples: tf.Tensor, *labels: tf.Tensor, training: bool) -> tf.Tensor:
    """No trunk: the samples are the features."""
    return samples
