"""Random numbers as a pure function of a seed and a position, which makes resume and serving exact.

Row i of a stream depends on the seed and on i alone, not on the number of rows in a draw. Philox is a counter-based
generator, so a draw that begins at row i begins at row i's counter. Training derives its seed from (run, purpose, step,
draw), and an export from the caller's seed. The purposes of all streams are listed here, one enum for each scope.
"""

from enum import IntEnum

import tensorflow as tf


class Training(IntEnum):
    """The purposes of a training step's random numbers: the second word of `[run's seed, purpose]`."""

    LATENTS = 0  # in pix2pix the masks of the dropout
    UNIFORMS = 1
    POOL = 2  # the pool of past fakes
    JITTER = 100  # crops and flips of pictures


class Fitting(IntEnum):
    """The purposes of random numbers in the fit of a density ratio and in an export, folded into `[seed, 0]`."""

    INDICES = 0  # the reals of a batch
    FAKES = 1
    STOP_FAKES = 2
    BURN_IN = 3
    CALIBRATION_FAKES = 4
    MISMATCHES = 5


class Request(IntEnum):
    """The purposes of a signature's random numbers, folded into the request's seed. The latents use the seed itself."""

    UNIFORMS = 1
    STARTS = 2  # the starts of Markov chains
    CANDIDATES = 2  # pix2pix's candidates, whose log ratios are the burn-in


class Jitter(IntEnum):
    """The purposes of random numbers for a picture's crop and flip, folded into the seed of the step."""

    CROPS = 0
    FLIPS = 1


class Pool(IntEnum):
    """The purposes of random numbers for a pool of past fakes, folded into the seed of the step."""

    ORDER = 0
    CHOICES = 1


_PHILOX = 1  # named, because "auto" may be another algorithm on another device
_BLOCK = 4  # the number of 32-bit numbers from one step of the counter


def fold_in(seed: tf.Tensor, *data: int | tf.Tensor) -> tf.Tensor:
    """A new seed (int32 [2]) for each value of `data`, independent of the seeds for other values."""
    seed = tf.convert_to_tensor(seed, tf.int32)
    for value in data:  # like tf.random.fold_in, with a quarter of the operations
        stream = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
        number = tf.raw_ops.StatelessRandomUniformFullIntV2(
            shape=(), key=stream.key, counter=stream.counter, alg=_PHILOX, dtype=tf.int32
        )
        seed = tf.stack([number, tf.cast(value, tf.int32)])
    return seed


def normal(seed: tf.Tensor, row_count: int | tf.Tensor, dim: int, *, first_row: int | tf.Tensor = 0) -> tf.Tensor:
    """Standard normal numbers, float32 [row_count, dim]: the rows from `first_row` on of the seed's stream."""
    return _rows(tf.raw_ops.StatelessRandomNormalV2, seed, row_count, dim, first_row)


def uniform(seed: tf.Tensor, row_count: int | tf.Tensor, *, first_row: int | tf.Tensor = 0) -> tf.Tensor:
    """Uniform numbers in [0, 1), float32 [row_count]: the rows from `first_row` on of the seed's stream."""
    return uniforms(seed, row_count, 1, first_row=first_row)[:, 0]


def uniforms(
    seed: tf.Tensor, row_count: int | tf.Tensor, dim: int | tf.Tensor, *, first_row: int | tf.Tensor = 0
) -> tf.Tensor:
    """Uniform numbers in [0, 1), float32 [row_count, dim]: the rows from `first_row` on of the seed's stream."""
    return _rows(tf.raw_ops.StatelessRandomUniformV2, seed, row_count, dim, first_row)


def stream(seed: tf.Tensor, first_row: int | tf.Tensor = 0) -> tf.Tensor:
    """A seed (int32 [2]) and the first row in one int32 [3], for networks whose noise is an input."""
    return tf.concat([tf.convert_to_tensor(seed, tf.int32), [tf.cast(first_row, tf.int32)]], 0)


def _rows(
    draw, seed: tf.Tensor, row_count: int | tf.Tensor, dim: int | tf.Tensor, first_row: int | tf.Tensor
) -> tf.Tensor:
    """Draws rows that each take whole blocks of the counter, so that every row begins with a new block."""
    blocks = -(-dim // _BLOCK)
    stream = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
    offset = tf.cast(first_row, tf.uint64) * tf.cast(blocks, tf.uint64)
    counter = stream.counter + tf.stack([offset, tf.zeros_like(offset)])
    numbers = draw(shape=[row_count, blocks * _BLOCK], key=stream.key, counter=counter, alg=_PHILOX, dtype=tf.float32)
    return numbers[:, :dim]
