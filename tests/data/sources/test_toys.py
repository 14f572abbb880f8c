import numpy as np
import pytest

from ganzoo.data.sources import toys


@pytest.mark.parametrize("name, modes", [("gaussians25", 25), ("gaussians8", 8)])
def test_points_scatter_around_their_modes_as_stated(name, modes):
    """Every mode equally often, with the mixture's sigma; 99.97 % of the points within 4 sigma."""
    reals = toys.sample(name)
    offsets = reals.samples - reals.mixture.centers[reals.labels]
    assert np.bincount(reals.labels) == pytest.approx(np.full(modes, len(reals) / modes), rel=0.06)
    assert offsets.std() == pytest.approx(reals.mixture.sigma, rel=0.01)
    assert (np.hypot(*offsets.T) < 4 * reals.mixture.sigma).mean() == pytest.approx(0.99966, abs=2e-4)


def test_modes_lie_where_the_papers_put_them():
    """25: the integer grid -2..2, sigma .05. 8: a circle of radius 2 / 1.414, sigma .02 / 1.414."""
    grid, ring = toys.grid_of_25(), toys.ring_of_8()
    assert {tuple(center) for center in grid.centers.tolist()} == {(x, y) for x in range(-2, 3) for y in range(-2, 3)}
    assert grid.sigma == 0.05
    assert np.hypot(*ring.centers.T) == pytest.approx(2 / 1.414)
    assert ring.sigma == pytest.approx(0.02 / 1.414)


def test_the_swiss_roll_winds_outwards():
    """Radii run from 1.5 pi / 7.5 to 4.5 pi / 7.5, blurred by the noise of .25 / 7.5."""
    radii = np.hypot(*toys.sample("swissroll").samples.T)
    assert np.percentile(radii, [1, 99]) == pytest.approx([1.5 * np.pi / 7.5, 4.5 * np.pi / 7.5], rel=0.05)


@pytest.mark.parametrize("name", ["gaussians25", "gaussians8", "swissroll"])
def test_a_toy_is_the_same_data_set_every_time(name):
    """float32 [110000, 2], equal bit for bit."""
    first, second = toys.sample(name).samples, toys.sample(name).samples
    assert (first.shape, first.dtype) == ((110_000, 2), np.float32)
    np.testing.assert_array_equal(first, second)
