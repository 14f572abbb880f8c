"""Batches whose order is a pure function of (seed, step), so that a run resumes anywhere, exactly and at no cost."""

import functools

import numpy as np
import tensorflow as tf

from ganzoo.data.reals import to_float
from ganzoo.errors import GanzooError


def batches(
    samples: np.ndarray,
    batch_size: int,
    *,
    seed: int,
    first_step: int = 0,
    steps: int,
    draws: int = 1,
    labels: np.ndarray | None = None,
) -> tf.data.Dataset:
    """The reals of the steps first_step, ..., steps - 1, one element each.

    Every epoch visits each sample once, in an order of its own; a step's rows may straddle two epochs. Started at
    first_step = k, the dataset gives bit for bit what the one started at 0 gives from its k-th element on. The samples
    stay where they are: they are neither copied nor put into the graph.

    Args:
        samples: uint8 [N, H, W, C] or float32 [N, 2].
        batch_size: rows of one batch.
        seed: of the order; any integer.
        first_step: the step to begin with.
        steps: the step to end before.
        draws: batches a step takes (n_critic).
        labels: int64 [N], or None.

    Returns:
        A dataset of exactly steps - first_step elements, float32 [draws * batch_size, ...]: pictures in [-1, 1], points
        as they are. With labels an element is a pair of them and their labels, int64 [draws * batch_size].

    Raises:
        GanzooError: batch_size is below 1 or above N.
    """
    total = len(samples)
    check_batch_size(batch_size, total)
    rows = draws * batch_size

    @functools.lru_cache(maxsize=2)
    def order(epoch: int) -> np.ndarray:
        return np.random.default_rng([seed % 2**64, epoch]).permutation(total)

    arrays = [samples] if labels is None else [samples, labels]

    def reals(step: np.ndarray) -> list[np.ndarray]:
        first, end = int(step) * rows, (int(step) + 1) * rows
        pieces = [
            order(epoch)[max(first - epoch * total, 0) : end - epoch * total]
            for epoch in range(first // total, (end - 1) // total + 1)
        ]
        taken = np.concatenate(pieces)
        return [array.take(taken, axis=0) for array in arrays]

    def element(step: tf.Tensor) -> tf.Tensor | tuple[tf.Tensor, tf.Tensor]:
        drawn = tf.numpy_function(reals, [step], [array.dtype for array in arrays], stateful=False)
        drawn = [tf.ensure_shape(of, (rows, *array.shape[1:])) for of, array in zip(drawn, arrays, strict=True)]
        pictures = to_float(drawn[0])
        return pictures if labels is None else (pictures, drawn[1])

    return tf.data.Dataset.range(first_step, steps).map(element).prefetch(2)


def check_batch_size(batch_size: int, total: int) -> None:
    """Raises GanzooError if a batch is empty or larger than the data."""
    if not 1 <= batch_size <= total:
        raise GanzooError(
            f"the batch size is {batch_size}, but there are {total} samples to train on. "
            f"Give --config.batch_size={total} or less, or more data."
        )
