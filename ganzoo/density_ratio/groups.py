"""Corrects a log ratio for how often things are made, beside how well each is made.

A density ratio r = p_data/p_g has E_g[r 1_A] = P_data(A) for every set A: what the generator makes too rarely must have
a higher ratio. A classifier fitted on a thousand reals mostly judges each sample by itself. It likes the kinds that the
generator makes well, and rejection by it makes the rare kinds rarer still. Here the held-out reals are divided into
groups of similar ones, and each group gets the offset that makes the equation hold for it.

Hebert-Johnson et al., "Multicalibration", ICML 2018 (https://arxiv.org/abs/1711.08513), ask the same of a classifier's
probabilities on many groups at once. The groups here do not overlap, so that one offset each is exact.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from scipy import stats
from scipy.cluster import vq

from ganzoo.networks.layers.basic import from_weights

COMPONENTS = 20  # principal components of the features, in which samples are alike
LEAST = 50  # reals in a group on average: the share of a smaller group has an error of more than 14 %
MOST_REALS = 2_000  # that the components and the groups are found on
KNOWN = 1e-3  # p of a chi-squared below which training reals are in other groups than held-out ones
CLIPPED = 99.9  # percentile of the weights, above which a single fake would decide its group's offset


class Groups(NamedTuple):
    """Groups of similar samples: each sample is of the nearest center.

    Attributes:
        mean: float32 [d], the features' mean.
        components: float32 [d, c], the features' principal components.
        centers: float32 [k, c].
    """

    mean: np.ndarray
    components: np.ndarray
    centers: np.ndarray

    def of(self, features: tf.Tensor) -> tf.Tensor:
        """The groups' numbers, int64 [rows], of features float32 [rows, ...]."""
        flat = tf.reshape(tf.cast(features, tf.float32), [tf.shape(features)[0], len(self.mean)])
        mean, components = (from_weights(partial(tf.constant, array)) for array in self[:2])
        places = (flat - mean) @ components
        distances = tf.reduce_sum(tf.square(self.centers), 1) - 2.0 * tf.matmul(places, self.centers, transpose_b=True)
        return tf.argmin(distances, 1)


def found(features: np.ndarray, most: int, generator: np.random.Generator) -> Groups | None:
    """At most `most` groups of the reals, by k-means on principal components; None for fewer than two groups.

    Args:
        features: float32 [n, ...] of reals.
        most: the number of groups, if there are `LEAST` reals for each.
        generator: of the reals that are taken and of the first centers.
    """
    count = min(most, len(features) // LEAST)
    if count < 2:
        return None
    flat = features.reshape(len(features), -1).astype(np.float64)
    some = flat[generator.permutation(len(flat))[:MOST_REALS]]
    mean = some.mean(axis=0)
    _, _, directions = np.linalg.svd(some - mean, full_matrices=False)
    components = directions[:COMPONENTS].T
    centers, _ = vq.kmeans2((some - mean) @ components, count, minit="++", iter=50, seed=generator)
    return Groups(*(array.astype(np.float32) for array in (mean, components, centers)))


def counted(held_out: np.ndarray, training: np.ndarray) -> np.ndarray:
    """The groups of all reals, int [n + m], or of the held-out ones alone if the training reals are in other groups.

    A discriminator that has learned its training reals by heart has other features of them. Their groups then say
    nothing of how often a kind is. A chi-squared test compares the shares.

    Args:
        held_out: int [n], the groups of held-out reals.
        training: int [m], the groups of training reals, or none of them.
    """
    if not len(training):
        return held_out
    both = np.concatenate([held_out, training])
    of_all = np.stack([np.bincount(groups, minlength=both.max() + 1) for groups in (held_out, training)])
    found = stats.chi2_contingency(of_all[:, of_all.any(axis=0)])
    return both if found.pvalue >= KNOWN else held_out


def offsets(real_groups: np.ndarray, fake_groups: np.ndarray, fake_log_ratios: np.ndarray, count: int) -> np.ndarray:
    """What is added to the log ratio in each group: log P_data(group) - log (E_g[r 1_group] / E_g[r]), float32 [count].

    The level of the log ratio, E_g[r], is left to its calibration: a few large weights decide its estimate. One real is
    added to each group, so that no group is impossible. A group without a fake keeps its log ratio.

    Args:
        real_groups: int [n], the groups of held-out reals.
        fake_groups: int [m], the groups of fakes.
        fake_log_ratios: float32 [m].
        count: the number of groups.
    """
    shares = (np.bincount(real_groups, minlength=count) + 1.0) / (len(real_groups) + count)
    highest = np.percentile(fake_log_ratios, CLIPPED)
    weights = np.exp(np.minimum(fake_log_ratios, highest).astype(np.float64) - highest)
    expected = np.bincount(fake_groups, weights, minlength=count) / weights.sum()
    is_made = expected > 0.0
    corrections = np.zeros(count)
    corrections[is_made] = np.log(shares[is_made] / expected[is_made])
    return corrections.astype(np.float32)
