"""Rejection sampling as one bounded loop. The samplers differ only in their acceptance rule."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from ganzoo import noise
from ganzoo.sampling.proposals import LogRatio, Propose, batch_row_count, finite_or_impossible

# (log ratio [rows], the largest one seen up to and including each row [rows]) -> probability of acceptance [rows]
AcceptProbability = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
PRIOR_PROPOSALS = 16.0  # the expected rate weighs as much as this many proposals already made


class Draws(NamedTuple):
    """Accepted samples and the number of proposals that they cost.

    Attributes:
        samples: float32 [n, ...], in the order of proposal; n < num_samples only if max_proposals was reached.
        log_ratio: float32 [n].
        num_proposed: int32 [], proposals up to and including the last accepted one; all if max_proposals was reached.
        acceptance_rate: float32 [], n / num_proposed.
    """

    samples: tf.Tensor
    log_ratio: tf.Tensor
    num_proposed: tf.Tensor
    acceptance_rate: tf.Tensor


def rejection(
    propose: Propose,
    log_ratio: LogRatio,
    num_samples: int | tf.Tensor,
    *,
    seed: tf.Tensor,
    log_ratio_max: float | tf.Tensor,
    batch_size: int,
    max_proposals: int | tf.Tensor,
) -> Draws:
    """Plain rejection sampling (von Neumann 1951): accept x with probability r(x) / M.

    Sampling is exact if `log_ratio_max` is a true upper bound; the acceptance rate is then 1/M. A proposal with a
    larger log ratio raises M for itself and for all later proposals.
    """
    return accept_reject(
        propose,
        log_ratio,
        lambda ratio, largest: tf.exp(ratio - largest),
        num_samples,
        seed=seed,
        log_ratio_max=log_ratio_max,
        batch_size=batch_size,
        max_proposals=max_proposals,
    )


def accept_reject(
    propose: Propose,
    log_ratio: LogRatio,
    accept_probability: AcceptProbability,
    num_samples: int | tf.Tensor,
    *,
    seed: tf.Tensor,
    log_ratio_max: float | tf.Tensor,
    batch_size: int,
    max_proposals: int | tf.Tensor,
    expected_rate: float | tf.Tensor = 0.5,
) -> Draws:
    """Proposes until `num_samples` are accepted, or `max_proposals` are spent.

    A round makes about as many proposals as the missing samples will need, so a request for one sample does not pay for
    a whole batch. Proposal i is row i of the seed's streams in any round, so the rounds change no result beyond the
    rounding in a network's kernels.

    Args:
        propose: draws of p_g.
        log_ratio: log p_data/p_g up to a constant. NaN and +inf count as -inf, which is never accepted.
        accept_probability: the rule. Its second argument is the running maximum at each row, as in a sequential
            algorithm, so the batch size changes no result.
        num_samples: at least 1.
        seed: int32 [2].
        log_ratio_max: the start of the running maximum.
        batch_size: the largest number of proposals per round.
        max_proposals: the limit on the proposals of all rounds.
        expected_rate: the first guess at the acceptance rate; it only sets the sizes of the rounds.
    """
    uniform_seed = noise.fold_in(seed, noise.Purpose.ACCEPTANCES)
    num_samples = tf.convert_to_tensor(num_samples, tf.int32)
    max_proposals = tf.convert_to_tensor(max_proposals, tf.int32)

    def body(count, proposed, largest, samples, ratios):
        row_count = round_row_count(num_samples - count, count, proposed, expected_rate, batch_size)
        batch = propose(seed, proposed, row_count)
        ratio = finite_or_impossible(log_ratio(batch))
        running = running_maximum(ratio, largest)
        probability = tf.where(tf.math.is_inf(ratio), 0.0, accept_probability(ratio, running))
        accepted = noise.uniform(uniform_seed, row_count, first_row=proposed) < probability

        rank = count + tf.cumsum(tf.cast(accepted, tf.int32))
        within = proposed + tf.range(row_count) < max_proposals
        accepted = accepted & within & (rank <= num_samples)
        # Rows are spent up to the one that completes the request.
        spent = tf.reduce_sum(tf.cast(within & ((rank < num_samples) | (accepted & (rank == num_samples))), tf.int32))
        index = samples.size()
        return (
            count + tf.reduce_sum(tf.cast(accepted, tf.int32)),
            proposed + spent,
            running[-1],
            samples.write(index, tf.boolean_mask(batch, accepted)),
            ratios.write(index, tf.boolean_mask(ratio, accepted)),
        )

    sample_shape = propose(seed, tf.constant(0), 4).shape[1:]
    start = (
        tf.constant(0),
        tf.constant(0),
        tf.convert_to_tensor(log_ratio_max, tf.float32),
        tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False, element_shape=[None, *sample_shape]),
        tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False, element_shape=[None]),
    )
    count, proposed, _, samples, ratios = tf.while_loop(
        lambda count, proposed, *_: (count < num_samples) & (proposed < max_proposals), body, start
    )
    rate = tf.cast(count, tf.float32) / tf.cast(proposed, tf.float32)
    return Draws(samples.concat(), ratios.concat(), proposed, rate)


def round_row_count(
    missing: tf.Tensor, count: tf.Tensor, proposed: tf.Tensor, expected_rate: float | tf.Tensor, batch_size: int
) -> tf.Tensor:
    """The number of proposals, int32 [], that the missing samples will need, rounded up by `batch_row_count`.

    Args:
        missing: int32 [], samples still to be accepted.
        count: int32 [], samples accepted so far.
        proposed: int32 [], proposals made so far.
        expected_rate: the acceptance rate expected before the first proposal.
        batch_size: the upper limit.
    """
    missing, count, proposed = (tf.cast(number, tf.float32) for number in (missing, count, proposed))
    rate = (count + PRIOR_PROPOSALS * expected_rate) / (proposed + PRIOR_PROPOSALS)
    return batch_row_count(missing / tf.maximum(rate, 1e-6), batch_size)


def running_maximum(values: tf.Tensor, largest: float | tf.Tensor) -> tf.Tensor:
    """The largest of `largest` and the values up to and including each row, [row_count].

    It takes log2(row_count) vector operations, or two if no value exceeds `largest`, which is the usual case.
    """
    row_count = tf.shape(values)[0]

    def doubled(shift, values):
        before = tf.fill([tf.minimum(shift, row_count)], float("-inf"))
        return 2 * shift, tf.maximum(values, tf.concat([before, values[: row_count - tf.minimum(shift, row_count)]], 0))

    def rising():
        start = (tf.constant(1), tf.maximum(values, largest))
        shapes = (tf.TensorShape([]), tf.TensorShape([None]))
        return tf.while_loop(lambda shift, _: shift < row_count, doubled, start, shape_invariants=shapes)[1]

    return tf.cond(tf.reduce_max(values) > largest, rising, lambda: tf.fill([row_count], tf.cast(largest, tf.float32)))
