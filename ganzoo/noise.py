"""Random numbers as a pure function of a seed and a position, which is what makes resume and serving exact.

Row i of a stream depends on the seed and on i alone, never on how many rows are drawn at a time: Philox is a
counter-based generator, so a draw that begins at row i begins at that row's counter. Training derives its seed from
(run, purpose, step, draw), an export from the caller's. The purposes of all streams stand here, one enum for
each scope.
"""

from enum import IntEnum

import tensorflow as tf


class Training(IntEnum):
    """What a training step draws random numbers for: the second word of `[run's seed, purpose]`."""

    LATENTS = 0  # of pix2pix the masks of its dropout
    UNIFORMS = 1
    POOL = 2  # of past fakes
    JITTER = 100  # of pictures


class Fitting(IntEnum):
    """What the fit of a density ratio and the making of an export draw for, folded into `[seed, 0]`."""

    INDICES = 0  # of reals
    FAKES = 1
    STOP_FAKES = 2
    BURN_IN = 3
    CALIBRATION_FAKES = 4
    MISMATCHES = 5


class Request(IntEnum):
    """What a signature draws for beside the latents, which are the request's own stream; folded into its seed."""

    UNIFORMS = 1
    STARTS = 2  # of Markov chains
    CANDIDATES = 2  # of pix2pix, whose log ratios are the burn-in


class Jitter(IntEnum):
    """What a picture's random crop and flip draw for, folded into the seed of the step."""

    CROPS = 0
    FLIPS = 1


class Pool(IntEnum):
    """What a pool of past fakes draws for, folded into the seed of the step."""

    ORDER = 0
    CHOICES = 1


_PHILOX = 1  # named, because "auto" may be another algorithm on another device
_BLOCK = 4  # 32-bit numbers that one step of the counter yields


def fold_in(seed: tf.Tensor, *data: int | tf.Tensor) -> tf.Tensor:
    """A new seed (int32 [2]) for each value of `data`, independent of the seeds for other values."""
    seed = tf.convert_to_tensor(seed, tf.int32)
    for value in data:  # as tf.random.fold_in, in a quarter of the operations
        stream = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
        number = tf.raw_ops.StatelessRandomUniformFullIntV2(
            shape=(), key=stream.key, counter=stream.counter, alg=_PHILOX, dtype=tf.int32
        )
        seed = tf.stack([number, tf.cast(value, tf.int32)])
    return seed


def normal(seed: tf.Tensor, rows: int | tf.Tensor, dim: int, *, first_row: int | tf.Tensor = 0) -> tf.Tensor:
    """Standard normal numbers, float32 [rows, dim]: rows `first_row`, `first_row + 1`, ... of the seed's stream."""
    return _rows(tf.raw_ops.StatelessRandomNormalV2, seed, rows, dim, first_row)


def uniform(seed: tf.Tensor, rows: int | tf.Tensor, *, first_row: int | tf.Tensor = 0) -> tf.Tensor:
    """Uniform numbers in [0, 1), float32 [rows]: rows `first_row`, `first_row + 1`, ... of the seed's stream."""
    return uniforms(seed, rows, 1, first_row=first_row)[:, 0]


def uniforms(
    seed: tf.Tensor, rows: int | tf.Tensor, dim: int | tf.Tensor, *, first_row: int | tf.Tensor = 0
) -> tf.Tensor:
    """Uniform numbers in [0, 1), float32 [rows, dim]: rows `first_row`, `first_row + 1`, ... of the seed's stream."""
    return _rows(tf.raw_ops.StatelessRandomUniformV2, seed, rows, dim, first_row)


def stream(seed: tf.Tensor, first_row: int | tf.Tensor = 0) -> tf.Tensor:
    """A seed (int32 [2]) and the row to begin with in one int32 [3], for networks whose noise is an input."""
    return tf.concat([tf.convert_to_tensor(seed, tf.int32), [tf.cast(first_row, tf.int32)]], 0)


def _rows(draw, seed: tf.Tensor, rows: int | tf.Tensor, dim: int | tf.Tensor, first_row: int | tf.Tensor) -> tf.Tensor:
    """Each row takes whole blocks of the counter, so that a row begins where a block does."""
    blocks = -(-dim // _BLOCK)
    stream = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
    offset = tf.cast(first_row, tf.uint64) * tf.cast(blocks, tf.uint64)
    counter = stream.counter + tf.stack([offset, tf.zeros_like(offset)])
    numbers = draw(shape=[rows, blocks * _BLOCK], key=stream.key, counter=counter, alg=_PHILOX, dtype=tf.float32)
    return numbers[:, :dim]
