"""Rejection sampling for a conditional generator: one accepted sample for each requested label."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from ganzoo import noise
from ganzoo.sampling import drs, obrs
from ganzoo.sampling.proposals import LogRatio, Propose, finite_or_impossible
from ganzoo.sampling.rejection import round_row_count

# (log ratio [rows], labels int64 [rows]) -> probability of acceptance [rows]
AcceptProbability = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class LabelledDraws(NamedTuple):
    """Accepted samples, in the order of the requested labels, and the number of proposals that they cost.

    Attributes:
        samples: float32 [n, ...]; n is less than the number of labels only if max_proposals was reached.
        labels: int64 [n].
        log_ratio: float32 [n].
        num_proposed: int32 [], proposals up to and including the last accepted one; all if max_proposals was reached.
        acceptance_rate: float32 [], n / num_proposed.
    """

    samples: tf.Tensor
    labels: tf.Tensor
    log_ratio: tf.Tensor
    num_proposed: tf.Tensor
    acceptance_rate: tf.Tensor


def accept_each(
    propose: Propose,
    log_ratio: LogRatio,
    accept_probability: AcceptProbability,
    labels: tf.Tensor,
    *,
    seed: tf.Tensor,
    batch_size: int,
    max_proposals: int | tf.Tensor,
    expected_rates: float | tf.Tensor = 0.5,
) -> LabelledDraws:
    """Proposes until each label has a sample, or `max_proposals` are spent.

    Every round deals its proposals out to the labels that still lack a sample; if few labels are left, each gets
    several. A label keeps its first accepted proposal. A round makes about as many proposals as those labels will need.
    `batch_size` and `expected_rates` decide which proposal goes to which label; the samples' distribution is the same.

    Args:
        propose: draws of p_g(x | y).
        log_ratio: log p_data(x | y)/p_g(x | y), up to a constant for each label. NaN and +inf count as -inf.
        accept_probability: the rule.
        labels: int64 [num_samples], with num_samples at least 1.
        seed: int32 [2].
        batch_size: the largest number of proposals per round.
        max_proposals: the limit on the proposals of all rounds.
        expected_rates: the first guess at each label's acceptance rate, float32 [num_samples], or one for all labels.
    """
    uniform_seed = noise.fold_in(seed, noise.Purpose.ACCEPTANCES)
    max_proposals = tf.convert_to_tensor(max_proposals, tf.int32)
    expected_rate = 1.0 / tf.reduce_mean(1.0 / tf.maximum(expected_rates, 1e-6))

    def body(waiting, proposed, owners, samples, ratios):
        missing = tf.size(waiting)
        row_count = round_row_count(missing, tf.size(labels) - missing, proposed, expected_rate, batch_size)
        places = tf.range(row_count)
        slots = tf.gather(waiting, places % tf.size(waiting))
        slot_labels = tf.gather(labels, slots)
        batch = propose(seed, proposed, row_count, slot_labels)
        ratio = finite_or_impossible(log_ratio(batch, slot_labels))
        probability = tf.where(tf.math.is_inf(ratio), 0.0, accept_probability(ratio, slot_labels))
        accepted = noise.uniform(uniform_seed, row_count, first_row=proposed) < probability
        accepted &= proposed + places < max_proposals

        first = tf.math.unsorted_segment_min(tf.where(accepted, places, row_count), slots, tf.size(labels))
        kept = accepted & (tf.gather(first, slots) == places)
        still_waiting = tf.boolean_mask(waiting, tf.gather(first, waiting) >= row_count)
        last = tf.reduce_max(tf.where(kept, places, -1)) + 1
        index = samples.size()
        return (
            still_waiting,
            tf.minimum(proposed + tf.where(tf.size(still_waiting) > 0, row_count, last), max_proposals),
            owners.write(index, tf.boolean_mask(slots, kept)),
            samples.write(index, tf.boolean_mask(batch, kept)),
            ratios.write(index, tf.boolean_mask(ratio, kept)),
        )

    sample_shape = propose(seed, tf.constant(0), 4, tf.tile(labels[:1], [4])).shape[1:]
    growing = dict(size=0, dynamic_size=True, infer_shape=False)
    start = (
        tf.range(tf.size(labels)),
        tf.constant(0),
        tf.TensorArray(tf.int32, **growing, element_shape=[None]),
        tf.TensorArray(tf.float32, **growing, element_shape=[None, *sample_shape]),
        tf.TensorArray(tf.float32, **growing, element_shape=[None]),
    )
    _, proposed, owners, samples, ratios = tf.while_loop(
        lambda waiting, proposed, *_: (tf.size(waiting) > 0) & (proposed < max_proposals),
        body,
        start,
        shape_invariants=(tf.TensorShape([None]), tf.TensorShape([]), *[tf.TensorShape(None)] * 3),
    )
    owners = owners.concat()
    order = tf.argsort(owners)
    filled = tf.gather(owners, order)
    rate = tf.cast(tf.size(filled), tf.float32) / tf.cast(proposed, tf.float32)
    return LabelledDraws(
        tf.gather(samples.concat(), order), tf.gather(labels, filled), tf.gather(ratios.concat(), order), proposed, rate
    )


def discriminator_rejection(
    propose: Propose,
    log_ratio: LogRatio,
    labels: tf.Tensor,
    *,
    seed: tf.Tensor,
    burn_in: tf.Tensor,
    gamma_percentile: float | tf.Tensor,
    maximum_percentile: float = 100.0,
    batch_size: int,
    max_proposals: int | tf.Tensor,
) -> LabelledDraws:
    """`drs.discriminator_rejection` within each class: the class's own burn-in sets its maximum and its gamma.

    A log ratio above its class's maximum counts as equal to the maximum and does not raise it for later proposals.

    Args:
        burn_in: log ratios in ascending order, float32 [num_classes, n].

    The other arguments are described in `drs.discriminator_rejection` and `accept_each`.
    """

    def probability(ratio, labels):
        largest = tf.maximum(tf.gather(burn_in[:, -1], labels), ratio)
        return drs.acceptance_probability(ratio, largest, burn_in, gamma_percentile, maximum_percentile, labels)

    rates = tf.gather(drs.expected_acceptance(burn_in, gamma_percentile, maximum_percentile), labels)
    bounds = dict(seed=seed, batch_size=batch_size, max_proposals=max_proposals, expected_rates=rates)
    return accept_each(propose, log_ratio, probability, labels, **bounds)


def budgeted_rejection(
    propose: Propose,
    log_ratio: LogRatio,
    labels: tf.Tensor,
    *,
    seed: tf.Tensor,
    budgets: obrs.Budgets,
    budget: float | tf.Tensor,
    batch_size: int,
    max_proposals: int | tf.Tensor,
) -> LabelledDraws:
    """`obrs.budgeted_rejection` within each class: every class costs the budget in the mean.

    Args:
        budgets: the sums of each class's burn-in, [num_classes, n].

    The other arguments are described in `obrs.budgeted_rejection` and `accept_each`.
    """
    scales = obrs.log_scale(budgets, budget)

    def probability(ratio, labels):
        return tf.exp(tf.minimum(ratio + tf.gather(scales, labels), 0.0))

    bounds = dict(seed=seed, batch_size=batch_size, max_proposals=max_proposals, expected_rates=1.0 / budget)
    return accept_each(propose, log_ratio, probability, labels, **bounds)
