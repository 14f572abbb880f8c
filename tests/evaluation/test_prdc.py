"""Precision, recall, density and coverage where they can be counted, and against every pair."""

import numpy as np
import pytest

from ganzoo.evaluation.prdc import coverage_error, prdc


def test_counted_by_hand_on_a_line():
    """k = 1. Reals 0, 1, 3, 10 have radii 1, 1, 2, 7; fakes .5, 2, 2.5, 40 have radii 1.5, .5, .5, 37.5.

    Fake .5 is in the balls of 0 and 1; 2 in that of 3 only (that of 1 is open and ends at 2); 2.5 in that of 3; 40 in
    none. Real 10's ball begins at 3, so no fake is in it. Fake balls: .5 reaches (-1, 2), holding 0 and 1; 2 and 2.5
    reach (1.5, 2.5) and (2, 3), holding none; 40 reaches (2.5, 77.5), holding 3 and 10.
    """
    reals, fakes = np.array([[0.0], [1], [3], [10]]), np.array([[0.5], [2], [2.5], [40]])
    found = prdc(reals, fakes, k=1)
    assert found == (3 / 4, 4 / 4, 4 / 4, 3 / 4)


def test_equals_the_definition_over_all_pairs(monkeypatch):
    """Unequal counts, and chunks that do not divide them."""
    monkeypatch.setattr("ganzoo.evaluation.prdc._chunk", 17)
    rng = np.random.default_rng(0)
    reals, fakes, k = rng.standard_normal((60, 3)), rng.standard_normal((45, 3)) * 0.7 + 0.5, 5

    def distances(a, b):
        return np.linalg.norm(a[:, None] - b[None], axis=-1)

    real_radii = np.sort(distances(reals, reals))[:, k]  # column 0 is the sample itself
    fake_radii = np.sort(distances(fakes, fakes))[:, k]
    between = distances(reals, fakes)
    found = prdc(reals, fakes, k)
    assert found.precision == np.mean((between < real_radii[:, None]).any(axis=0))
    assert found.recall == np.mean((between < fake_radii).any(axis=1))
    assert found.density == pytest.approx((between < real_radii[:, None]).sum() / (k * 45))
    assert found.coverage == np.mean(between.min(axis=1) < real_radii)


def test_equal_distributions_score_what_the_paper_derives():
    """Naeem et al.: in expectation the density is 1 and the coverage 1 - 2^-k, whatever the distribution."""
    reals, fakes = np.random.default_rng(0).standard_normal((2, 3000, 2))
    found = prdc(reals, fakes)
    assert found.density == pytest.approx(1.0, abs=0.05)
    assert found.coverage == pytest.approx(1 - 2**-5, abs=0.015)


def test_dropped_modes_cost_recall_and_coverage_but_not_precision():
    rng = np.random.default_rng(0)
    reals = rng.standard_normal((1000, 2)) + 20 * rng.integers(2, size=(1000, 1))
    fakes = rng.standard_normal((1000, 2))
    found = prdc(reals, fakes)
    assert found.precision > 0.95
    assert found.recall < 0.55
    assert found.coverage < 0.55


def test_far_fakes_score_nothing():
    reals, fakes = np.random.default_rng(0).standard_normal((2, 100, 2))
    assert prdc(reals, fakes + 1000) == (0, 0, 0, 0)


def test_the_error_of_coverage_is_the_jackknife(monkeypatch):
    """Each fake left out in turn, by the coverage itself."""
    monkeypatch.setattr("ganzoo.evaluation.prdc._chunk", 7)
    rng = np.random.default_rng(4)
    reals, fakes = rng.standard_normal((40, 3)), rng.standard_normal((30, 3)) + 1
    without = np.array([prdc(reals, np.delete(fakes, row, axis=0)).coverage for row in range(30)])
    expected = np.sqrt(29 / 30 * np.sum((without - without.mean()) ** 2))
    assert 0 < coverage_error(reals, fakes) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shift", [0.5, 1.0], ids="shifted by {}".format)
def test_the_error_of_coverage_is_the_deviation_over_draws(shift):
    """200 draws of 300 fakes beside the same 300 reals in 8 dimensions; a share of as many reals has .7 of it."""
    rng = np.random.default_rng(0)
    reals, draws = rng.standard_normal((300, 8)), rng.standard_normal((200, 300, 8)) + shift
    coverages = [prdc(reals, fakes).coverage for fakes in draws]
    assert np.mean([coverage_error(reals, fakes) for fakes in draws]) == pytest.approx(np.std(coverages), rel=0.15)


def test_too_few_neighbours_have_no_error():
    assert np.isnan(coverage_error(np.eye(6), np.eye(6)[:5]))
