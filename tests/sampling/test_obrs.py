import math

import numpy as np
import pytest
import tensorflow as tf
from gaussians import SEED, assert_same, columns_of, half_as_wide, propose
from scipy import stats

from ganzoo.sampling.obrs import budgeted_rejection, budgets_of, log_scale
from ganzoo.sampling.proposals import burn_in, generate


def ascending(count=10_000):
    return burn_in(propose, half_as_wide, count, seed=tf.constant([1, 1]), batch_size=1000)


def draw(num_samples, budget, *, batch_size=256, max_proposals=1_000_000, ratios=None):
    return budgeted_rejection(
        propose,
        half_as_wide,
        num_samples,
        seed=tf.constant(SEED),
        budgets=budgets_of(ascending() if ratios is None else ratios),
        budget=budget,
        batch_size=batch_size,
        max_proposals=max_proposals,
    )


def acceptance(ratios, budget):
    """The mean of min(1, r c/M) over log ratios, in float64."""
    scale = log_scale(budgets_of(tf.constant(ratios, tf.float32)), budget).numpy().astype(np.float64)
    return np.exp(np.minimum(np.float64(ratios) + scale, 0.0)).mean()


def test_four_ratios_have_the_scale_of_the_closed_form():
    """r = 1, 2, 4, 8 at K = 2: c = 1/7 accepts 1/7 + 2/7 + 4/7 + 1 = 2 of 4."""
    ratios = tf.constant(np.log([1.0, 2.0, 4.0, 8.0]), tf.float32)
    assert float(log_scale(budgets_of(ratios), 2.0)) == pytest.approx(-math.log(7.0), abs=1e-6)


@pytest.mark.parametrize("budget", [1.0, 1.01, 1.2, 2.0, 5.0, 17.0, 100.0, 300.0])
@pytest.mark.parametrize("count", [16, 17, 100, 1_000, 10_000])
@pytest.mark.parametrize("width", [0.0, 0.3, 3.0])
def test_the_scale_keeps_the_budget_exactly_on_the_burn_in(count, budget, width):
    """Log ratios of N(0, width): the mean of min(1, r c/M) over the burn-in is 1/K to 1e-5."""
    ratios = np.sort(np.random.default_rng(count).normal(0, width, count)).astype(np.float32)
    assert acceptance(ratios, budget) * budget == pytest.approx(1.0, abs=1e-5)


def test_each_class_has_the_scale_of_its_own_ratios():
    ratios = np.sort(np.random.default_rng(0).normal(0, 2, (3, 50)), axis=1).astype(np.float32)
    together = log_scale(budgets_of(tf.constant(ratios)), 4.0)
    alone = [log_scale(budgets_of(tf.constant(row)), 4.0) for row in ratios]
    np.testing.assert_allclose(together, alone, rtol=1e-6)


@pytest.mark.parametrize(
    ("ratios", "budget", "expected"),
    [
        ([-math.inf] * 4 + [0.0] * 4, 2.0, 0.5),
        ([-math.inf] * 4 + [0.0] * 4, 1.0, 0.5),  # not to be met: all that are possible
        ([-math.inf] * 4 + [0.0] * 4, 4.0, 0.25),
        ([-64.0] * 4 + [64.0] * 4, 2.0, 0.5),  # the sum of the small ratios vanishes beside the large ones
        ([-64.0] * 4 + [64.0] * 4, 4.0, 0.25),
        ([-64.0] * 4 + [64.0] * 4, 1.6, 0.625),
    ],
)
def test_impossible_and_extreme_ratios_keep_the_budget_where_it_can_be_kept(ratios, budget, expected):
    assert acceptance(ratios, budget) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("budget", [2.0, 5.0])
def test_the_mean_acceptance_is_one_in_the_budget(budget):
    """20,000 samples, within four standard deviations of a binomial count (and 1 % for the burn-in's own error)."""
    draws = draw(20_000, budget)
    deviation = math.sqrt((1 / budget) * (1 - 1 / budget) / float(draws.num_proposed))
    assert float(draws.acceptance_rate) == pytest.approx(1 / budget, abs=4 * deviation + 0.01 / budget)


def test_the_samples_follow_the_capped_ratio():
    """At K = 1.1 the density is K min(1, r c/M) p_g; a Kolmogorov-Smirnov test cannot tell."""
    samples = draw(20_000, 1.1).samples.numpy()[:, 0]
    grid = np.linspace(-6, 6, 20_001)
    ratio = math.log(2.0) - 1.5 * grid**2 + float(log_scale(budgets_of(ascending()), 1.1))
    density = stats.norm.pdf(grid) * np.exp(np.minimum(ratio, 0.0))
    cumulative = np.cumsum(density) / density.sum()
    assert stats.kstest(samples, lambda x: np.interp(x, grid, cumulative)).pvalue > 1e-3


def test_a_budget_of_one_accepts_everything():
    draws = draw(500, 1.0)
    assert int(draws.num_proposed) == 500
    np.testing.assert_array_equal(draws.samples, generate(propose, 500, seed=tf.constant(SEED), batch_size=256))


def test_no_result_depends_on_the_batch_size():
    expected = draw(100, 3.0, batch_size=1)
    for batch_size in (7, 256):
        assert_same(draw(100, 3.0, batch_size=batch_size), expected)


@pytest.mark.parametrize(
    "values", [[0.0] * 8, [-1e4, 1e4] * 4, [1e4] + [0.0] * 7, [-math.inf] * 8, [-math.inf] * 4 + [0.0] * 4]
)
def test_extreme_ratios_give_no_nan_and_no_endless_loop(values):
    numbers, lookup = columns_of(values)
    budgets = budgets_of(burn_in(numbers, lookup, 8, seed=tf.constant(SEED), batch_size=8))
    draws = budgeted_rejection(
        numbers, lookup, 10, seed=tf.constant(SEED), budgets=budgets, budget=2.0, batch_size=16, max_proposals=400
    )
    assert np.isfinite(draws.log_ratio).all()
    assert int(draws.num_proposed) <= 400
    assert math.isfinite(float(draws.acceptance_rate))
    if np.isinf(values).all():
        assert len(draws.samples) == 0
