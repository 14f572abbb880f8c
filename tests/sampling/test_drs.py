import functools
import math

import gaussians
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from ganzoo import noise
from ganzoo.noise import Purpose
from ganzoo.sampling.drs import (
    EPSILON,
    acceptance_probability,
    discriminator_rejection,
    expected_acceptance,
    f_hat,
    level_and_maximum,
    percentile,
    threshold,
)
from ganzoo.sampling.proposals import burn_in

SEED = gaussians.SEED
LARGE = 10_000_000  # proposals that never run out


@functools.cache
def ascending():
    """A burn-in of 2,000 on the line, with the true maximum, log 2, at its end."""
    ratios = burn_in(gaussians.propose, gaussians.half_as_wide, 1999, seed=[5, 5], batch_size=1999)
    return tf.concat([ratios, [math.log(2.0)]], 0)


def draw(num_samples, *, gamma_percentile=80.0, seed=SEED, shift=0.0, batch_size=256, max_proposals=LARGE):
    """N(0, .5) out of N(0, 1), M = 2."""
    return discriminator_rejection(
        gaussians.propose,
        lambda x: gaussians.half_as_wide(x) + shift,
        num_samples,
        seed=seed,
        burn_in=ascending() + shift,
        gamma_percentile=gamma_percentile,
        batch_size=batch_size,
        max_proposals=max_proposals,
    )


def exact_f(log_ratio, log_ratio_max):
    """F-hat with gamma = 0, in float64."""
    gap = np.float64(log_ratio) - log_ratio_max
    return gap - np.log(-np.expm1(gap - EPSILON))


def test_without_gamma_and_epsilon_the_probability_is_r_over_m():
    """sigmoid(F-hat) = exp(D~ - D~_M), from 1 at the maximum itself to nothing far below."""
    gaps = np.float32([0.0, -1e-3, -0.1, -1.0, -10.0, -80.0])
    probability = tf.sigmoid(f_hat(tf.constant(gaps + 3.0), tf.constant(3.0), epsilon=0.0))
    np.testing.assert_allclose(probability, np.exp(np.float64(gaps + np.float32(3.0)) - 3.0), rtol=2e-5)
    assert tf.sigmoid(f_hat(tf.constant(-1e4), tf.constant(1e4), epsilon=0.0)).numpy() == 0.0


def test_epsilon_bounds_f_at_the_maximum():
    """At D~ = D~_M: -log(1 - exp(-epsilon)) - gamma; with the default, log(1e8) = 18.42."""
    largest = tf.constant(2.0)
    assert f_hat(largest, largest).numpy() == pytest.approx(18.42, abs=0.01)
    assert f_hat(largest, largest, gamma=1.5, epsilon=0.5).numpy() == pytest.approx(-math.log(1 - math.exp(-0.5)) - 1.5)


@pytest.mark.parametrize("maximum_percentile", [100.0, 50.0])
def test_a_compiled_graph_keeps_epsilon(maximum_percentile):
    """At the maximum itself x - M - 1e-8 must not become x - (M + 1e-8): where gamma is F of the maximum, the best
    proposals are accepted with 1/2 in a graph as outside of one."""
    ratios, ascending = tf.constant([2.0, -2.0]), tf.constant([-2.0, 2.0, 2.0])
    options = dict(gamma_percentile=100.0, maximum_percentile=maximum_percentile)
    accept = lambda x, M, all_of_them: acceptance_probability(x, M, all_of_them, **options)  # noqa: E731
    for f in (accept, tf.function(accept)):
        np.testing.assert_allclose(f(ratios, tf.constant(2.0), ascending), [0.5, 0.0], atol=1e-6)


def test_f_hat_is_the_papers_formula():
    """Equation by equation in float64, for gaps and gammas of several sizes."""
    for log_ratio in (-7.0, -0.5, 1.75):
        for gamma in (-2.0, 0.0, 3.0):
            expected = exact_f(log_ratio, 2.0) - gamma
            assert f_hat(tf.constant(log_ratio), tf.constant(2.0), gamma=gamma).numpy() == pytest.approx(
                expected, rel=1e-5
            )


@pytest.mark.parametrize("percent", [0.0, 0.5, 33.3, 50.0, 80.0, 99.99, 100.0])
@pytest.mark.parametrize("count", [1, 2, 7, 1000])
def test_the_percentile_is_numpys(count, percent):
    """80 is the 80th of 100, not the 80 % of one."""
    values = np.sort(np.random.default_rng(count).normal(size=count)).astype(np.float32)
    assert percentile(tf.constant(values), percent).numpy() == pytest.approx(np.percentile(values, percent), abs=1e-5)


@pytest.mark.parametrize("raise_by", [0.0, 0.5])
@pytest.mark.parametrize("count", [3, 16, 17, 1001])
def test_gamma_is_the_percentile_of_f_over_the_burn_in(count, raise_by):
    """numpy.percentile of F itself, also between few log ratios and under a maximum that a proposal has raised."""
    ratios = np.sort(np.random.default_rng(0).normal(size=count)).astype(np.float32)
    largest = ratios[-1] + np.float32(raise_by)
    for percent in (0.0, 20.0, 80.0, 95.0, 99.0):
        gamma = np.percentile(exact_f(ratios, largest), percent)
        points = np.append(ratios[0] + (largest - ratios[0]) * np.linspace(0, 0.9, 4, dtype=np.float32), ratios[-1])
        expected = 1 / (1 + np.exp(gamma - exact_f(points, largest)))
        probability = acceptance_probability(tf.constant(points), tf.constant(largest), tf.constant(ratios), percent)
        np.testing.assert_allclose(probability, expected, rtol=1e-4, atol=1e-9)


def test_between_few_candidates_gamma_is_interpolated_between_their_f():
    """0, .1, .. 1.5 at the 95th percentile: F of the last two is 2.252 and 18.42, so gamma is 6.3; 1.4 has .0172."""
    candidates = tf.constant(np.arange(16.0) / 10.0, tf.float32)
    gamma = 0.75 * exact_f(1.4, 1.5) + 0.25 * exact_f(1.5, 1.5)
    assert gamma == pytest.approx(6.294, abs=1e-3)
    probability = acceptance_probability(tf.constant([1.4]), tf.constant(1.5), candidates, 95.0)
    assert float(probability[0]) == pytest.approx(0.01727, abs=1e-4)
    level, maximum = level_and_maximum(tf.constant(1.5), candidates, 95.0)
    assert exact_f(np.float64(threshold(level, maximum)), 1.5) == pytest.approx(gamma, abs=1e-3)


@pytest.mark.parametrize("gamma_percentile", [30.0, 80.0])
def test_accepted_samples_follow_the_density_that_f_hat_makes(gamma_percentile):
    """20,000 samples against p_g(x) sigmoid(F-hat(x)), integrated numerically (Kolmogorov-Smirnov)."""
    grid = np.linspace(-6, 6, 20_001)
    ratios = math.log(2.0) - 1.5 * grid**2
    gamma = exact_f(np.percentile(ascending(), gamma_percentile), math.log(2.0))
    density = stats.norm.pdf(grid) / (1 + np.exp(gamma - exact_f(ratios, math.log(2.0))))
    mass = integrate.cumulative_trapezoid(density, grid, initial=0.0)

    draws = draw(20_000, gamma_percentile=gamma_percentile, batch_size=4096)
    assert stats.kstest(draws.samples.numpy()[:, 0], lambda x: np.interp(x, grid, mass / mass[-1])).pvalue > 1e-3
    assert stats.binomtest(20_000, int(draws.num_proposed), mass[-1]).pvalue > 1e-3


@pytest.mark.parametrize("batch_size", [1, 16, 33, 512])
def test_draws_are_those_of_algorithm_1_one_proposal_after_the_other(batch_size):
    """A plain loop in float64, from a burn-in whose maximum is exceeded again and again, accepts the same rows."""
    short = np.float32([-9.0, -5.0, -4.0, -2.5, -1.5])
    proposals = gaussians.propose(SEED, 0, 250)
    uniforms = noise.uniform(noise.fold_in(SEED, Purpose.ACCEPTANCES), 250).numpy()
    largest, accepted = short[-1], []
    for row, (ratio, uniform) in enumerate(zip(gaussians.half_as_wide(proposals).numpy(), uniforms, strict=True)):
        largest = max(largest, ratio)
        gamma = np.percentile(exact_f(short, largest), 70.0)
        if uniform < 1 / (1 + np.exp(gamma - exact_f(ratio, largest))):
            accepted.append(row)

    draws = discriminator_rejection(
        gaussians.propose,
        gaussians.half_as_wide,
        LARGE,
        seed=SEED,
        burn_in=tf.constant(short),
        gamma_percentile=70.0,
        batch_size=batch_size,
        max_proposals=250,
    )
    np.testing.assert_array_equal(draws.samples, tf.gather(proposals, accepted))


def test_gamma_follows_the_running_maximum():
    """The burn-in's best has probability 1/2 before an outlier 30 above it, and after: its F falls as gamma does."""
    values = np.float32([0.0] * 20 + [30.0] + [0.0] * 11)
    largest = np.maximum.accumulate(values)
    probability = acceptance_probability(
        tf.constant(values), tf.constant(largest), tf.constant([-1.0, 0.0, 0.0]), 100.0
    )
    np.testing.assert_allclose(probability[:20], np.full(20, 0.5), rtol=1e-5)
    assert probability[20].numpy() == pytest.approx(1.0)
    np.testing.assert_allclose(probability[21:], np.full(11, 0.5), rtol=1e-5)


@pytest.mark.parametrize("outlier", [1e9, math.inf])
def test_far_below_an_outlier_the_better_proposals_are_still_preferred(outlier):
    """Log ratios of 0 and of -3 in turn, after one of 1e9 or inf: 0 is accepted over five times as often."""
    propose, log_ratio = gaussians.columns_of([outlier] + [0.0, -3.0] * 500)
    draws = discriminator_rejection(
        propose,
        log_ratio,
        LARGE,
        seed=SEED,
        burn_in=tf.constant([-3.0, 0.0, 0.0, 0.0]),
        gamma_percentile=80.0,
        batch_size=64,
        max_proposals=1000,
    )
    better, worse = (int(tf.math.count_nonzero(draws.log_ratio == value)) for value in (0.0, -3.0))
    assert better > 100
    assert better > 5 * worse


@pytest.mark.parametrize("start, percent", [([-math.inf] * 2 + [-1.0, 0.0, 1.0], 0.0), ([-math.inf] * 5, 100.0)])
def test_a_burn_in_of_impossible_proposals_has_percentiles(start, percent):
    """The percentile is -inf, as all broken ratios count: gamma is -inf, and whatever is possible at all passes it."""
    points, start = tf.constant([-1.0, 0.5, 1.0]), tf.constant(start)
    assert percentile(start, percent).numpy() == -math.inf
    np.testing.assert_array_equal(acceptance_probability(points, tf.constant(1.0), start, percent), [1.0, 1.0, 1.0])


def test_a_robust_maximum_is_not_moved_by_an_outlier():
    """With the 90th percentile of 0 .. 10 as the maximum, 9, 10 and an outlier of 30 count as 9; 4 keeps its share."""
    start, points = tf.range(11.0), tf.constant([4.0, 9.0, 10.0, 30.0])
    robust, paper = (
        acceptance_probability(points, tf.constant(30.0), start, 50.0, percent).numpy() for percent in (90.0, 100.0)
    )
    expected = acceptance_probability(tf.constant([4.0, 9.0, 9.0, 9.0]), tf.constant(9.0), tf.minimum(start, 9.0), 50.0)
    np.testing.assert_allclose(robust, expected, rtol=1e-5)
    assert robust[1] > 0.99 > paper[1]


def test_an_additive_constant_in_the_logits_changes_nothing():
    """Samples and counts with all logits, the burn-in's too, raised by 8."""
    draws, raised = draw(500), draw(500, shift=8.0)
    np.testing.assert_array_equal(raised.samples, draws.samples)
    assert raised.num_proposed == draws.num_proposed


def test_a_multiplicative_constant_does_change_the_samples():
    """Twice the logits: another standard deviation, by more than an F-test believes of chance. Calibration matters."""
    doubled = discriminator_rejection(
        gaussians.propose,
        lambda x: 2 * gaussians.half_as_wide(x),
        2000,
        seed=SEED,
        burn_in=2 * ascending(),
        gamma_percentile=50.0,
        batch_size=1024,
        max_proposals=LARGE,
    )
    variance = doubled.samples.numpy().var() / draw(2000, gamma_percentile=50.0, batch_size=1024).samples.numpy().var()
    assert stats.f.cdf(variance, 1999, 1999) < 1e-4


def test_larger_percentiles_accept_less():
    """The rate falls from 0 to 100, and what 95 accepts, 50 does: the uniforms are the same."""
    draws = [draw(LARGE, gamma_percentile=percent, max_proposals=2000) for percent in (0.0, 50.0, 80.0, 95.0, 100.0)]
    counts = [len(draw.samples) for draw in draws]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 1.5 * counts[1] > 1.5 * counts[3] > 0
    assert set(draws[3].samples.numpy().ravel()) <= set(draws[1].samples.numpy().ravel())


@pytest.mark.parametrize("batch_size", [1, 4, 32, 77, 256])
def test_results_do_not_depend_on_the_batch_size(batch_size):
    """Samples, log ratios, proposals and rate: those of the first 60 accepted one after the other."""
    gaussians.assert_same(draw(60, batch_size=batch_size), draw(60, batch_size=1000))


def test_when_proposals_run_out_only_the_accepted_are_returned():
    """100 proposals for 1,000 samples: fewer rows, all 100 counted, the same as the unbounded call's first."""
    draws = draw(1000, max_proposals=100, batch_size=64)
    assert draws.num_proposed.numpy() == 100
    assert 0 < len(draws.samples) < 100
    np.testing.assert_array_equal(draws.samples, draw(1000, batch_size=1024).samples[: len(draws.samples)])


def test_a_graph_draws_what_eager_code_draws():
    """Number, seed, percentile and bound are tensors there, as in an export."""
    number, real = tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.float32)
    start = ascending()

    @tf.function(autograph=False, input_signature=[number, tf.TensorSpec([2], tf.int32), real, number])
    def graph(num_samples, seed, gamma_percentile, max_proposals):
        return discriminator_rejection(
            gaussians.propose,
            gaussians.half_as_wide,
            num_samples,
            seed=seed,
            burn_in=start,
            gamma_percentile=gamma_percentile,
            batch_size=64,
            max_proposals=max_proposals,
        )

    gaussians.assert_same(graph(50, SEED, 95.0, LARGE), draw(50, gamma_percentile=95.0))
    gaussians.assert_same(graph(50, SEED, 80.0, 70), draw(50, max_proposals=70))


LOGITS = st.one_of(st.sampled_from([-1e4, 0.0, 1e4]), st.floats(-1e4, 1e4, width=32))
BROKEN = st.sampled_from([math.nan, math.inf, -math.inf])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(values=st.lists(LOGITS, min_size=12, max_size=12), percent=st.sampled_from([0.0, 80.0, 100.0]))
def test_probabilities_of_extreme_logits_are_numbers(values, percent):
    """+-1e4, all equal, one outlier: sigmoid(F-hat) lies in [0, 1] for every row, and is largest at the maximum."""
    ratios = tf.constant(values)
    ordered = tf.sort(ratios)
    probability = acceptance_probability(ratios, ordered[-1], ordered, percent).numpy()
    assert ((probability >= 0.0) & (probability <= 1.0)).all()
    assert probability[np.argmax(values)] == probability.max() >= 0.5


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    values=st.lists(LOGITS | BROKEN, min_size=12, max_size=12),
    start=st.lists(LOGITS, min_size=6, max_size=6),
    percent=st.sampled_from([0.0, 80.0, 100.0]),
)
def test_extreme_logits_neither_hang_nor_pass_as_samples(values, start, percent):
    """Whatever 12 log ratios repeat: the call ends, its counts hold, and no row of ratio NaN or -inf is accepted."""
    propose, log_ratio = gaussians.columns_of(values)
    draws = discriminator_rejection(
        propose,
        log_ratio,
        4,
        seed=SEED,
        burn_in=tf.sort(tf.constant(start)),
        gamma_percentile=percent,
        batch_size=16,
        max_proposals=48,
    )
    count, proposed = len(draws.samples), int(draws.num_proposed)
    assert (count == 4 and proposed <= 48) or (count < 4 and proposed == 48)
    assert draws.acceptance_rate.numpy() == pytest.approx(count / proposed)
    assert np.isfinite(draws.log_ratio).all()
    assert not {row % 12 for row in draws.samples.numpy()[:, 0].astype(int)} & {
        row for row, value in enumerate(values) if math.isnan(value) or value == -math.inf
    }


@pytest.mark.parametrize("gamma_percentile", [20.0, 80.0])
def test_the_acceptance_expected_of_the_burn_in_is_that_of_the_proposals(gamma_percentile):
    """By 256 of 2,000 log ratios: the rate of 5,000 samples to within a tenth of it; of two classes, each its own."""
    both = tf.stack([ascending(), tf.fill([2000], 7.0)])
    expected = expected_acceptance(both, gamma_percentile)
    rate = draw(5000, gamma_percentile=gamma_percentile, batch_size=4096).acceptance_rate
    assert float(expected[0]) == pytest.approx(float(rate), rel=0.1)
    assert float(expected[1]) == pytest.approx(0.5)
