"""A density ratio as the samplers see it."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True, eq=False)  # hashed by identity: TensorFlow caches traces by it
class DensityRatio:
    """log p_data/p_g, up to a constant.

    Attributes:
        log_ratio: samples [rows, ...] to float32 [rows]; TensorFlow code that can be traced into an export. For a
            conditional model it also takes the samples' labels, int64 [rows], and is log p_data(x | y)/p_g(x | y).
        held_out: float32 [n], or [num_classes, n] for a conditional model: the log ratios of reals that neither the
            training nor the fit has seen. Metropolis-Hastings chains start there. None if there were no reals.
    """

    log_ratio: Callable[..., tf.Tensor]
    held_out: tf.Tensor | None = None

    def __call__(self, samples: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        return self.log_ratio(samples, *labels)
