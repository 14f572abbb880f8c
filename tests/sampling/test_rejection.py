import functools
import math

import gaussians
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ganzoo import noise
from ganzoo.noise import Purpose
from ganzoo.sampling.rejection import accept_reject, rejection, running_maximum

SEED = gaussians.SEED
LARGE = 10_000_000  # proposals that never run out


def narrow(num_samples, *, seed=SEED, shift=0.0, max_proposals=LARGE, batch_size=256):
    """N(0, .5) out of N(0, 1), M = 2."""
    return rejection(
        gaussians.propose,
        lambda x: gaussians.half_as_wide(x) + shift,
        num_samples,
        seed=seed,
        log_ratio_max=math.log(2.0) + shift,
        batch_size=batch_size,
        max_proposals=max_proposals,
    )


@functools.cache
def twenty_thousand():
    return narrow(20_000, batch_size=4096)


def test_accepted_samples_follow_the_target():
    """Proposals N(0, 1), target N(0, .5): a Kolmogorov-Smirnov test cannot tell 20,000 accepted samples from it."""
    draws = twenty_thousand()
    assert draws.samples.shape == (20_000, 1)
    assert stats.kstest(draws.samples.numpy()[:, 0], stats.norm(scale=0.5).cdf).pvalue > 1e-3


def test_accepted_points_of_the_plane_follow_the_target():
    """N(0, .5 I) out of N(0, I), M = 4: squared radii are exponential, angles uniform, and the rate is 1/4."""
    draws = rejection(
        gaussians.propose_in_the_plane,
        gaussians.half_as_wide,
        20_000,
        seed=SEED,
        log_ratio_max=math.log(4.0),
        batch_size=4096,
        max_proposals=LARGE,
    )
    x, y = draws.samples.numpy().T
    assert stats.kstest(x**2 + y**2, stats.expon(scale=0.5).cdf).pvalue > 1e-3
    assert stats.kstest(np.arctan2(y, x), stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 1e-3
    assert stats.binomtest(20_000, int(draws.num_proposed), 1 / 4).pvalue > 1e-3


def test_where_the_target_is_nothing_nothing_is_accepted():
    """N(0, I) on one quadrant: all samples lie in it, half-normal in each coordinate, and the rate is 1/4."""
    draws = rejection(
        gaussians.propose_in_the_plane,
        gaussians.quadrant,
        5000,
        seed=SEED,
        log_ratio_max=math.log(4.0),
        batch_size=4096,
        max_proposals=LARGE,
    )
    assert (draws.samples.numpy() > 0).all()
    for coordinate in draws.samples.numpy().T:
        assert stats.kstest(coordinate, stats.halfnorm.cdf).pvalue > 1e-3
    assert stats.binomtest(5000, int(draws.num_proposed), 1 / 4).pvalue > 1e-3


def test_one_in_m_proposals_is_accepted():
    """M = 2: of 40,000 proposals as many are accepted as a binomial test believes of 1/2."""
    draws = narrow(LARGE, max_proposals=40_000, batch_size=4096)
    assert draws.num_proposed.numpy() == 40_000
    assert stats.binomtest(len(draws.samples), 40_000, 1 / 2).pvalue > 1e-3
    assert draws.acceptance_rate.numpy() == pytest.approx(len(draws.samples) / 40_000)


def test_samples_come_with_their_own_log_ratios():
    """Row by row."""
    draws = narrow(100)
    np.testing.assert_allclose(draws.log_ratio, gaussians.half_as_wide(draws.samples), rtol=1e-6)


def test_an_additive_constant_in_the_log_ratio_changes_nothing():
    """Samples and counts with all logits, and the bound, raised by 8."""
    draws, raised = narrow(1000), narrow(1000, shift=8.0)
    np.testing.assert_array_equal(raised.samples, draws.samples)
    assert raised.num_proposed == draws.num_proposed


@pytest.mark.parametrize("batch_size", [1, 3, 4, 32, 77, 256])
def test_results_do_not_depend_on_the_batch_size(batch_size):
    """Samples, log ratios, proposals and rate: those of the first 150 accepted one after the other."""
    gaussians.assert_same(narrow(150, batch_size=batch_size), narrow(150, batch_size=1000))


@pytest.mark.parametrize("batch_size", [1, 16, 33, 256])
def test_the_maximum_rises_within_a_batch_as_it_does_one_by_one(batch_size):
    """From a bound far too low: at any batch size the draws of the algorithm written as a plain loop."""
    proposals = gaussians.propose(SEED, 0, 400)
    ratios = gaussians.half_as_wide(proposals).numpy().astype(float)
    uniforms = noise.uniform(noise.fold_in(SEED, Purpose.ACCEPTANCES), 400).numpy()
    largest, accepted = -5.0, []
    for row, (ratio, uniform) in enumerate(zip(ratios, uniforms, strict=True)):
        largest = max(largest, ratio)
        if uniform < math.exp(ratio - largest):
            accepted.append(row)

    draws = rejection(
        gaussians.propose,
        gaussians.half_as_wide,
        LARGE,
        seed=SEED,
        log_ratio_max=-5.0,
        batch_size=batch_size,
        max_proposals=400,
    )
    np.testing.assert_array_equal(draws.samples, tf.gather(proposals, accepted))


def test_an_outlier_raises_the_maximum_for_itself_and_later_rows_only():
    """All ratios at the bound but row 20's, 50 above it: rows 0 to 20 are accepted and none of the next 40."""
    propose, log_ratio = gaussians.columns_of([0.0] * 20 + [50.0] + [0.0] * 43)
    draws = rejection(propose, log_ratio, 64, seed=SEED, log_ratio_max=0.0, batch_size=16, max_proposals=61)
    np.testing.assert_array_equal(draws.samples[:, 0], np.arange(21.0))


@pytest.mark.parametrize("rows", [1, 2, 5, 8, 33])
def test_the_running_maximum_is_numpys(rows):
    """numpy.maximum.accumulate, with -inf and ties among the values."""
    values = np.random.default_rng(rows).integers(-4, 4, rows).astype(np.float32)
    values[rows // 2 + 1 :: 3] = -np.inf
    for largest in (-np.inf, -1.0, 9.0):
        expected = np.maximum(np.maximum.accumulate(values), np.float32(largest))
        np.testing.assert_array_equal(running_maximum(tf.constant(values), largest), expected)


def test_asking_for_more_gives_the_same_samples_first():
    """40 of one seed are the first 40 of 150; the proposals up to the 40th accepted are counted, no more."""
    few, many = narrow(40), narrow(150)
    np.testing.assert_array_equal(few.samples, many.samples[:40])
    at_last = gaussians.propose(SEED, int(few.num_proposed) - 1, 1)
    np.testing.assert_array_equal(few.samples[-1], at_last[0])


@pytest.mark.parametrize("batch_size", [1, 32, 64])
def test_when_proposals_run_out_only_the_accepted_are_returned(batch_size):
    """50 proposals for 1,000 samples: fewer rows, all 50 counted, and they are the first rows of the unbounded call."""
    draws = narrow(1000, max_proposals=50, batch_size=batch_size)
    unbounded = narrow(1000)
    assert draws.num_proposed.numpy() == 50
    assert 0 < len(draws.samples) < 50
    np.testing.assert_array_equal(draws.samples, unbounded.samples[: len(draws.samples)])
    assert draws.acceptance_rate.numpy() == pytest.approx(len(draws.samples) / 50)


def test_when_nothing_is_acceptable_nothing_is_returned():
    """All log ratios -inf: no rows, of the samples' shape, at rate 0."""
    draws = rejection(
        gaussians.propose_in_the_plane,
        lambda x: tf.fill([x.shape[0]], -math.inf),
        5,
        seed=SEED,
        log_ratio_max=0.0,
        batch_size=8,
        max_proposals=100,
    )
    assert (draws.samples.shape, draws.log_ratio.shape) == ((0, 2), (0,))
    assert (draws.num_proposed.numpy(), draws.acceptance_rate.numpy()) == (100, 0.0)


def test_no_rule_can_accept_a_broken_row():
    """Under a rule that accepts everything: of 0, NaN, -inf and 1, again and again, 0 and 1."""
    propose, log_ratio = gaussians.columns_of([0.0, math.nan, -math.inf, 1.0])
    draws = accept_reject(
        propose, log_ratio, lambda ratio, largest: tf.ones_like(ratio), 10, seed=SEED, log_ratio_max=0.0, batch_size=8,
        max_proposals=100,
    )  # fmt: skip
    np.testing.assert_array_equal(draws.log_ratio, [0.0, 1.0] * 5)
    assert draws.num_proposed.numpy() == 20


def test_a_graph_draws_what_eager_code_draws():
    """Number, seed and bound are tensors there, as in an export."""
    numbers = [tf.TensorSpec([], tf.int32), tf.TensorSpec([2], tf.int32), tf.TensorSpec([], tf.int32)]

    @tf.function(autograph=False, input_signature=numbers)
    def draw(num_samples, seed, max_proposals):
        return narrow(num_samples, seed=seed, max_proposals=max_proposals, batch_size=32)

    gaussians.assert_same(draw(60, SEED, LARGE), narrow(60))
    gaussians.assert_same(draw(60, SEED, 33), narrow(60, max_proposals=33))


EXTREME = st.one_of(st.sampled_from([-1e4, 0.0, 1e4, math.nan, math.inf, -math.inf]), st.floats(-1e4, 1e4, width=32))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(values=st.lists(EXTREME, min_size=12, max_size=12), log_ratio_max=st.sampled_from([-1e4, 0.0, 1e4]))
def test_extreme_logits_neither_hang_nor_pass_as_samples(values, log_ratio_max):
    """Whatever 12 log ratios repeat: the call ends, its counts hold, and no row of ratio NaN or -inf is accepted."""
    propose, log_ratio = gaussians.columns_of(values)
    draws = rejection(propose, log_ratio, 4, seed=SEED, log_ratio_max=log_ratio_max, batch_size=16, max_proposals=48)
    count, proposed = len(draws.samples), int(draws.num_proposed)
    assert (count == 4 and proposed <= 48) or (count < 4 and proposed == 48)
    assert draws.acceptance_rate.numpy() == pytest.approx(count / proposed)
    assert np.isfinite(draws.log_ratio).all()
    assert not {row % 12 for row in draws.samples.numpy()[:, 0].astype(int)} & {
        row for row, value in enumerate(values) if math.isnan(value) or value == -math.inf
    }


def test_equal_logits_at_the_maximum_are_all_accepted():
    """r = M everywhere: the target is the generator, and every proposal is a sample; so too at 1e4."""
    for value in (0.0, 1e4, -1e4):
        propose, log_ratio = gaussians.columns_of([value] * 8)
        draws = rejection(propose, log_ratio, 30, seed=SEED, log_ratio_max=value, batch_size=16, max_proposals=100)
        np.testing.assert_array_equal(draws.samples[:, 0], np.arange(30.0))
        assert draws.acceptance_rate.numpy() == 1.0


def rounds(num_samples, expected_rate, **bounds):
    """Rows proposed in each round for N(0, .5) out of N(0, 1), of which half are accepted."""
    asked = []

    def propose(seed, first_row, rows):
        asked.append(int(rows))
        return gaussians.propose(seed, first_row, rows)

    draws = accept_reject(
        propose,
        gaussians.half_as_wide,
        lambda ratio, largest: tf.exp(ratio - largest),
        num_samples,
        seed=SEED,
        log_ratio_max=math.log(2.0),
        batch_size=256,
        expected_rate=expected_rate,
        **dict(max_proposals=LARGE) | bounds,
    )
    assert len(draws.samples) == num_samples
    return asked[1:], int(draws.num_proposed)  # the first is for the shape


def test_rounds_are_as_large_as_what_is_missing():
    """One sample begins with 2 proposals; of 1,000 whole batches come first, then what the last ones take."""
    asked, proposed = rounds(1, expected_rate=0.5)
    assert asked[0] == 2
    assert sum(asked) <= proposed + 2
    asked, proposed = rounds(1000, expected_rate=0.5)
    assert asked[:6] == [256] * 6
    assert sum(asked) - proposed < 64


@pytest.mark.parametrize("expected_rate", [0.0, 1e-3, 0.25, 1.0])
def test_what_was_expected_of_the_rate_changes_no_result(expected_rate):
    """The samples of 150 are proposed in other rounds, and are the same."""
    _, proposed = rounds(150, expected_rate)
    assert proposed == narrow(150).num_proposed


def test_a_rate_that_was_expected_too_high_is_learned():
    """A tenth of the proposals are accepted, all were expected to be: 8 samples within some twenty rounds."""
    asked = []

    def propose(seed, first_row, rows):
        asked.append(int(rows))
        return gaussians.propose(seed, first_row, rows)

    accept_reject(
        propose,
        gaussians.half_as_wide,
        lambda ratio, largest: tf.fill(tf.shape(ratio), 0.1),
        8,
        seed=SEED,
        log_ratio_max=0.0,
        batch_size=256,
        max_proposals=LARGE,
        expected_rate=1.0,
    )
    assert len(asked) < 20
