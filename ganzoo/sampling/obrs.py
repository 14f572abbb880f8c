"""Optimal budgeted rejection sampling.

Verine et al., "Optimal Budgeted Rejection Sampling for Generative Models", AISTATS 2024, https://arxiv.org/abs/2311.00460.
"""

import math
from typing import NamedTuple

import tensorflow as tf

from ganzoo.sampling.proposals import LogRatio, Propose
from ganzoo.sampling.rejection import Draws, accept_reject


class Budgets(NamedTuple):
    """Sums over a burn-in, computed once, from which `log_scale` finds the constant for any budget.

    Attributes:
        log_ratios: float32 [..., n], the burn-in, ascending.
        log_sums: float32 [..., n]; entry k is the log of the sum of the k + 1 smallest ratios.
        accepted: float32 [..., n], falling; entry k is the mean number of accepted proposals if the scale brings ratio
            k to exactly 1.
    """

    log_ratios: tf.Tensor
    log_sums: tf.Tensor
    accepted: tf.Tensor


def budgets_of(burn_in: tf.Tensor) -> Budgets:
    """The budgets of a burn-in: log ratios of proposals in ascending order, float32 [..., n]."""
    log_sums = tf.math.cumulative_logsumexp(burn_in, axis=-1)
    ones = tf.range(burn_in.shape[-1] - 1, -1, -1, tf.float32)  # the larger ratios, which are accepted for certain
    below = tf.where(tf.math.is_finite(burn_in), tf.exp(log_sums - burn_in), 1.0)
    return Budgets(burn_in, log_sums, ones + below)


def log_scale(budgets: Budgets, budget: float | tf.Tensor) -> tf.Tensor:
    """log(c_K / M), where the mean over the burn-in of min(1, r(x) c_K / M) is 1/K.

    The mean is piecewise linear in the scale, so no bisection is needed. Take the ratios in ascending order. If the
    scale leaves the first k ratios below 1, the mean is (n - k + scale * (sum of the first k ratios)) / n. On the
    burn-in the mean acceptance is 1/K to a relative error of 1e-5.

    Args:
        budgets: the burn-in's sums.
        budget: K, the mean number of proposals per sample, at least 1.

    Returns:
        float32 [...]. If too few proposals are possible to meet the budget, the scale accepts every possible one.
    """

    def count_of(condition):
        return tf.reduce_sum(tf.cast(condition, tf.int32), axis=-1)

    def entry(values, index):
        return tf.gather(values, index, axis=-1, batch_dims=index.shape.rank)

    count = budgets.accepted.shape[-1]
    target = count / tf.maximum(tf.cast(budget, tf.float32), 1.0)  # proposals of the burn-in to accept in the mean
    impossible = count_of(tf.math.is_inf(budgets.log_sums))
    below = tf.maximum(count_of(budgets.accepted > target), impossible + 1)  # the number of ratios scaled below 1
    below = tf.minimum(below, count)
    share = tf.maximum(target - tf.cast(count - below, tf.float32), 0.0)
    scale = tf.math.log(share) - entry(budgets.log_sums, below - 1)
    # The next ratio is scaled to 1 or more, even where the smaller ratios are too small for their sum to count.
    least = tf.where(below < count, -entry(budgets.log_ratios, tf.minimum(below, count - 1)), -math.inf)
    return tf.maximum(scale, least)


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
    """Accepts x with probability min(1, r(x) c_K / M).

    Of all rules that cost K proposals per sample, this rule's samples are closest to p_data in any f-divergence
    (Theorem 1).

    Args:
        propose: draws of p_g.
        log_ratio: log p_data/p_g up to a constant.
        num_samples: at least 1.
        seed: int32 [2].
        budgets: the burn-in's sums.
        budget: K, the mean number of proposals per sample, at least 1.
        batch_size: the largest number of proposals per round; it changes no result.
        max_proposals: the limit on the proposals of all rounds.
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
