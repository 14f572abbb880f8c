"""The ways to estimate log p_data/p_g of a trained model, by name.

The reals must be held out from training: reals that the discriminator has seen would give the ratio of memorised
pictures.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import keras
import tensorflow as tf

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.bases.generative import with_labels
from ganzoo.density_ratio import heads
from ganzoo.density_ratio.classifier import Labelled, fit_classifier
from ganzoo.networks.layers.basic import cut


@dataclass(frozen=True, eq=False)
class Fit:
    """The inputs of an estimate: it is fitted on `reals`, and `stop` decides which weights are kept."""

    model: AdversarialModel
    reals: Labelled
    stop: Labelled
    options: Mapping
    seed: int

    @functools.cached_property
    def _made(self) -> "dict[str, Estimate]":
        return {}

    def estimate(self, name: str) -> "Estimate":
        """The estimate of this name, made at the first call."""
        if name not in self._made:
            self._made[name] = ESTIMATORS[name](self)
        return self._made[name]

    @functools.cached_property
    def own(self) -> "Estimate":
        """The discriminator, cut in trunk and head. All estimates use the same parts and share a pass of the trunk."""
        trunk, tail = cut(self.model.discriminator)
        takes_labels = len(tail.inputs) > 1

        def features(samples, *labels, training):
            return trunk(with_labels(samples, *labels), training=training)

        def logits(features, *labels, training):
            return tail(with_labels(features, *labels) if takes_labels else features, training=training)

        return Estimate((features,), logits)

    def fitted(self, trunk: Callable[..., tf.Tensor], head: keras.Model, **options) -> "Estimate":
        """Fits a head on a trunk's features and returns their estimate."""
        options |= dict(mismatched=self.options["mismatched"], seed=self.seed)
        head = fit_classifier(self.model, trunk, head, self.reals, self.stop, **options)

        def logits(features, *labels, training):
            return head(with_labels(features, *labels), training=training)

        return Estimate((trunk,), logits)


class Estimate(NamedTuple):
    """Trunks, samples (and labels) to features, and a head, the features (and labels) to logits float32 [rows]."""

    trunks: tuple[Callable[..., tf.Tensor], ...]
    head: Callable[..., tf.Tensor]

    def __call__(self, samples: tf.Tensor, *labels: tf.Tensor, training: bool = False) -> tf.Tensor:
        features = [trunk(samples, *labels, training=training) for trunk in self.trunks]
        return self.head(*features, *labels, training=training)

    def then(self, function: Callable[[tf.Tensor], tf.Tensor]) -> "Estimate":
        """The estimate whose logits are `function` of this one's logits."""
        return Estimate(self.trunks, lambda *inputs, training: function(self.head(*inputs, training=training)))


def total(terms: Sequence[Estimate]) -> Estimate:
    """The sum of estimates. A trunk that several of them have runs once."""
    trunks = tuple(dict.fromkeys(trunk for term in terms for trunk in term.trunks))

    def head(*inputs, training):
        features, labels = dict(zip(trunks, inputs, strict=False)), inputs[len(trunks) :]
        of_terms = [[features[trunk] for trunk in term.trunks] for term in terms]
        return tf.add_n(
            [term.head(*own, *labels, training=training) for term, own in zip(terms, of_terms, strict=True)]
        )

    return Estimate(trunks, head)


def discriminator(fit: Fit) -> Estimate:
    """The discriminator's own logits; nothing is fitted. The calibration scales those that are no log ratio."""
    return fit.own


def refit(fit: Fit) -> Estimate:
    """Sharp: a dropout head on the discriminator's frozen trunk for pictures, Fourier features for points."""
    options = dict(fit.options["refit"])
    width, dropout = options.pop("width"), options.pop("dropout")
    shape, classes = fit.reals[0].shape[1:], fit.model.num_classes
    if len(shape) == 1:
        network = heads.fourier_features(shape, fit.seed)
        trunk = lambda samples, *labels, training: network(samples)  # noqa: E731
        head = heads.perceptron(network.output_shape[1:], width, dropout, 0.0, fit.seed, classes)
    else:
        (trunk,) = fit.own.trunks
        features = trunk(*(array[:1] for array in fit.reals), training=False)
        head = heads.dropout_head(features.shape[1:], width, dropout, fit.seed, classes)
    return fit.fitted(trunk, head, **options)


def smoothed(fit: Fit) -> Estimate:
    """Smooth: a small network of its own on noised (and pooled) samples, blind to their fine detail."""
    options = dict(fit.options["smoothed"])
    width, dropout, noise, pool = (options.pop(key) for key in ("width", "dropout", "noise", "pool"))
    shape, classes = fit.reals[0].shape[1:], fit.model.num_classes
    if len(shape) == 1:
        head = heads.perceptron(shape, width, dropout, noise, fit.seed, classes)
    else:
        head = heads.convolutions(shape, width, dropout, noise, pool, fit.seed, classes)
    return fit.fitted(as_they_are, head, **options)


def combined(fit: Fit) -> Estimate:
    """The mean of the estimates that `config.ratio.combined` names, whose different errors correct each other.

    Each term is a log ratio, and so is their mean. Their sum would be a multiple of the log ratio.
    """
    terms = [fit.estimate(name) for name in terms_of(fit.model, fit.options)]
    return total(terms).then(lambda logits: logits / len(terms))


ESTIMATORS = {"discriminator": discriminator, "refit": refit, "smoothed": smoothed, "combined": combined}


def terms_of(model: AdversarialModel, options: Mapping) -> list[str]:
    """The names in `config.ratio.combined`, without "discriminator" if the model's logits are no log ratio."""
    return [n for n in options["combined"] if n != "discriminator" or model.logits_are_log_ratio]


def as_they_are(samples: tf.Tensor, *labels: tf.Tensor, training: bool) -> tf.Tensor:
    """No trunk: the samples are the features."""
    return samples
