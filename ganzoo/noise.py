"""Random numbers as a pure function of a seed and a position, which makes resume and serving exact.

Row i of a stream depends on the seed and on i alone, not on the number of rows in a draw. Philox is a counter-based
generator, so a draw that begins at row i begins at row i's counter. Training derives its seeds from (run, purpose,
step, draw), and an export from the caller's seed. The purposes of all streams are listed here, in one enum.
"""

import functools
from enum import IntEnum, unique

import numpy as np
import scipy.special
import tensorflow as tf

from ganzoo import seeds

# The quantiles of the distributions of latents, by the distribution's name: probabilities in [0, 1] to latents
QUANTILES = {"normal": scipy.special.ndtri, "uniform": lambda probabilities: 2.0 * probabilities - 1.0}


def category_bounds(categories: int, distribution: str) -> np.ndarray:
    """The inner bounds of equally frequent categories of a latent, float32 [categories - 1]."""
    return QUANTILES[distribution](np.arange(1, categories) / categories).astype(np.float32)


@unique
class Purpose(IntEnum):
    """What a stream of random numbers is for. A purpose is folded into a seed, and no two purposes have one number.

    The latents of a request alone use the request's seed itself. A number is never given to another purpose, so that a
    seed keeps its streams when purposes are added.
    """

    # A training step, folded into the run's seed.
    LATENTS = 10
    UNIFORMS = 11
    PERTURBATIONS = 12  # dragan's points near the reals
    POOL = 13  # the pool of past fakes
    JITTER = 14  # crops and flips of pictures
    AUGMENTED_REALS = 15  # the transforms of what the discriminator sees
    AUGMENTED_FAKES = 16
    LAYER_NOISE = 17  # the noise of a generator's layers
    PATH_DIRECTIONS = 18  # stylegan2's random pictures, on which steps in style space are projected
    PATCHES = 19  # cut's places in features
    MOVED_REALS = 36  # how infogan moves pictures, which keep their category
    MOVED_FAKES = 37
    # The fit of a density ratio and the export, folded into the run's seed.
    FIT_INDICES = 20  # the reals of a batch
    FIT_FAKES = 21
    STOP_FAKES = 22
    BURN_IN = 23
    CALIBRATION_FAKES = 24
    FIT_MISMATCHES = 25
    STOP_MISMATCHES = 26
    RATIO_WEIGHTS = 27  # initial weights, dropout and noise of the networks that estimate the ratio
    GROUP_FAKES = 28  # the expected ratio of each group
    AVERAGE_STYLE = 29  # the latents whose mean style is the centre of truncation
    # A request to an export, folded into the request's seed.
    ACCEPTANCES = 30
    CHAIN_STARTS = 31
    RESTARTS = 33  # the latents of Markov chains that run again
    CANDIDATES = 32  # pix2pix's candidates, whose log ratios are the burn-in
    FINE_LATENTS = 34  # the second latents of samples with mixed styles; in training folded into the run's seed
    CROSSOVERS = 35  # the layers from which on the second latents' style acts; likewise
    # Parts of the purposes above, folded into their seeds.
    DROPOUT = 40  # the masks of a generator's layers
    CROPS = 41
    FLIPS = 42
    POOL_ORDER = 43
    POOL_CHOICES = 44


_PHILOX = 1  # named, because "auto" may be another algorithm on another device
_BEYOND_ROWS = 1 << 63  # of the lower half of the counter, which counts blocks of rows from 0
_BLOCK = 4  # the number of 32-bit numbers from one step of the counter


def fold_in(seed: tf.Tensor, *data: int | tf.Tensor) -> tf.Tensor:
    """A new seed (int32 [2]) for each value of `data`, independent of the seeds for other values.

    Both words are random: 60,000 steps meet one seed twice with a probability of 1e-10. The words come from a part of
    the seed's stream that no row reaches.

    Args:
        seed: int32 [2].
        *data: whole numbers of at least 0, such as a purpose or a step, folded in one after another.
    """
    seed = tf.convert_to_tensor(seed, tf.int32)
    for value in data:
        stream = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
        counter = stream.counter + tf.stack([tf.constant(_BEYOND_ROWS, tf.uint64), tf.cast(value, tf.uint64)])
        seed = tf.raw_ops.StatelessRandomUniformFullIntV2(
            shape=(2,), key=stream.key, counter=counter, alg=_PHILOX, dtype=tf.int32
        )
    return seed


@functools.cache
def root(seed: int, purpose: Purpose) -> tuple[int, int]:
    """The seed of one purpose of a run, whose seed is any whole number. It is a constant in a graph."""
    with tf.init_scope():
        return tuple(fold_in(tf.constant(seeds.words(seed)), purpose).numpy().tolist())


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
