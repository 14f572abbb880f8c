"""Mode coverage of samplers whose answer is known."""

import numpy as np
import pytest

from ganzoo.evaluation.mode_coverage import (
    assign_modes,
    high_quality,
    high_quality_error,
    jensen_shannon,
    jsd,
    jsd_error,
    mode_coverage,
)

CENTERS = np.stack(np.meshgrid(np.arange(-2, 3), np.arange(-2, 3)), axis=-1).reshape(25, 2).astype(np.float32)
SIGMA = 0.05


def exact_samples(n, seed):
    rng = np.random.default_rng(seed)
    return CENTERS[rng.integers(25, size=n)] + SIGMA * rng.standard_normal((n, 2))


REALS = CENTERS[np.arange(25_000) % 25]  # exactly a 25th in each mode


def test_exact_samples_reach_the_ceiling():
    """In the plane 1 - exp(-8) = 99.966 % lie within 4 sigma, and the cut takes .13 % of the standard deviation."""
    found = mode_coverage(exact_samples(100_000, 1), exact_samples(100_000, 2), CENTERS, SIGMA)
    assert found.modes == 25
    assert found.high_quality == pytest.approx(1 - np.exp(-8), abs=3e-4)
    assert found.std == pytest.approx(0.9987 * SIGMA, rel=0.01)
    assert found.jsd < 1e-3


def test_a_collapsed_sampler_recovers_one_mode():
    """Its divergence from an even histogram over K modes is (log(2K/(K+1)) + log(2/(K+1))/K + (K-1)/K log 2) / 2."""
    found = mode_coverage(np.tile(CENTERS[7], (1000, 1)), REALS, CENTERS, SIGMA)
    expected = (np.log(50 / 26) + np.log(2 / 26) / 25 + 24 / 25 * np.log(2)) / 2
    assert found.modes == 1
    assert found.high_quality == 1.0
    assert found.std == 0.0
    assert found.jsd == pytest.approx(expected)


def test_samples_between_the_modes_recover_none():
    """Nothing in common with the reals is the largest divergence, log 2; no deviation within modes can be stated."""
    found = mode_coverage(CENTERS + 0.5, REALS, CENTERS, SIGMA)
    assert found[:2] == (0, 0.0)
    assert np.isnan(found.std)
    assert found.jsd == pytest.approx(np.log(2))


def test_one_high_quality_sample_recovers_a_mode():
    points = np.array([[0.0, 0.19], [0.0, 0.21], [1.0, 1.0]])  # 3.8 and 4.2 sigma from the mode in the middle
    np.testing.assert_array_equal(assign_modes(points, CENTERS, SIGMA) < 25, [True, False, True])
    assert mode_coverage(points, REALS, CENTERS, SIGMA).modes == 2


def test_deviation_is_about_each_modes_own_mean():
    """Modes that are sharp but off their centres are no wider for it."""
    rng = np.random.default_rng(0)
    fakes = CENTERS[np.arange(10_000) % 25] + 0.1 + 0.01 * rng.standard_normal((10_000, 2))
    assert mode_coverage(fakes, REALS, CENTERS, SIGMA).std == pytest.approx(0.01, rel=0.02)


def test_divergence_is_symmetric_and_zero_for_equal_histograms():
    p, q = np.array([5, 3, 0, 2]), np.array([1, 1, 7, 1])
    assert jensen_shannon(p, q) == jensen_shannon(q, p) > 0
    assert jensen_shannon(p, 3 * p) == 0.0


def test_the_standard_errors_are_the_deviations_over_draws():
    """300 draws of 2,000 samples over three modes and "none", which the reals' shares differ from."""
    rng = np.random.default_rng(0)
    reals = rng.choice(4, size=5000, p=[0.3, 0.3, 0.39, 0.01])
    draws = rng.choice(4, size=(300, 2000), p=[0.5, 0.3, 0.1, 0.1])
    divergences, shares = [jsd(shown, reals, 3) for shown in draws], [high_quality(shown, 3) for shown in draws]
    assert np.mean([jsd_error(shown, reals, 3) for shown in draws]) == pytest.approx(np.std(divergences), rel=0.1)
    assert np.mean([high_quality_error(shown, 3) for shown in draws]) == pytest.approx(np.std(shares), rel=0.1)
