import math

import numpy as np
import pytest
import tensorflow as tf
from gaussians import SEED, assert_same, columns_of, half_as_wide, propose, propose_in_the_plane, quadrant
from scipy import stats

from ganzoo.sampling.mh import metropolis_hastings
from ganzoo.sampling.proposals import generate


def run(num_chains, chain_length, *, propose=propose, log_ratio=half_as_wide, starts=(0.0,), batch_size=512):
    return metropolis_hastings(
        propose,
        log_ratio,
        num_chains,
        seed=tf.constant(SEED),
        start_log_ratios=tf.constant(starts, tf.float32),
        chain_length=chain_length,
        batch_size=batch_size,
        max_chains=20_000,
    )


def scores_of_the_target(count=5000):
    points = np.random.default_rng(0).normal(0, 0.5, (count, 1)).astype(np.float32)
    return half_as_wide(tf.constant(points)).numpy()


def test_the_last_states_follow_the_target():
    """Proposals N(0, 1), target N(0, .5^2), 30 proposals a chain: a Kolmogorov-Smirnov test cannot tell 10,000."""
    samples = run(10_000, 30, starts=scores_of_the_target()).samples.numpy()[:, 0]
    assert stats.kstest(samples, stats.norm(0, 0.5).cdf).pvalue > 1e-3


def test_one_transition_leaves_the_target_invariant():
    """Chains whose start is a draw of the target stay distributed so, at any length: the log ratios tell."""
    starts = scores_of_the_target(20_000)
    chains = run(10_000, 1, starts=starts)
    never = int(chains.num_restarted)
    assert 0 < never < 10_000
    # Those that moved, and the starts of those that did not, are together a sample of the target again.
    moved = chains.log_ratio.numpy()
    share = 1 - never / 10_000
    expected = _probability_of_moving(starts)
    assert share == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / 10_000))
    assert np.isfinite(moved).all()


def test_in_the_plane_nothing_lies_where_the_target_is_zero():
    """The target is the positive quadrant: three of four proposals are impossible, and none is ever returned."""
    chains = run(500, 40, propose=propose_in_the_plane, log_ratio=quadrant, starts=[math.log(4.0)])
    assert (chains.samples.numpy() > 0).all()
    assert float(chains.acceptance_rate) == pytest.approx(0.25, abs=0.01)


def test_equal_ratios_move_at_every_proposal():
    """The last state is the last proposal of each chain."""
    chains = run(10, 5, log_ratio=lambda samples: tf.zeros([tf.shape(samples)[0]]))
    stream = generate(propose, 4 * 20_000 + 10, seed=tf.constant(SEED), batch_size=4096)
    np.testing.assert_array_equal(chains.samples, stream[-10:])
    assert float(chains.acceptance_rate) == 1.0
    assert int(chains.num_proposed) == 50
    assert int(chains.num_restarted) == 0


def test_a_chain_that_never_moves_is_run_again_from_its_first_fake_and_counted():
    """A start of 1e4 is never left: what returns is what chains from their first fakes return."""
    stuck = run(2000, 30, starts=[1e4])
    assert int(stuck.num_restarted) == 2000
    assert int(stuck.num_proposed) == 2 * 2000 * 30
    assert 0.0 < float(stuck.acceptance_rate) < 0.5
    assert np.isfinite(stuck.log_ratio).all()
    assert stats.kstest(stuck.samples.numpy()[:, 0], stats.norm(0, 0.5).cdf).pvalue > 1e-3


def test_a_chain_that_never_moves_runs_again_on_fresh_proposals():
    """Two proposals a chain, which starts nearly at the largest ratio: chains that stay there saw bad proposals alone.

    Run again, their samples are distributed as those of all chains from fakes, and none is a proposal of the first run.
    """
    chains = run(20_000, 2, starts=[math.log(2.0) - 1e-4])
    proposals = np.concatenate([propose(SEED, first, 20_000) for first in (0, 20_000)], axis=1)  # max_chains is 20,000
    restarted = ~(proposals == chains.samples.numpy()).any(axis=1)
    assert restarted.sum() == int(chains.num_restarted) > 3000
    from_fakes = run(20_000, 2, starts=[-math.inf])
    assert int(from_fakes.num_restarted) == 0
    assert stats.ks_2samp(chains.samples.numpy()[restarted, 0], from_fakes.samples.numpy()[:, 0]).pvalue > 1e-3


def test_a_restart_does_not_depend_on_the_batch_size_nor_on_later_chains():
    starts = [1e4, -5.0]
    expected = run(50, 6, starts=starts, batch_size=1)
    assert 0 < int(expected.num_restarted) < 50
    assert_same(run(50, 6, starts=starts, batch_size=16), expected)
    np.testing.assert_array_equal(run(70, 6, starts=starts, batch_size=64).samples[:50], expected.samples)


def test_no_result_depends_on_the_batch_size_nor_on_the_number_of_chains():
    expected = run(50, 6, starts=scores_of_the_target(), batch_size=1)
    assert_same(run(50, 6, starts=scores_of_the_target(), batch_size=16), expected)
    more = run(70, 6, starts=scores_of_the_target(), batch_size=64)
    np.testing.assert_array_equal(more.samples[:50], expected.samples)


@pytest.mark.parametrize("values", [[-1e4, 1e4] * 4, [-math.inf] * 8, [math.nan, 0.0] * 4])
@pytest.mark.parametrize("start", [0.0, math.inf, -math.inf])
def test_extreme_ratios_give_no_nan(values, start):
    numbers, lookup = columns_of(values)
    chains = run(10, 5, propose=numbers, log_ratio=lookup, starts=[start])
    assert not np.isnan(chains.log_ratio).any()
    assert not np.isnan(chains.samples).any()


def _probability_of_moving(starts):
    proposals = half_as_wide(tf.constant(np.random.default_rng(1).normal(size=(2000, 1)).astype(np.float32))).numpy()
    return np.minimum(1.0, np.exp(proposals[None] - starts[:2000, None])).mean()
