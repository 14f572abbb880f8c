"""Proposals N(0, I) and targets whose density ratio to them is known."""

import math

import numpy as np
import tensorflow as tf

from ganzoo import noise

SEED = [20, 18]


def propose(seed, first_row, rows):
    """Points on the line, N(0, 1)."""
    return noise.normal(seed, rows, 1, first_row=first_row)


def propose_in_the_plane(seed, first_row, rows):
    """Points in the plane, N(0, I)."""
    return noise.normal(seed, rows, 2, first_row=first_row)


def half_as_wide(samples):
    """log of N(0, .5 I) / N(0, I): at 0 it has its maximum, log 2 for each dimension."""
    return samples.shape[1] * math.log(2.0) - 1.5 * tf.reduce_sum(tf.square(samples), axis=1)


def quadrant(samples):
    """log of N(0, I) on the positive quadrant / N(0, I): log 4 there and -inf elsewhere."""
    return tf.where(tf.reduce_all(samples > 0.0, axis=1), math.log(4.0), -math.inf)


def columns_of(values):
    """A propose that yields row numbers, and the log ratio that looks them up in `values`, again and again."""
    table = tf.constant(values, tf.float32)

    def row_numbers(seed, first_row, rows):
        return tf.cast(first_row + tf.range(rows), tf.float32)[:, None]

    return row_numbers, lambda samples: tf.gather(table, tf.cast(samples[:, 0], tf.int32) % len(values))


def traced(draw):
    """What `draw` returns as a graph, as in exports; its loops take a tenth of the time of eager ones."""
    return tf.function(draw, autograph=False)()


def assert_same(draws, expected):
    """All four fields, bit for bit."""
    for name in draws._fields:
        np.testing.assert_array_equal(getattr(draws, name), getattr(expected, name), err_msg=name)
