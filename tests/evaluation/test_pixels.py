"""Copies are told from blobs, blurs and fresh pictures in pixels, on digits of MNIST."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.neighbors import NearestNeighbors

from ganzoo.data.loading import load_parts
from ganzoo.data.reals import Reals, to_float
from ganzoo.evaluation.copies import (
    P_ALARM,
    Training,
    count_too_near,
    is_copying,
    is_copying_pixels,
)
from ganzoo.evaluation.evaluator import Evaluator
from ganzoo.evaluation.pixels import coarse, relative_distances


@pytest.mark.parametrize(
    ("shape", "coarse_sides"),
    [((28, 28, 1), 14 * 14), ((12, 16, 1), 6 * 8), ((8, 6, 1), 8 * 6), ((64, 32, 3), 16 * 8 * 3)],
)
def test_pictures_are_averaged_to_half_their_sides_and_to_at_most_16_pixels(shape, coarse_sides):
    pictures = np.random.default_rng(0).integers(0, 256, (300, *shape), np.uint8)
    found = coarse(pictures)
    assert found.shape == (300, coarse_sides)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.mean(axis=1), to_float(pictures).mean(axis=(1, 2, 3)), atol=1e-5)
    np.testing.assert_allclose(found, coarse(to_float(pictures)), atol=1e-6)


def test_the_relative_distance_is_that_to_the_nearest_over_the_mean_of_the_next_ten():
    """Training pictures of one grey level each: distances are differences of levels."""
    levels = np.arange(0, 130, 10)
    pictures = np.broadcast_to(levels[:, None, None, None], (13, 4, 4, 1)).astype(np.uint8)
    relative, rows = relative_distances(Training(coarse(pictures)), pictures[:1] + np.uint8(3))
    assert relative[0] == pytest.approx(3 / np.mean(levels[1:11] - 3), rel=1e-4)
    np.testing.assert_array_equal(rows[0], np.arange(11))


def test_a_training_part_of_equal_pictures_says_nothing():
    grey = np.zeros((5, 4, 4, 1), np.float32)
    relative, rows = relative_distances(Training(coarse(grey)), grey[:2])
    np.testing.assert_array_equal(relative, [1.0, 1.0])
    assert rows.shape == (2, 5)


@pytest.fixture(scope="module")
def digits():
    parts = load_parts("mnist_5k", split="by_size")
    return {
        name: to_float(getattr(parts, name).samples[:rows])
        for name, rows in (("train", 2000), ("ratio", 300), ("test", 300))
    }


def blurred(pictures, sigma):
    return np.stack([gaussian_filter(picture, (sigma, sigma, 0)) for picture in pictures])


def drawn_nearer(pictures, training, share):
    """Each picture goes a share of the way to the nearest training picture, as good models draw all their samples."""
    rows = NearestNeighbors().fit(coarse(training)).kneighbors(coarse(pictures), 1, return_distance=False)[:, 0]
    return pictures + np.float32(share) * (training[rows] - pictures)


def speckled(pictures):
    """Every tenth pixel is black or white."""
    rng = np.random.default_rng(0)
    noise = np.sign(rng.normal(size=pictures.shape))
    return np.where(rng.uniform(size=pictures.shape) < 0.1, noise, pictures).astype(np.float32)


COPIES = {
    "exact": lambda digits: digits["train"][:300],
    "speckled": lambda digits: speckled(digits["train"][:300]),
    "blurred": lambda digits: blurred(digits["train"][:300], 1.0),
    "a tenth": lambda digits: np.concatenate([digits["ratio"][:270], speckled(digits["train"][:30])]),
    "darker": lambda digits: 0.8 * digits["train"][:300] - 0.2,
}
NO_COPIES = {
    "fresh": lambda digits: digits["ratio"],
    "speckled": lambda digits: speckled(digits["ratio"]),
    "blurred": lambda digits: blurred(digits["ratio"], 1.0),
    "a little nearer": lambda digits: drawn_nearer(digits["ratio"], digits["train"], 0.03),
    "blobs": lambda digits: blurred(digits["ratio"], 5.0),
    "one blob": lambda digits: digits["train"].mean(axis=0) + np.linspace(-0.1, 0.1, 300)[:, None, None, None],
    "noise": lambda digits: np.random.default_rng(0).uniform(-1, 1, (300, 28, 28, 1)),
}


def is_alarmed(digits, samples):
    training = Training(coarse(digits["train"]))
    held_out, relative = (relative_distances(training, pictures)[0] for pictures in (digits["test"], samples))
    return count_too_near(held_out, relative)[1] < P_ALARM


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found_whatever_lies_over_them(digits, kind):
    assert is_alarmed(digits, COPIES[kind](digits))


@pytest.mark.parametrize("kind", NO_COPIES)
def test_pictures_that_are_no_copies_raise_no_alarm(digits, kind):
    assert not is_alarmed(digits, NO_COPIES[kind](digits))


def test_copies_of_a_picture_that_is_there_thrice_are_found(digits):
    """The next training pictures are then two equal ones and eight others."""
    thrice = {**digits, "train": np.concatenate([digits["train"], np.repeat(digits["train"][:300], 2, axis=0)])}
    assert is_alarmed(thrice, speckled(digits["train"][:300]))


@pytest.mark.parametrize("samples", ["train", "ratio"])
def test_the_nearest_pictures_shown_are_those_of_pixels_where_pixels_show_copies(digits, samples):
    """Speckles of which random features see more than of the digit: beside each copy is its original all the same."""
    evaluator = Evaluator(Reals("folder:x", digits["train"]), Reals("folder:x", digits["test"]))
    found, rows = evaluator.copies(speckled(digits[samples][:300]))
    assert is_copying_pixels(found) == is_copying(found) == (samples == "train")
    beside = (rows[:, 0] == rows[:, 1]).mean()
    assert beside > 0.95 if samples == "train" else beside < 0.1
