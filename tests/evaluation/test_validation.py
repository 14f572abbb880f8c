import numpy as np
import pytest

from ganzoo.data.loading import load_parts
from ganzoo.data.reals import Reals
from ganzoo.evaluation.features import DigitsFeatures, RandomFeatures
from ganzoo.evaluation.frechet import fit_gaussian, frechet_distance
from ganzoo.evaluation.kernel import squared_mmd
from ganzoo.evaluation.validation import distance_to
from tests.conftest import shapes


def test_digits_are_measured_against_the_held_out_digits():
    """Not against the shipped moments of the test images, which `metrics.json` takes."""
    digits = np.random.default_rng(0).integers(0, 256, (300, 28, 28, 1)).astype(np.uint8)
    held_out, samples = Reals("mnist_5k", digits[:150]), digits[150:]
    metric, measure = distance_to(held_out, 150)
    assert metric == "fd_digits150"
    features = DigitsFeatures().features
    expected = frechet_distance(fit_gaussian(features(samples)), fit_gaussian(features(held_out.samples)))
    np.testing.assert_allclose(measure(samples), expected, rtol=1e-6)


def test_other_pictures_are_measured_in_random_features():
    held_out = Reals("folder:photos", shapes(130))
    metric, measure = distance_to(held_out, 140)
    assert metric == "fd_random140"
    features = RandomFeatures((16, 16, 1)).features
    samples = shapes(140, seed=1)
    expected = frechet_distance(fit_gaussian(features(samples)), fit_gaussian(features(held_out.samples)))
    np.testing.assert_allclose(measure(samples), expected, rtol=1e-6)


@pytest.mark.parametrize(("reals", "count"), [(40, 140), (140, 40)])
def test_too_few_pictures_for_a_frechet_distance_have_a_kernel_distance(reals, count):
    metric, measure = distance_to(Reals("folder:photos", shapes(reals)), count)
    assert metric == f"kid_random{count}"
    assert measure(255 - shapes(count, seed=1)) > measure(shapes(count, seed=1))


def test_a_mixture_is_measured_by_its_modes():
    ratio = load_parts("gaussians8").ratio
    metric, measure = distance_to(ratio, 800)
    assert metric == "jsd_800"
    in_one_mode = np.tile(ratio.mixture.centers[:1], (800, 1)).astype(np.float32)
    in_all = np.tile(ratio.mixture.centers, (100, 1)).astype(np.float32)
    assert measure(in_all) < 0.001 < measure(in_one_mode)


def test_other_points_are_measured_as_they_are():
    points = np.random.default_rng(0).normal(size=(80, 2)).astype(np.float32)
    metric, measure = distance_to(Reals("swissroll", points[:40]), 40)
    assert metric == "kid_raw40"
    order = np.random.default_rng(0).permutation(40)
    np.testing.assert_allclose(measure(points[40:]), squared_mmd(points[:40][order], points[40:]), rtol=1e-5)


def test_stacked_digits_are_measured_by_their_triples():
    reals = np.zeros((150, 28, 28, 3), np.uint8)
    metric, measure = distance_to(Reals("stacked_mnist", reals), 20)
    assert metric == "kl_digits20"
    np.testing.assert_allclose(measure(reals[:20]), np.log(1000))  # all of one mode
