"""The generator's own output: plain samples, and the log ratios of a burn-in.

A conditional model's `propose` and `log_ratio` take the rows' labels, int64 [row_count], as one more argument.
"""

from collections.abc import Callable

import tensorflow as tf

Propose = Callable[..., tf.Tensor]  # (seed int32 [2], first_row, row_count, *labels) -> samples [row_count, ...]
LogRatio = Callable[..., tf.Tensor]  # (samples [row_count, ...], *labels) -> float32 [row_count]


def generate(
    propose: Propose,
    num_samples: int | tf.Tensor,
    *,
    seed: tf.Tensor,
    batch_size: int,
    then: LogRatio | None = None,
    labels: tf.Tensor | None = None,
) -> tf.Tensor:
    """The first `num_samples` rows of a seed's stream, up to `batch_size` at a time.

    Args:
        propose: draws of p_g.
        num_samples: at least 1.
        seed: int32 [2].
        batch_size: the largest number of rows in one pass of the generator; it bounds the memory and changes no result.
        then: a function of each batch of samples, whose results are returned in place of the samples.
        labels: int64 [num_samples] for a conditional model, else None.

    Returns:
        [num_samples, ...], float32.
    """

    def make_rows(first_row, row_count):
        row_labels = () if labels is None else (labels_from(labels, first_row, row_count),)
        samples = propose(seed, first_row, row_count, *row_labels)
        return samples if then is None else then(samples, *row_labels)

    def body(batch, collected):
        first_row = batch * batch_size
        made = make_rows(first_row, batch_row_count(num_samples - first_row, batch_size))
        return batch + 1, collected.write(batch, made)

    batches = -(-num_samples // batch_size)
    row_shape = make_rows(tf.constant(0), 4).shape[1:]  # TensorFlow prunes the values from the graph
    collected = tf.TensorArray(tf.float32, size=batches, infer_shape=False, element_shape=[None, *row_shape])
    _, collected = tf.while_loop(lambda batch, _: batch < batches, body, (0, collected))
    return collected.concat()[:num_samples]


def batch_row_count(needed: int | float | tf.Tensor, batch_size: int) -> tf.Tensor:
    """The number of rows, int32 [], of the smallest batch with room for `needed` rows, at most `batch_size`.

    The number is a power of two, or above a sixteenth of `batch_size` a multiple of that sixteenth, so a small request
    costs a small batch. There are only about twenty shapes, because kernels keep memory for each shape.
    """
    step = max(1, batch_size // 16)
    powers = [2**exponent for exponent in range(step.bit_length()) if 2**exponent < step]
    shapes = tf.constant([*powers, *range(step, batch_size, step), batch_size])
    return tf.reduce_min(tf.where(tf.cast(shapes, tf.float32) >= tf.cast(needed, tf.float32), shapes, batch_size))


def burn_in(
    propose: Propose,
    log_ratio: LogRatio,
    num_proposals: int,
    *,
    seed: tf.Tensor,
    batch_size: int,
    num_classes: int | None = None,
) -> tf.Tensor:
    """Log ratios of fresh proposals in ascending order, float32 [num_proposals].

    Their maximum is the samplers' first estimate of log M, and their percentiles set gamma and the budgets. A
    conditional model has a burn-in for each class: float32 [num_classes, ceil(num_proposals / num_classes)].
    """
    labels = None
    if num_classes is not None:
        class_size = -(-num_proposals // num_classes)
        labels = tf.repeat(tf.range(num_classes, dtype=tf.int64), class_size)
        num_proposals = num_classes * class_size
    ratio = generate(propose, num_proposals, seed=seed, batch_size=batch_size, then=log_ratio, labels=labels)
    ratio = finite_or_impossible(ratio)
    return tf.sort(ratio if num_classes is None else tf.reshape(ratio, [num_classes, class_size]))


def labels_from(labels: tf.Tensor, first_row: int | tf.Tensor, row_count: int) -> tf.Tensor:
    """The labels of the rows from `first_row` on, int64 [row_count]; rows past the end get the last label."""
    return tf.gather(labels, tf.minimum(first_row + tf.range(row_count), tf.size(labels) - 1))


def finite_or_impossible(ratio: tf.Tensor) -> tf.Tensor:
    """Replaces NaN and +inf, a network's overflow, by -inf, which is never accepted and never the maximum."""
    return tf.where(tf.math.is_finite(ratio), ratio, float("-inf"))
