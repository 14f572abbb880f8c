"""Optimal budgeted rejection sampling.

Verine et al., "Optimal Budgeted Rejection Sampling for Generative Models", AISTATS 2024, https://arxiv.org/abs/2311.00460.
"""

import math
from typing import NamedTuple

import tensorflow as tf

from ganzoo.sampling.proposals import LogRatio, Propose
from ganzoo.sampling.rejection import Draws, accept_reject


class Budgets(NamedTuple):
    """What the constant of any budget follows from: of a burn-in, worked out once.

    Attributes:
        log_sums: log of the sum of the ratios up to each, in ascending order; float32 [..., n].
        accepted: how many are accepted in the mean where the scale brings each in turn to exactly 1; it falls along the
            order. float32 [..., n].
    """

    log_sums: tf.Tensor
    accepted: tf.Tensor


def budgets_of(burn_in: tf.Tensor) -> Budgets:
    """Of log ratios of proposals in ascending order, float32 [..., n]."""
    log_sums = tf.math.cumulative_logsumexp(burn_in, axis=-1)
    ones = tf.range(burn_in.shape[-1] - 1, -1, -1, tf.float32)  # how many lie beyond each, and are accepted for certain
    below = tf.where(tf.math.is_finite(burn_in), tf.exp(log_sums - burn_in), 1.0)
    return Budgets(log_sums, ones + below)


def log_scale(budgets: Budgets, budget: float | tf.Tensor) -> tf.Tensor:
    """log(c_K / M), where the mean over the burn-in of min(1, r(x) c_K / M) is 1/K.

    The mean is piecewise linear in the scale, so its root needs no bisection: with the ratios in ascending order and a
    scale that brings the first k to less than 1, the mean is (n - k + scale * (sum of those k)) / n.

    Args:
        budgets: of the burn-in.
        budget: K, mean proposals per sample, at least 1.

    Returns:
        float32 [...]. Where even accepting every possible proposal exceeds the budget, the scale that does so.
    """
    count = budgets.accepted.shape[-1]
    wanted = count / tf.maximum(tf.cast(budget, tf.float32), 1.0)
    first = tf.reduce_sum(tf.cast(budgets.accepted > wanted, tf.int32), axis=-1)  # it and those before stay below 1
    last = tf.minimum(first, count - 1)
    ones = tf.cast(count - 1 - last, tf.float32)
    below = tf.where(first < count, wanted - ones, wanted)
    return tf.math.log(below) - tf.gather(budgets.log_sums, last, axis=-1, batch_dims=last.shape.rank)


def budgeted_rejection(
    propose: Propose,
    log_ratio: LogRatio,
    num_samples: int | tf.Tensor,
    *,
    seed: tf.Tensor,
    budgets: Budgets,
    budget: float | tf.Tensor,
    batch_size: int,
    max_proposals: int | tf.Tensor,
) -> Draws:
    """Accepts x with probability min(1, r(x) c_K / M): of all rules that cost K proposals a sample, the one whose
    samples are closest to p_data in any f-divergence (Theorem 1).

    Args:
        propose: draws of p_g.
        log_ratio: log p_data/p_g up to a constant.
        num_samples: at least 1.
        seed: int32 [2].
        budgets: of the burn-in by which the budget is kept.
        budget: K, mean proposals per sample, at least 1.
        batch_size: most proposals per round; it changes no result.
        max_proposals: bound on all rounds together.
    """
    scale = log_scale(budgets, budget)
    return accept_reject(
        propose,
        log_ratio,
        lambda ratio, largest: tf.exp(tf.minimum(ratio + scale, 0.0)),
        num_samples,
        seed=seed,
        log_ratio_max=-math.inf,
        batch_size=batch_size,
        max_proposals=max_proposals,
        expected_rate=1.0 / budget,
    )
