"""The Frechet distance against its closed forms."""

import numpy as np
import pytest

from ganzoo.evaluation.frechet import Gaussian, fit_gaussian, frechet_distance, standard_error


def test_in_one_dimension_it_is_the_difference_of_means_and_of_deviations():
    p, q = Gaussian(np.array([1.0]), np.array([[4.0]])), Gaussian(np.array([-2.0]), np.array([[9.0]]))
    assert frechet_distance(p, q) == pytest.approx(3.0**2 + (2.0 - 3.0) ** 2, rel=1e-12)


def test_commuting_covariances_add_up_over_their_axes():
    """In a common rotated basis the distance is that of each axis, summed."""
    rotation, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))
    p = Gaussian(np.zeros(3), rotation @ np.diag([1.0, 4.0, 9.0]) @ rotation.T)
    q = Gaussian(np.ones(3), rotation @ np.diag([16.0, 4.0, 1.0]) @ rotation.T)
    assert frechet_distance(p, q) == pytest.approx(3 + (1 - 4) ** 2 + 0 + (3 - 1) ** 2, rel=1e-12)


def test_covariances_that_do_not_commute():
    """In two dimensions Tr (AB)^(1/2) is sqrt(Tr AB + 2 sqrt(det AB))."""
    a, b = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, -0.7], [-0.7, 3.0]])
    cross = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a @ b)))
    distance = frechet_distance(Gaussian(np.zeros(2), a), Gaussian(np.zeros(2), b))
    assert distance == pytest.approx(np.trace(a) + np.trace(b) - 2 * cross, rel=1e-12)


def test_equal_gaussians_are_at_distance_zero():
    gaussian = fit_gaussian(np.random.default_rng(0).standard_normal((500, 64)))
    assert 0.0 <= frechet_distance(gaussian, gaussian) < 1e-10


def test_rank_deficient_covariances_need_no_help():
    """Twenty samples in 64 dimensions, one dimension dead: finite, real, symmetric, and 0 to itself."""
    rng = np.random.default_rng(0)
    few, others = rng.standard_normal((20, 64)), rng.standard_normal((20, 64)) + 1.0
    few[:, 3] = others[:, 3] = 0.0
    p, q = fit_gaussian(few), fit_gaussian(others)
    assert frechet_distance(p, q) == pytest.approx(frechet_distance(q, p), rel=1e-9)
    assert frechet_distance(p, p) < 1e-9
    lines = Gaussian(np.zeros(2), np.diag([4.0, 0.0])), Gaussian(np.zeros(2), np.diag([0.0, 4.0]))
    assert frechet_distance(*lines) == pytest.approx(8.0)


def test_moments_are_unbiased_and_in_double_precision():
    features = np.float32([[0, 0], [2, 4]])
    gaussian = fit_gaussian(features)
    np.testing.assert_allclose(gaussian.mean, [1, 2])
    np.testing.assert_allclose(gaussian.covariance, [[2, 4], [4, 8]])
    assert gaussian.covariance.dtype == np.float64


def test_the_standard_error_in_one_dimension_is_the_delta_method_s():
    """(m - 1)^2 + (s - 2)^2 of n normal samples: the variance is (4 (m - 1)^2 s^2 + 2 (s - 2)^2 s^2) / n."""
    samples = 3.0 + 0.5 * np.random.default_rng(0).standard_normal((200_000, 1))
    found = standard_error(samples, Gaussian(np.array([1.0]), np.array([[4.0]])))
    assert found == pytest.approx(np.sqrt((4 * 2.0**2 * 0.25 + 2 * 1.5**2 * 0.25) / len(samples)), rel=0.01)


def test_the_standard_error_is_the_deviation_over_draws():
    """400 draws of 300 samples in 5 dimensions, correlated and of another covariance than the reference."""
    rng = np.random.default_rng(1)
    mix, reference = rng.standard_normal((5, 5)), fit_gaussian(rng.standard_normal((2000, 5)) @ rng.random((5, 5)))
    draws = [rng.standard_normal((300, 5)) @ mix + 0.3 for _ in range(400)]
    distances = [frechet_distance(fit_gaussian(draw), reference) for draw in draws]
    assert np.mean([standard_error(draw, reference) for draw in draws]) == pytest.approx(np.std(distances), rel=0.1)


def test_few_samples_have_no_standard_error():
    """As they have no distance: fewer than two for each feature."""
    samples = np.random.default_rng(0).standard_normal((7, 4))
    assert np.isnan(standard_error(samples, Gaussian(np.zeros(4), np.eye(4))))


def test_the_standard_error_needs_no_help_with_dead_features():
    rng = np.random.default_rng(2)
    samples, reals = rng.standard_normal((500, 4)) + 1.0, rng.standard_normal((500, 4))
    expected = standard_error(samples, fit_gaussian(reals))
    dead = np.zeros((500, 2))
    found = standard_error(np.hstack([samples, dead]), fit_gaussian(np.hstack([reals, dead])))
    assert found == pytest.approx(expected, rel=1e-9)
