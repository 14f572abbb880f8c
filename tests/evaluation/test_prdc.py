"""Precision, recall, density and coverage where they can be counted, and against every pair."""

import numpy as np
import pytest

from ganzoo.evaluation.prdc import prdc, standard_errors


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


@pytest.mark.parametrize("count, scale", [(30, 0.5), (45, 0.7), (45, 1.5)])
def test_errors_of_recall_and_coverage_are_the_jackknife(count, scale, monkeypatch):
    """Each fake left out in turn, by the figures themselves: balls then reach to other neighbours, too."""
    monkeypatch.setattr("ganzoo.evaluation.prdc._chunk", 7)
    rng = np.random.default_rng(4)
    reals, fakes = rng.standard_normal((40, 3)), rng.standard_normal((count, 3)) * scale + 0.7
    without = np.array([prdc(reals, np.delete(fakes, row, axis=0)) for row in range(count)])
    _, recall, _, coverage = np.sqrt((count - 1) * without.var(axis=0))
    found = standard_errors(reals, fakes)
    assert 0 < found.recall == pytest.approx(recall, rel=1e-9)
    assert 0 < found.coverage == pytest.approx(coverage, rel=1e-9)


def test_reals_in_many_balls_cannot_be_lost():
    """The fakes lie far apart, and each of their balls holds all reals."""
    reals = np.random.default_rng(0).standard_normal((40, 3))
    found = standard_errors(reals, np.random.default_rng(1).standard_normal((30, 3)) * 20)
    assert found.recall == 0


@pytest.mark.parametrize("shift", [0.5, 1.0], ids="shifted by {}".format)
def test_the_errors_are_the_deviations_over_draws(shift):
    """200 draws of 300 fakes beside the same 300 reals in 8 dimensions. A share of as many reals has .7 of the error of
    coverage. The error of recall comes out too large, by up to half here."""
    rng = np.random.default_rng(0)
    reals, draws = rng.standard_normal((300, 8)), rng.standard_normal((200, 300, 8)) + shift
    deviations = np.std([prdc(reals, fakes) for fakes in draws], axis=0)
    precision, recall, density, coverage = np.mean([standard_errors(reals, f) for f in draws], axis=0) / deviations
    assert [precision, density, coverage] == pytest.approx([1, 1, 1], abs=0.15)
    assert 1 < recall < 1.6


def test_too_few_neighbours_have_no_error():
    assert np.isnan(standard_errors(np.eye(7), np.eye(7)[:6])).all()
    assert np.isfinite(standard_errors(np.eye(7), np.eye(7))).all()
