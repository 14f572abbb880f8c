"""The 1,000 modes, on triples whose answer is known."""

import numpy as np
import pytest
from scipy.stats import binom

from ganzoo.evaluation.triple_coverage import triple_coverage, triples_in


def exact_floor(n):
    """The expected divergence of n even draws: each of 1,000 bins holds a binomial number of them."""
    counts = np.arange(1, n + 1)
    q = counts / n
    return 1000 * np.sum(binom.pmf(counts, n, 1e-3) * q * np.log(1000 * q))


@pytest.mark.parametrize("times", [1, 26])
def test_every_triple_equally_often_is_no_divergence(times):
    assert triple_coverage(np.tile(np.arange(1000), times)) == (1000, pytest.approx(0.0, abs=1e-12))


def test_one_mode_is_the_largest_divergence():
    assert triple_coverage(np.full(500, 123)) == (1, pytest.approx(np.log(1000)))


def test_half_of_the_modes_are_a_divergence_of_log_two():
    assert triple_coverage(np.arange(0, 1000, 2)) == (500, pytest.approx(np.log(2)))


@pytest.mark.parametrize("n, published", [(26_000, 0.0193), (50_000, 0.0099)])
def test_even_draws_have_the_floor_of_their_number(n, published):
    """.0193 at 26,000 and .0099 at 50,000 exactly; twenty simulated sets of draws average it, all modes among them."""
    rng = np.random.default_rng(0)
    found = [triple_coverage(rng.integers(1000, size=n)) for _ in range(20)]
    assert exact_floor(n) == pytest.approx(published, rel=0.02)
    assert np.mean([coverage.kl for coverage in found]) == pytest.approx(exact_floor(n), rel=0.03)
    assert {coverage.modes for coverage in found} == {1000}


def test_red_is_the_hundreds():
    """Pictures of one pixel that are their own digit."""
    samples = np.array([[3, 1, 4], [0, 0, 7]], np.uint8).reshape(2, 1, 1, 3)
    assert triples_in(samples, lambda pictures: pictures[:, 0, 0, 0].astype(int)).tolist() == [314, 7]
