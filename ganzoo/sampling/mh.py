"""Metropolis-Hastings GAN: independence chains over the generator's samples.

Turner et al., "Metropolis-Hastings Generative Adversarial Networks", ICML 2019, https://arxiv.org/abs/1811.11357,
Algorithm 1.
"""

from typing import NamedTuple

import tensorflow as tf

from ganzoo import noise
from ganzoo.sampling.proposals import LogRatio, Propose, batch_row_count, finite_or_impossible, labels_from


class Chains(NamedTuple):
    """The last states of the chains.

    Attributes:
        samples: float32 [num_chains, ...].
        log_ratio: float32 [num_chains].
        num_proposed: int32 [], the number of chains, with those that ran again, times their length.
        acceptance_rate: float32 [], the share of the proposals that a chain moved to.
        num_restarted: int32 [], the chains that never left the real's score and ran again.
    """

    samples: tf.Tensor
    log_ratio: tf.Tensor
    num_proposed: tf.Tensor
    acceptance_rate: tf.Tensor
    num_restarted: tf.Tensor


class _States(NamedTuple):
    """Chains after their last proposal: samples, log ratios and whether they moved, all [num_chains, ...], and the
    number of moves of all chains, int32 []."""

    samples: tf.Tensor
    log_ratio: tf.Tensor
    has_moved: tf.Tensor
    moves: tf.Tensor


def metropolis_hastings(
    propose: Propose,
    log_ratio: LogRatio,
    num_chains: int | tf.Tensor,
    *,
    seed: tf.Tensor,
    start_log_ratios: tf.Tensor,
    chain_length: int | tf.Tensor,
    batch_size: int,
    max_chains: int,
    labels: tf.Tensor | None = None,
) -> Chains:
    """Runs each chain for `chain_length` proposals; from x it moves to x' with probability min(1, r(x') / r(x)).

    A chain starts at the score of a held-out real, as if the chain had burnt in already. A chain that never moves has
    no fake to return. It runs again from a fake, on fresh proposals: its own were all bad ones.

    Args:
        propose: draws of p_g.
        log_ratio: log p_data/p_g up to a constant.
        num_chains: at least 1; each chain gives one sample.
        seed: int32 [2]. Proposal k of chain i is row k * max_chains + i of the seed's stream, for any batch size.
        start_log_ratios: log ratios of held-out reals, float32 [m], or with labels [num_classes, m].
        chain_length: K, at least 1; the paper has 640.
        batch_size: the largest number of chains that run side by side; it changes no result.
        max_chains: the limit on `num_chains`.
        labels: int64 [num_chains], the classes of the samples for a conditional generator; else None.
    """
    num_chains = tf.convert_to_tensor(num_chains, tf.int32)
    chain_length = tf.convert_to_tensor(chain_length, tf.int32)
    pick = noise.uniform(noise.fold_in(seed, noise.Purpose.CHAIN_STARTS), num_chains) * start_log_ratios.shape[-1]
    own_labels = () if labels is None else (tf.convert_to_tensor(labels),)
    places = [tf.cast(each, tf.int32) for each in (*own_labels, pick)]
    starts = tf.gather_nd(finite_or_impossible(start_log_ratios), tf.stack(places, axis=1))
    rows = [tf.TensorSpec([None], each.dtype) for each in (starts, *own_labels)]

    # A function of its own, so that a graph holds the loop once, not twice.
    @tf.function(input_signature=[tf.TensorSpec([2], tf.int32), *rows], autograph=False)
    def run(seed, starts, *labels):
        bounds = dict(chain_length=chain_length, batch_size=batch_size, max_chains=max_chains)
        return _run(propose, log_ratio, starts, seed=seed, labels=labels[0] if labels else None, **bounds)

    first = run(seed, starts, *own_labels)

    stuck = tf.where(~first.has_moved)  # [num_restarted, 1]
    num_restarted = tf.size(stuck, tf.int32)

    def run_again():
        fresh_seed, impossible = noise.fold_in(seed, noise.Purpose.RESTARTS), tf.fill([num_restarted], float("-inf"))
        return run(fresh_seed, impossible, *(tf.gather_nd(each, stuck) for each in own_labels))

    def as_they_are():
        return _States(first.samples[:0], first.log_ratio[:0], first.has_moved[:0], tf.constant(0))

    second = tf.cond(num_restarted > 0, run_again, as_they_are)
    proposed = tf.cast(num_chains + num_restarted, tf.int64) * tf.cast(chain_length, tf.int64)
    rate = tf.cast(first.moves + second.moves, tf.float32) / tf.cast(proposed, tf.float32)
    return Chains(
        tf.tensor_scatter_nd_update(first.samples, stuck, second.samples),
        tf.tensor_scatter_nd_update(first.log_ratio, stuck, second.log_ratio),
        tf.cast(tf.minimum(proposed, tf.int32.max), tf.int32),
        rate,
        num_restarted,
    )


def _run(
    propose: Propose,
    log_ratio: LogRatio,
    starts: tf.Tensor,
    *,
    seed: tf.Tensor,
    chain_length: tf.Tensor,
    batch_size: int,
    max_chains: int,
    labels: tf.Tensor | None,
) -> _States:
    """Runs chains from log ratios, float32 [num_chains]. A chain from -inf moves to its first proposal, whatever it is.

    The arguments are described in `metropolis_hastings`.
    """
    num_chains = tf.size(starts)
    uniform_seed = noise.fold_in(seed, noise.Purpose.ACCEPTANCES)
    few_labels = () if labels is None else (tf.tile(labels[:1], [4]),)
    sample_shape = propose(seed, tf.constant(0), 4, *few_labels).shape[1:]

    def block(number, samples, ratios, has_moved, moves):
        first = number * batch_size
        row_count = batch_row_count(num_chains - first, batch_size)
        is_asked_for = first + tf.range(row_count) < num_chains
        block_labels = () if labels is None else (labels_from(labels, first, row_count),)
        start = tf.gather(starts, tf.minimum(first + tf.range(row_count), num_chains - 1))

        def proposal(k, current, ratio, has_moved, moves):
            first_row = k * max_chains + first
            candidate = propose(seed, first_row, row_count, *block_labels)
            candidate_ratio = finite_or_impossible(log_ratio(candidate, *block_labels))
            uniform = noise.uniform(uniform_seed, row_count, first_row=first_row)
            moved = _moves(candidate_ratio, ratio, uniform) | ((k == 0) & tf.math.is_inf(start))
            return (
                k + 1,
                _where(moved, candidate, current),
                tf.where(moved, candidate_ratio, ratio),
                has_moved | moved,
                moves + tf.reduce_sum(tf.cast(moved & is_asked_for, tf.int32)),
            )

        nothing, unmoved = tf.zeros([row_count, *sample_shape]), tf.zeros([row_count], tf.bool)
        _, current, ratio, block_moved, moves = tf.while_loop(
            lambda k, *_: k < chain_length, proposal, (tf.constant(0), nothing, start, unmoved, moves)
        )
        return (
            number + 1,
            samples.write(number, current),
            ratios.write(number, ratio),
            has_moved.write(number, block_moved),
            moves,
        )

    blocks = -(-num_chains // batch_size)
    _, samples, ratios, has_moved, moves = tf.while_loop(
        lambda number, *_: number < blocks,
        block,
        (
            tf.constant(0),
            tf.TensorArray(tf.float32, blocks, infer_shape=False, element_shape=[None, *sample_shape]),
            tf.TensorArray(tf.float32, blocks, infer_shape=False, element_shape=[None]),
            tf.TensorArray(tf.bool, blocks, infer_shape=False, element_shape=[None]),
            tf.constant(0),
        ),
    )
    last_states = (array.concat()[:num_chains] for array in (samples, ratios, has_moved))
    return _States(*last_states, moves)


def _moves(candidate: tf.Tensor, current: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """u < r(x') / r(x). No chain moves to a log ratio of -inf, and every chain moves away from one."""
    gap = tf.where(tf.math.is_inf(current), 0.0, candidate - current)
    return (uniform < tf.exp(gap)) & tf.math.is_finite(candidate)


def _where(condition: tf.Tensor, one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.where(tf.reshape(condition, [-1] + [1] * (one.shape.rank - 1)), one, other)
