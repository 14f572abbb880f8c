"""The ways to estimate log p_data/p_g of a trained model, by name.

The reals must be held out from training: on reals that the discriminator has seen, the ratio would be that of memorised
pictures.
"""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from ganzoo.density_ratio import heads
from ganzoo.density_ratio.classifier import fit_classifier
from ganzoo.models.base import AdversarialModel

Logits = Callable[[tf.Tensor], tf.Tensor]  # samples [rows, ...] to float32 [rows]


def discriminator(model: AdversarialModel, *_) -> Logits:
    """The discriminator's own logits, for objectives that make them a log ratio; nothing is fitted."""
    return lambda samples: model.discriminator(samples, training=False)


def refit(model: AdversarialModel, reals: np.ndarray, stop: np.ndarray, options: Mapping, seed: int) -> Logits:
    """Sharp: a dropout head on the discriminator's frozen trunk for pictures, Fourier features for points."""
    options = dict(options["refit"])
    width, dropout = options.pop("width"), options.pop("dropout")
    if reals.ndim == 2:
        trunk = heads.fourier_features(reals.shape[1:], seed)
        head = heads.perceptron(trunk.output_shape[1:], width, dropout, 0.0, seed)
    else:
        trunk = heads.frozen_trunk(model)
        head = heads.dropout_head(trunk, width, dropout, seed)
    return fit_classifier(model, trunk, head, reals, stop, **options, seed=seed)


def smoothed(model: AdversarialModel, reals: np.ndarray, stop: np.ndarray, options: Mapping, seed: int) -> Logits:
    """Smooth: a small network of its own on noised (and pooled) samples, blind to their fine detail."""
    options = dict(options["smoothed"])
    width, dropout, noise, pool = (options.pop(key) for key in ("width", "dropout", "noise", "pool"))
    shape = reals.shape[1:]
    if reals.ndim == 2:
        head = heads.perceptron(shape, width, dropout, noise, seed)
    else:
        head = heads.convolutions(shape, width, dropout, noise, pool, seed)
    return fit_classifier(model, None, head, reals, stop, **options, seed=seed)


def combined(model: AdversarialModel, reals: np.ndarray, stop: np.ndarray, options: Mapping, seed: int) -> Logits:
    """The sum of the estimates that `config.ratio.combined` names; the discriminator's own logits stay out where they
    are no log ratio. Estimates that err in different directions correct each other, and each alone is too faint."""
    names = [name for name in options["combined"] if name != "discriminator" or model.logits_are_log_ratio]
    terms = [ESTIMATORS[name](model, reals, stop, options, seed) for name in names]
    return lambda samples: tf.add_n([term(samples) for term in terms])


ESTIMATORS = {"discriminator": discriminator, "refit": refit, "smoothed": smoothed, "combined": combined}
