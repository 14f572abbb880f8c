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
        num_proposed: int32 [], the number of chains times their length.
        acceptance_rate: float32 [], the share of the proposals that a chain moved to.
        num_restarted: int32 [], the chains that never left the real's score and ran again from their first fake.
    """

    samples: tf.Tensor
    log_ratio: tf.Tensor
    num_proposed: tf.Tensor
    acceptance_rate: tf.Tensor
    num_restarted: tf.Tensor


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
    no fake to return. It runs again from its first fake, on the same proposals and uniforms.

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
    uniform_seed = noise.fold_in(seed, noise.Purpose.ACCEPTANCES)
    start_seed = noise.fold_in(seed, noise.Purpose.CHAIN_STARTS)
    few_labels = () if labels is None else (tf.tile(labels[:1], [4]),)
    sample_shape = propose(seed, tf.constant(0), 4, *few_labels).shape[1:]

    def block(number, samples, ratios, moves, restarted):
        first = number * batch_size
        row_count = batch_row_count(num_chains - first, batch_size)
        is_asked_for = first + tf.range(row_count) < num_chains
        block_labels = () if labels is None else (labels_from(labels, first, row_count),)
        pick = noise.uniform(start_seed, row_count, first_row=first) * start_log_ratios.shape[-1]
        pick = tf.cast(pick, tf.int32)

        def proposal(k, current, ratio, has_moved, again, again_ratio, moves):
            first_row = k * max_chains + first
            candidate = propose(seed, first_row, row_count, *block_labels)
            candidate_ratio = finite_or_impossible(log_ratio(candidate, *block_labels))
            uniform = noise.uniform(uniform_seed, row_count, first_row=first_row)
            moved = _moves(candidate_ratio, ratio, uniform)
            moved_again = _moves(candidate_ratio, again_ratio, uniform) | (k == 0)
            return (
                k + 1,
                _where(moved, candidate, current),
                tf.where(moved, candidate_ratio, ratio),
                has_moved | moved,
                _where(moved_again, candidate, again),
                tf.where(moved_again, candidate_ratio, again_ratio),
                moves + tf.reduce_sum(tf.cast(moved & is_asked_for, tf.int32)),
            )

        nothing = tf.zeros([row_count, *sample_shape])
        starts = finite_or_impossible(start_log_ratios)
        start = tf.gather_nd(starts, tf.stack([*(tf.cast(label, tf.int32) for label in block_labels), pick], axis=1))
        unmoved = tf.zeros([row_count], tf.bool)
        _, current, ratio, has_moved, again, again_ratio, moves = tf.while_loop(
            lambda k, *_: k < chain_length,
            proposal,
            (tf.constant(0), nothing, start, unmoved, nothing, start, moves),
        )
        return (
            number + 1,
            samples.write(number, _where(has_moved, current, again)),
            ratios.write(number, tf.where(has_moved, ratio, again_ratio)),
            moves,
            restarted + tf.reduce_sum(tf.cast(~has_moved & is_asked_for, tf.int32)),
        )

    blocks = -(-num_chains // batch_size)
    _, samples, ratios, moves, restarted = tf.while_loop(
        lambda number, *_: number < blocks,
        block,
        (
            tf.constant(0),
            tf.TensorArray(tf.float32, blocks, infer_shape=False, element_shape=[None, *sample_shape]),
            tf.TensorArray(tf.float32, blocks, infer_shape=False, element_shape=[None]),
            tf.constant(0),
            tf.constant(0),
        ),
    )
    proposed = num_chains * chain_length
    rate = tf.cast(moves, tf.float32) / tf.cast(proposed, tf.float32)
    return Chains(samples.concat()[:num_chains], ratios.concat()[:num_chains], proposed, rate, restarted)


def _moves(candidate: tf.Tensor, current: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """u < r(x') / r(x). No chain moves to a log ratio of -inf, and every chain moves away from one."""
    gap = tf.where(tf.math.is_inf(current), 0.0, candidate - current)
    return (uniform < tf.exp(gap)) & tf.math.is_finite(candidate)


def _where(condition: tf.Tensor, one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.where(tf.reshape(condition, [-1] + [1] * (one.shape.rank - 1)), one, other)
