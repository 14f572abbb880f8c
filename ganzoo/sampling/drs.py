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

    F depends on D~_M, so gamma follows the running maximum. (The paper takes the percentile within each batch, which
    makes a sample depend on its neighbours.)

    Args:
        log_ratio: float32 [rows].
        log_ratio_max: float32 [rows] or [].
        burn_in: log ratios in ascending order, float32 [n], or with labels [num_classes, n].
        gamma_percentile: in [0, 100]. Between two log ratios of the burn-in, gamma is interpolated between their F.
        maximum_percentile: in (0, 100]. Log ratios above this percentile of the burn-in, new ones included, count as
            equal to the percentile, so outliers cannot raise the maximum. 100 is the paper's choice; one outlier can
            then raise the maximum until almost no other sample is accepted.
        labels: int64 [rows], which select the row of the burn-in; None for a model without classes.
    """
    bounds = level_and_maximum(log_ratio_max, burn_in, gamma_percentile, maximum_percentile, labels)
    return probability_within(log_ratio, *bounds)


def level_and_maximum(
    log_ratio_max: tf.Tensor,
    burn_in: tf.Tensor,
    gamma_percentile: float | tf.Tensor,
    maximum_percentile: float = 100.0,
    labels: tf.Tensor | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """The two numbers that `probability_within` compares a log ratio with; see `acceptance_probability`.

    Returns:
        The level gamma + D~_M, float32 in the shape of the maximum.
        The maximum D~_M, which is `log_ratio_max`, with labels in the shape of labels. If `maximum_percentile` is below
        100, it does not exceed the burn-in's log ratio at `maximum_percentile`.
    """

    def own(value):
        return value if labels is None else tf.gather(value, labels)

    lower, upper, weight = _neighbours(burn_in, gamma_percentile)
    lower, upper = own(lower), own(upper)
    if maximum_percentile < 100.0:
        largest = own(percentile(burn_in, maximum_percentile))
        lower, upper, log_ratio_max = (tf.minimum(value, largest) for value in (lower, upper, log_ratio_max))
    return _between(_above(lower, log_ratio_max), _above(upper, log_ratio_max), weight), log_ratio_max


def threshold(level: tf.Tensor, maximum: tf.Tensor) -> tf.Tensor:
    """The log ratio T at which half of the proposals are accepted: F(T) is gamma, and T is at most the maximum.

    Args:
        level: gamma + D~_M, float32 of any shape.
        maximum: D~_M, in a shape that broadcasts.
    """
    return level - tf.nn.softplus(level - maximum - EPSILON)


def probability_within(log_ratio: tf.Tensor, level: tf.Tensor, maximum: tf.Tensor) -> tf.Tensor:
    """sigmoid(F(min(D~, D~_M)) - gamma) with F(x) = x - D~_M - log(1 - exp(x - D~_M - epsilon)).

    Args:
        log_ratio: D~, float32 of any shape.
        level: gamma + D~_M, in a shape that broadcasts.
        maximum: D~_M, in a shape that broadcasts.
    """
    return tf.sigmoid(_above(tf.minimum(log_ratio, maximum), maximum) - level)


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
    return _between(*_neighbours(ascending, percent))


def _neighbours(ascending: tf.Tensor, percent: float | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The two ascending values, float32 [...], that a percentile lies between, and the weight of the upper value."""
    last = ascending.shape[-1] - 1
    position = tf.cast(percent, tf.float32) / 100.0 * last
    below = tf.clip_by_value(tf.cast(tf.floor(position), tf.int32), 0, last)
    above = tf.minimum(below + 1, last)
    weight = position - tf.cast(below, tf.float32)
    return tf.gather(ascending, below, axis=-1), tf.gather(ascending, above, axis=-1), weight


def _between(lower: tf.Tensor, upper: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    return (1.0 - weight) * lower + tf.where(weight > 0.0, weight * upper, 0.0)  # 0 * -inf would be NaN


def _above(log_ratio: tf.Tensor, maximum: tf.Tensor) -> tf.Tensor:
    """F(x) + D~_M = x - log(1 - exp(x - D~_M - epsilon)).

    In differences of F, D~_M cancels. It is left out, because far below D~_M float32 would round the other terms away.
    """
    return log_ratio - _log_complement(log_ratio - maximum, EPSILON)


def _log_complement(gap: tf.Tensor, epsilon: float) -> tf.Tensor:
    """log(1 - exp(gap - epsilon)) for gaps up to 0.

    It is computed as log(1 - exp(gap) + exp(gap) (1 - exp(-epsilon))). The plain form fails: TensorFlow's compiler
    rewrites x - M - epsilon as x - (M + epsilon), which float32 rounds to x - M, and the best sample would get log(0)
    (findings/grappler_folds_constants.sh).
    """
    return tf.math.log(-tf.math.expm1(gap) - tf.exp(gap) * math.expm1(-epsilon))
