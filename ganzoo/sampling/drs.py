"""Discriminator rejection sampling.

Azadi et al., "Discriminator Rejection Sampling", ICLR 2019, https://arxiv.org/abs/1810.06758, Algorithm 1.
"""

import math

import tensorflow as tf

from ganzoo.sampling.proposals import LogRatio, Propose
from ganzoo.sampling.rejection import Draws, accept_reject

# The epsilon in the logarithm of F-hat. The paper does not give its size; public code has 1e-6 to 1e-8.
EPSILON = 1e-8


def f_hat(
    log_ratio: tf.Tensor, log_ratio_max: tf.Tensor, *, gamma: float | tf.Tensor = 0.0, epsilon: float = EPSILON
) -> tf.Tensor:
    """F-hat(x) = D~ - D~_M - log(1 - exp(D~ - D~_M - epsilon)) - gamma; x is accepted with probability sigmoid(F-hat).

    With gamma = epsilon = 0 the probability is exp(D~ - D~_M) = r(x)/M, plain rejection. A larger gamma accepts fewer.

    Args:
        log_ratio: the paper's D~, float32 of any shape, at most `log_ratio_max`.
        log_ratio_max: the paper's D~_M, in a shape that broadcasts.
    """
    gap = log_ratio - log_ratio_max
    return gap - _log_complement(gap, epsilon) - gamma


def acceptance_probability(
    log_ratio: tf.Tensor,
    log_ratio_max: tf.Tensor,
    burn_in: tf.Tensor,
    gamma_percentile: float | tf.Tensor,
    maximum_percentile: float = 100.0,
    labels: tf.Tensor | None = None,
) -> tf.Tensor:
    """sigmoid(F-hat) with gamma at a percentile of F over the burn-in.

    F grows with D~, so the percentile of F is F at the percentile of D~. The burn-in keeps D~, and gamma follows the
    running maximum. (The paper takes the percentile within each batch, which makes a sample depend on its neighbours.)

    Args:
        log_ratio: float32 [rows].
        log_ratio_max: float32 [rows] or [].
        burn_in: log ratios in ascending order, float32 [n], or with labels [num_classes, n].
        gamma_percentile: in [0, 100].
        maximum_percentile: in (0, 100]. Log ratios above this percentile of the burn-in, new ones included, count as
            equal to the percentile, so outliers cannot raise the maximum. 100 is the paper's choice; one outlier can
            then raise the maximum until almost no other sample is accepted.
        labels: int64 [rows], which select the row of the burn-in; None for a model without classes.
    """
    bounds = threshold_and_maximum(log_ratio_max, burn_in, gamma_percentile, maximum_percentile, labels)
    return probability_within(log_ratio, *bounds)


def threshold_and_maximum(
    log_ratio_max: tf.Tensor,
    burn_in: tf.Tensor,
    gamma_percentile: float | tf.Tensor,
    maximum_percentile: float = 100.0,
    labels: tf.Tensor | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """The two numbers that `probability_within` compares a log ratio with; see `acceptance_probability`.

    Returns:
        The threshold T, the log ratio at `gamma_percentile`, float32 [], or [rows] with labels. F(T) is gamma.
        The maximum D~_M, which is `log_ratio_max`, broadcast with T. If `maximum_percentile` is below 100, neither
        number exceeds the burn-in's log ratio at `maximum_percentile`.
    """

    def burn_in_percentile(percent):
        value = percentile(burn_in, percent)
        return value if labels is None else tf.gather(value, labels)

    threshold = burn_in_percentile(gamma_percentile)
    if maximum_percentile < 100.0:
        largest = burn_in_percentile(maximum_percentile)
        threshold, log_ratio_max = tf.minimum(threshold, largest), tf.minimum(log_ratio_max, largest)
    return threshold, log_ratio_max


def probability_within(log_ratio: tf.Tensor, threshold: tf.Tensor, maximum: tf.Tensor) -> tf.Tensor:
    """sigmoid(F(min(D~, D~_M)) - F(T)) with F(x) = x - D~_M - log(1 - exp(x - D~_M - epsilon)): 1/2 where D~ is T.

    Args:
        log_ratio: D~, float32 of any shape.
        threshold: T, at most `maximum`, in a shape that broadcasts.
        maximum: D~_M, in a shape that broadcasts.
    """
    log_ratio = tf.minimum(log_ratio, maximum)
    # D~_M cancels in F(D~) - F(T), so it is left out: far below D~_M, float32 would round the other terms away.
    misses = _log_complement(log_ratio - maximum, EPSILON) - _log_complement(threshold - maximum, EPSILON)
    return tf.sigmoid(log_ratio - threshold - misses)


def discriminator_rejection(
    propose: Propose,
    log_ratio: LogRatio,
    num_samples: int | tf.Tensor,
    *,
    seed: tf.Tensor,
    burn_in: tf.Tensor,
    gamma_percentile: float | tf.Tensor,
    maximum_percentile: float = 100.0,
    batch_size: int,
    max_proposals: int | tf.Tensor,
) -> Draws:
    """Algorithm 1 with its burn-in done beforehand, as one bounded loop.

    Args:
        propose: draws of p_g.
        log_ratio: log p_data/p_g up to a constant, the paper's D~.
        num_samples: at least 1.
        seed: int32 [2].
        burn_in: log ratios of proposals in ascending order; their maximum is D~_M until a larger one is proposed.
        gamma_percentile: in [0, 100]; the paper has 95 on 25 Gaussians and 80 on ImageNet.
        maximum_percentile: in (0, 100]; see `acceptance_probability`.
        batch_size: the largest number of proposals per round; it changes no result.
        max_proposals: the limit on the proposals of all rounds.
    """
    return accept_reject(
        propose,
        log_ratio,
        lambda ratio, largest: acceptance_probability(ratio, largest, burn_in, gamma_percentile, maximum_percentile),
        num_samples,
        seed=seed,
        log_ratio_max=burn_in[-1],
        batch_size=batch_size,
        max_proposals=max_proposals,
        expected_rate=tf.reduce_mean(expected_acceptance(burn_in[None], gamma_percentile, maximum_percentile)),
    )


def expected_acceptance(
    burn_in: tf.Tensor, gamma_percentile: float | tf.Tensor, maximum_percentile: float = 100.0, few: int = 256
) -> tf.Tensor:
    """Estimates the share of each class's proposals that will be accepted, float32 [num_classes].

    Args:
        burn_in: log ratios in ascending order, float32 [num_classes, n].
        gamma_percentile: as in `acceptance_probability`.
        maximum_percentile: as in `acceptance_probability`.
        few: about how many of each class's log ratios the estimate uses.
    """
    every = max(1, burn_in.shape[-1] // few)
    typical = tf.transpose(burn_in[:, every // 2 :: every])  # rows of all classes, as `acceptance_probability` takes
    classes = tf.range(tf.shape(burn_in)[0])
    labels = tf.broadcast_to(classes, tf.shape(typical))
    maximum = tf.broadcast_to(burn_in[:, -1], tf.shape(typical))
    probability = acceptance_probability(typical, maximum, burn_in, gamma_percentile, maximum_percentile, labels)
    return tf.reduce_mean(tf.where(tf.math.is_inf(typical), 0.0, probability), axis=0)


def percentile(ascending: tf.Tensor, percent: float | tf.Tensor) -> tf.Tensor:
    """The percentile along the last axis of ascending values, float32 [..., n] to [...], interpolated as NumPy does."""
    last = ascending.shape[-1] - 1
    position = tf.cast(percent, tf.float32) / 100.0 * last
    below = tf.clip_by_value(tf.cast(tf.floor(position), tf.int32), 0, last)
    above = tf.minimum(below + 1, last)
    weight = position - tf.cast(below, tf.float32)
    upper = tf.where(weight > 0.0, weight * tf.gather(ascending, above, axis=-1), 0.0)  # 0 * -inf would be NaN
    return (1.0 - weight) * tf.gather(ascending, below, axis=-1) + upper


def _log_complement(gap: tf.Tensor, epsilon: float) -> tf.Tensor:
    """log(1 - exp(gap - epsilon)) for gaps up to 0.

    It is computed as log(1 - exp(gap) + exp(gap) (1 - exp(-epsilon))). The plain form fails: TensorFlow's compiler
    rewrites x - M - epsilon as x - (M + epsilon), which float32 rounds to x - M, and the best sample would get log(0).
    """
    return tf.math.log(-tf.math.expm1(gap) - tf.exp(gap) * math.expm1(-epsilon))
