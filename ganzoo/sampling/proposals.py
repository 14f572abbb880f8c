"""What the generator yields by itself: plain samples, and the log ratios of a burn-in.

Of a conditional model `propose` and `log_ratio` take the rows' labels, int64 [rows], as one more argument.
"""

from collections.abc import Callable

import tensorflow as tf

Propose = Callable[..., tf.Tensor]  # (seed int32 [2], first_row, rows, *labels) -> samples [rows, ...]
LogRatio = Callable[..., tf.Tensor]  # (samples [rows, ...], *labels) -> float32 [rows]


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
        batch_size: most rows through the generator at once; it bounds the memory and changes no result.
        then: what is returned of each batch of samples instead of the samples themselves.
        labels: int64 [num_samples] for a conditional model, else None.

    Returns:
        [num_samples, ...], float32.
    """

    def rows(first_row, count):
        given = () if labels is None else (labels_of(labels, first_row, count),)
        samples = propose(seed, first_row, count, *given)
        return samples if then is None else then(samples, *given)

    def body(batch, collected):
        first_row = batch * batch_size
        return batch + 1, collected.write(batch, rows(first_row, rows_of_batch(num_samples - first_row, batch_size)))

    batches = -(-num_samples // batch_size)
    row = rows(tf.constant(0), 4).shape[1:]  # only its shape is wanted; the graph leaves the rest out
    collected = tf.TensorArray(tf.float32, size=batches, infer_shape=False, element_shape=[None, *row])
    _, collected = tf.while_loop(lambda batch, _: batch < batches, body, (0, collected))
    return collected.concat()[:num_samples]


def rows_of_batch(wanted: int | float | tf.Tensor, batch_size: int) -> tf.Tensor:
    """The rows, int32 [], of a batch that is to have room for `wanted`, at most `batch_size`.

    A small request costs a small batch: a power of two, or beyond a sixteenth of `batch_size` a multiple of that
    sixteenth. There are some twenty such shapes and no more, because kernels keep what they prepare for each shape.
    """
    step = max(1, batch_size // 16)
    powers = [2**exponent for exponent in range(step.bit_length()) if 2**exponent < step]
    shapes = tf.constant([*powers, *range(step, batch_size, step), batch_size])
    return tf.reduce_min(tf.where(tf.cast(shapes, tf.float32) >= tf.cast(wanted, tf.float32), shapes, batch_size))


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

    Their maximum is the samplers' first estimate of log M, and their percentiles set gamma and the budgets. Of a
    conditional model each class has its own: float32 [num_classes, num_proposals / num_classes, rounded up].
    """
    labels = None
    if num_classes is not None:
        of_each = -(-num_proposals // num_classes)
        labels = tf.repeat(tf.range(num_classes, dtype=tf.int64), of_each)
        num_proposals = num_classes * of_each
    ratio = generate(propose, num_proposals, seed=seed, batch_size=batch_size, then=log_ratio, labels=labels)
    ratio = finite_or_impossible(ratio)
    return tf.sort(ratio if num_classes is None else tf.reshape(ratio, [num_classes, of_each]))


def labels_of(labels: tf.Tensor, first_row: int | tf.Tensor, rows: int) -> tf.Tensor:
    """The labels of some rows, int64 [rows]; rows beyond the last have the last one's."""
    return tf.gather(labels, tf.minimum(first_row + tf.range(rows), tf.size(labels) - 1))


def finite_or_impossible(ratio: tf.Tensor) -> tf.Tensor:
    """NaN and +inf, a network's overflow, count as -inf: never accepted, and never the maximum."""
    return tf.where(tf.math.is_finite(ratio), ratio, float("-inf"))
