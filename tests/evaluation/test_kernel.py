"""The kernel distance against its definition, pair by pair."""

import itertools

import numpy as np
import pytest

from ganzoo.evaluation.kernel import kernel_distance, squared_mmd


def by_definition(x, y):
    def kernel(a, b):
        return (float(a @ b) / len(a) + 1) ** 3

    within_x = np.mean([kernel(a, b) for a, b in itertools.permutations(x, 2)])
    within_y = np.mean([kernel(a, b) for a, b in itertools.permutations(y, 2)])
    return within_x + within_y - 2 * np.mean([kernel(a, b) for a, b in itertools.product(x, y)])


def test_equals_the_sum_over_all_pairs():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((12, 5)), rng.standard_normal((9, 5)) + 0.3
    assert squared_mmd(x, y) == pytest.approx(by_definition(x, y), rel=1e-12)
    assert kernel_distance(x[:9], y) == pytest.approx(by_definition(x[:9], y), rel=1e-12)


def test_is_unbiased():
    """Over 2,000 pairs of small samples of one distribution its mean is 0 within 4 standard errors, many below."""
    rng = np.random.default_rng(0)
    estimates = np.array([squared_mmd(*rng.standard_normal((2, 10, 4))) for _ in range(2000)])
    assert abs(estimates.mean()) < 4 * estimates.std() / np.sqrt(len(estimates))
    assert 0.3 < np.mean(estimates < 0) < 0.8


def test_knows_the_expectation_of_a_shift():
    """In one dimension k(x, y) = (xy + 1)^3, so N(0, 1) and N(1, 1) differ by 3 (Δm1)^2 + 3 (Δm2)^2 + (Δm3)^2 = 22."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((4000, 1)), rng.standard_normal((4000, 1)) + 1
    assert squared_mmd(x, y) == pytest.approx(3 * 1 + 3 * 1 + 4**2, rel=0.1)


def test_subsets_are_the_same_for_the_same_seed():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((300, 4)), rng.standard_normal((200, 4)) + 0.5
    first, again, other = (kernel_distance(x, y, subsets=50, subset_size=100, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert first == pytest.approx(squared_mmd(x, y), rel=0.1)
