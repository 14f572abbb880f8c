"""Rejection sampling as one bounded loop; the samplers differ in their rule of acceptance."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from ganzoo import noise
from ganzoo.sampling.proposals import LogRatio, Propose, finite_or_impossible, rows_of_batch

# (log ratio [rows], the largest one seen up to and including each row [rows]) -> probability of acceptance [rows]
AcceptProbability = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
BELIEF = 16.0  # proposals that the rate expected beforehand counts for, beside those that have been made


class Draws(NamedTuple):
    """Accepted samples and what they cost.

    Attributes:
        samples: float32 [n, ...], in the order of proposal; n < num_samples only where max_proposals ran out.
        log_ratio: float32 [n].
        num_proposed: int32 [], proposals up to and including the last one accepted (all of them where they ran out).
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

    Exact if `log_ratio_max` is a true upper bound; the acceptance rate is then 1/M. A proposal beyond it raises M for
    itself and for all that follow.
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

    A round proposes about as many as what is missing is going to take, so that one sample does not pay for a whole
    batch. Proposal i is row i of the seed's streams in whatever round it is made, so the rounds enter no result (beyond
    the rounding of a network's kernels).

    Args:
        propose: draws of p_g.
        log_ratio: log p_data/p_g up to a constant. NaN and +inf count as -inf, which is never accepted.
        accept_probability: the rule. Its second argument is the running maximum, row by row as in a sequential
            algorithm, so that the batch size does not enter.
        num_samples: at least 1.
        seed: int32 [2].
        log_ratio_max: where the running maximum starts.
        batch_size: most proposals per round.
        max_proposals: bound on all rounds together.
        expected_rate: the first guess at the share of the proposals that is accepted; it sizes the rounds, no more.
    """
    uniform_seed = noise.fold_in(seed, noise.Request.UNIFORMS)
    num_samples = tf.convert_to_tensor(num_samples, tf.int32)
    max_proposals = tf.convert_to_tensor(max_proposals, tf.int32)

    def body(count, proposed, largest, samples, ratios):
        rows = rows_of_round(num_samples - count, count, proposed, expected_rate, batch_size)
        batch = propose(seed, proposed, rows)
        ratio = finite_or_impossible(log_ratio(batch))
        running = running_maximum(ratio, largest)
        probability = tf.where(tf.math.is_inf(ratio), 0.0, accept_probability(ratio, running))
        accepted = noise.uniform(uniform_seed, rows, first_row=proposed) < probability

        rank = count + tf.cumsum(tf.cast(accepted, tf.int32))
        within = proposed + tf.range(rows) < max_proposals
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

    row = propose(seed, tf.constant(0), 4).shape[1:]
    start = (
        tf.constant(0),
        tf.constant(0),
        tf.convert_to_tensor(log_ratio_max, tf.float32),
        tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False, element_shape=[None, *row]),
        tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False, element_shape=[None]),
    )
    count, proposed, _, samples, ratios = tf.while_loop(
        lambda count, proposed, *_: (count < num_samples) & (proposed < max_proposals), body, start
    )
    rate = tf.cast(count, tf.float32) / tf.cast(proposed, tf.float32)
    return Draws(samples.concat(), ratios.concat(), proposed, rate)


def rows_of_round(
    missing: tf.Tensor, count: tf.Tensor, proposed: tf.Tensor, expected_rate: float | tf.Tensor, batch_size: int
) -> tf.Tensor:
    """How many proposals, int32 [], the samples still missing are going to take, as a shape of `rows_of_batch`.

    Args:
        missing: int32 [], samples still to be accepted.
        count: int32 [], those accepted.
        proposed: int32 [], out of how many.
        expected_rate: what was expected of the acceptance rate before.
        batch_size: the most.
    """
    missing, count, proposed = (tf.cast(number, tf.float32) for number in (missing, count, proposed))
    rate = (count + BELIEF * expected_rate) / (proposed + BELIEF)
    return rows_of_batch(missing / tf.maximum(rate, 1e-6), batch_size)


def running_maximum(values: tf.Tensor, largest: float | tf.Tensor) -> tf.Tensor:
    """The largest of `largest` and the values up to and including each row, [rows], in log2(rows) vector operations;
    in two where, as nearly always, no value is larger."""
    rows = tf.shape(values)[0]

    def doubled(shift, values):
        before = tf.fill([tf.minimum(shift, rows)], float("-inf"))
        return 2 * shift, tf.maximum(values, tf.concat([before, values[: rows - tf.minimum(shift, rows)]], 0))

    def rising():
        start = (tf.constant(1), tf.maximum(values, largest))
        shapes = (tf.TensorShape([]), tf.TensorShape([None]))
        return tf.while_loop(lambda shift, _: shift < rows, doubled, start, shape_invariants=shapes)[1]

    return tf.cond(tf.reduce_max(values) > largest, rising, lambda: tf.fill([rows], tf.cast(largest, tf.float32)))
