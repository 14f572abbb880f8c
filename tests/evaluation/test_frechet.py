"""The Frechet distance against its closed forms."""

import numpy as np
import pytest

from ganzoo.evaluation.frechet import Gaussian, fit_gaussian, frechet_distance


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
