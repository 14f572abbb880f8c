"""The kernel distance against its definition, pair by pair."""

import itertools

import numpy as np
import pytest

from ganzoo.evaluation.kernel import kernel_distance, squared_mmd, standard_error


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


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5], ids="shifted by {}".format)
def test_the_standard_error_is_the_deviation_over_draws(shift):
    """200 draws of 200 fakes beside the same 200 reals in 10 dimensions. At no shift the distance is degenerate."""
    rng = np.random.default_rng(2)
    reals, draws = rng.standard_normal((200, 10)), rng.standard_normal((200, 200, 10)) + shift
    distances = [kernel_distance(reals, fakes) for fakes in draws]
    assert np.mean([standard_error(reals, fakes) for fakes in draws]) == pytest.approx(np.std(distances), rel=0.15)


def test_the_standard_error_counts_the_subsets():
    """A few small subsets leave more to chance than the distance of all fakes has."""
    rng = np.random.default_rng(3)
    reals, draws = rng.standard_normal((100, 5)), rng.standard_normal((200, 400, 5)) + 0.2
    options = dict(subsets=4, subset_size=50)
    errors = [standard_error(reals, fakes, **options) for fakes in draws]
    # With all reals in each subset: the error does not count that theirs are drawn, too.
    distances = [
        np.mean([squared_mmd(reals, fakes[rng.choice(400, 50, replace=False)]) for _ in range(4)]) for fakes in draws
    ]
    assert np.mean(errors) == pytest.approx(np.std(distances), rel=0.15)
    assert np.mean(errors) > 1.2 * np.mean([standard_error(reals, fakes) for fakes in draws])


def test_three_fakes_have_no_standard_error():
    assert np.isnan(standard_error(np.eye(4), np.eye(4)[:3]))
