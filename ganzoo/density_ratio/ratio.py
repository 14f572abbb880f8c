"""What a density ratio is to the samplers."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True, eq=False)  # hashed by identity: TensorFlow caches traces by it
class DensityRatio:
    """log p_data/p_g, up to a constant.

    Attributes:
        log_ratio: samples [rows, ...] to float32 [rows]; TensorFlow code that can be traced into an export. Of a
            conditional model it takes their labels int64 [rows] too, and is log p_data(x | y)/p_g(x | y).
        held_out: float32 [n], the log ratios of reals that neither training nor the fit has seen, where
            Metropolis-Hastings chains start; of a conditional model [num_classes, n]. None where there were no reals.
    """

    log_ratio: Callable[..., tf.Tensor]
    held_out: tf.Tensor | None = None

    def __call__(self, samples: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        return self.log_ratio(samples, *labels)
