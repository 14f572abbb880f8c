"""Copies are found where they were planted, and nowhere else."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm

from ganzoo.data.reals import Reals, to_float
from ganzoo.evaluation.copies import (
    Copies,
    Training,
    count_too_near,
    data_copying,
    detectable_share,
    find_copies,
    in_words,
    is_copying,
    rank_sum_z,
    share_authentic,
)
from ganzoo.evaluation.evaluator import Evaluator
from ganzoo.pictures.nearest import write_nearest
from tests.conftest import shapes


def normals(count, seed, dimensions=8):
    return np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)


@pytest.fixture(scope="module")
def training():
    return Training(normals(1000, 0))


HELD_OUT = normals(400, 1)
NO_COPIES_IN_PIXELS = (np.ones(20), np.ones(20))


def find(training, held_out, samples, *nearest, in_pixels=NO_COPIES_IN_PIXELS):
    return find_copies(training, held_out, samples, in_pixels, *nearest)


def test_fresh_samples_look_like_held_out_ones(training):
    """The chance is a half, both shares of authentic ones are alike, and Z is within three."""
    found = find(training, HELD_OUT, normals(400, 2))
    assert found.nearer_than_held_out == pytest.approx(0.5, abs=0.06)
    assert found.authentic == pytest.approx(found.authentic_held_out, abs=0.1)
    assert abs(found.z) < 3
    assert not is_copying(found)
    assert in_words(found, "generate").startswith("no sign of copies: of 400 samples of generate")


def test_a_search_that_was_made_already_gives_the_same_figures(training):
    samples = normals(400, 2)
    assert find(training, HELD_OUT, samples, [training.nearest(HELD_OUT), training.nearest(samples, 3)]) == find(
        training, HELD_OUT, samples
    )


def test_exact_copies_are_found(training):
    found = find(training, HELD_OUT, training.features[:400])
    assert (found.authentic, found.nearer_than_held_out) == (0.0, 1.0)
    assert found.z < -10
    assert is_copying(found)


def test_jittered_copies_are_found(training):
    found = find(training, HELD_OUT, training.features[:400] + 0.1 * normals(400, 3))
    assert found.authentic < 0.02
    assert found.z < -10
    assert in_words(found, "drs").startswith("copies, or nearly: of 400 samples of drs 100 % are nearer")
    untrained = in_words(found, "drs", features_are_trained=False)
    assert untrained.startswith("blobs, which random features take for copies, or copies that pixels hide (see nearest")


@pytest.mark.parametrize("features_are_trained", [True, False])
def test_copies_that_show_in_pixels_alone_are_copies(training, features_are_trained):
    """Samples like held-out ones in features; all of them, or 30 of 400, are nearer to one picture in pixels."""
    relative = np.linspace(0.7, 1.0, 400)
    for copied in (30, 400):
        in_pixels = (relative, np.where(np.arange(400) < copied, 0.2, relative))
        found = find(training, HELD_OUT, normals(400, 2), in_pixels=in_pixels)
        assert found.pixels_too_near == copied / 400
        assert is_copying(found)
        said = in_words(found, "drs", features_are_trained=features_are_trained)
        assert said.startswith("copies, or nearly: of 400 samples of drs")


def test_some_copies_are_found_among_samples_that_are_farther_than_held_out_ones(training):
    """C_T and the share of authentic ones average 30 % of copies out; the number of those too near does not."""
    samples = np.concatenate([1.3 * normals(280, 4), training.features[:120] + 0.02 * normals(120, 5)])
    found = find(training, HELD_OUT, samples)
    assert found.z > -3
    assert found.authentic == pytest.approx(found.authentic_held_out, abs=0.1)
    assert found.too_near == pytest.approx(0.3, abs=0.02)
    assert is_copying(found)


def test_the_chance_of_too_near_samples_is_that_of_draws():
    """100 held-out ratios and 50 samples, all uniform: how often so many lie below the least, by 20,000 draws."""
    rng = np.random.default_rng(0)
    draws = rng.uniform(size=(20_000, 150))
    below = np.count_nonzero(draws[:, 100:] < draws[:, :100].min(axis=1, keepdims=True), axis=1)
    for number in (1, 2, 4):
        held_out, samples = np.linspace(1, 2, 100), np.repeat([0.5, 3.0], [number, 50 - number])
        share, p = count_too_near(held_out, samples)
        assert share == number / 50
        assert p == pytest.approx(np.mean(below >= number), abs=0.01)


@pytest.mark.parametrize("held_out", [12, 100])
def test_a_share_of_copies_that_is_detectable_is_told_and_a_smaller_one_is_not(training, held_out):
    """Among samples that are else like held-out pictures, over 20 draws: above it nearly always, below it seldom."""
    told = {}
    for times in (0.4, 1.6):
        copied = round(times * detectable_share(held_out, 300) * 300)
        told[times] = 0
        for seed in range(20):
            samples = np.concatenate([training.features[:copied], normals(300 - copied, 100 + seed)])
            told[times] += is_copying(find(training, normals(held_out, 200 + seed), samples))
    assert told[0.4] <= 4
    assert told[1.6] >= 16


def test_few_held_out_pictures_cannot_tell_copies_and_the_words_say_so(training):
    """A share that would show is 39 % of 1,000 samples with 12 held-out pictures, and 2 % with 1,000."""
    assert detectable_share(12, 1000) == pytest.approx(0.394, abs=0.001)
    assert detectable_share(1000, 1000) == pytest.approx(0.0192, abs=0.0001)
    said = in_words(find(training, normals(12, 7), normals(1000, 2)), "generate")
    assert said.startswith("no sign of copies, but 12 held-out pictures are few: a share of copies below 39 % would")


def test_samples_far_from_the_data_are_no_copies(training):
    found = find(training, HELD_OUT, normals(400, 5) + 3)
    assert found.z > 10
    assert found.authentic > 0.95
    assert "the samples lie farther from the data" in in_words(found, "generate")


def test_z_follows_a_normal_law_where_nothing_is_copied():
    """Over 60 draws of fresh samples, its mean is near 0 and its deviation near 1, with several cells, too."""
    values = []
    for seed in range(60):
        training = Training(normals(300, 3 * seed, 2))
        values.append(data_copying(training, normals(200, 3 * seed + 1, 2), normals(200, 3 * seed + 2, 2))[1])
    assert abs(np.mean(values)) < 4 / np.sqrt(60)
    assert 0.7 < np.std(values) < 1.4


def test_copies_in_one_cell_do_not_hide_behind_far_samples_in_another():
    """Two clusters: in one the samples are copies, in the other they are far away; C_T takes each by itself."""
    rng = np.random.default_rng(0)
    centre = np.repeat([[0.0, 0.0], [100.0, 0.0]], 500, axis=0)
    data = centre + rng.normal(size=centre.shape)
    held_out = centre[::5] + rng.normal(size=(200, 2))
    copied = data[:500][rng.integers(500, size=100)]
    fresh = np.array([100.0, 0.0]) + rng.normal(size=(100, 2))
    assert data_copying(Training(data), held_out, np.concatenate([copied, fresh]))[0] < -3


def test_the_rank_sum_is_that_of_scipy():
    """Its normal law, ties included: twice the tail is SciPy's p-value."""
    rng = np.random.default_rng(0)
    samples, held_out = rng.integers(20, size=60), rng.integers(3, 23, size=40)
    expected = mannwhitneyu(samples, held_out, method="asymptotic", use_continuity=False)
    z = rank_sum_z(held_out, samples)
    assert z < 0
    assert 2 * norm.cdf(z) == pytest.approx(expected.pvalue)
    assert rank_sum_z(np.ones(5), np.ones(7)) == 0.0


def test_authentic_samples_are_those_that_the_paper_counts():
    """Training at 0, 1 and 5: 0 and 1 are 1 apart, 5 is 4 from the next. Copies are nearer than that."""
    training = Training(np.array([[0.0], [1.0], [5.0]]))
    authentic = lambda features: share_authentic(training.ratios(*training.nearest(features)))  # noqa: E731
    assert authentic(np.array([[-0.5]])) == 0.0
    assert authentic(np.array([[-1.5]])) == 1.0
    assert authentic(np.array([[8.0], [9.5]])) == 0.5


@pytest.fixture(scope="module")
def evaluator():
    return Evaluator(Reals("folder:x", shapes(300)), Reals("folder:x", shapes(100, seed=1)))


@pytest.mark.parametrize(
    ("samples", "identical", "copied"),
    [
        (shapes(300)[:100], 100, True),
        (np.clip(shapes(300)[:100].astype(int) + 2, 0, 255).astype(np.uint8), 0, True),
        (np.concatenate([shapes(97, seed=2), shapes(300)[:3]]), 3, True),
        (shapes(100, seed=2), 0, False),
    ],
    ids=["exact", "jittered", "three exact", "fresh"],
)
def test_copies_among_pictures_are_counted_and_shown(evaluator, samples, identical, copied):
    found, rows = evaluator.copies(samples)
    assert (found.identical, is_copying(found)) == (identical, copied)
    assert rows.shape == (100, 4)
    if identical:
        for sample, nearest in rows[:identical, :2]:
            np.testing.assert_array_equal(samples[sample], evaluator.train.samples[nearest])
        assert in_words(found, "generate").startswith(
            f"copies: {identical} of 100 samples of generate equal a training"
        )


def test_points_are_no_copies():
    points = Reals("swissroll", normals(50, 0, 2))
    assert Evaluator(points, points).copies(normals(20, 1, 2)) is None


def test_the_figures_can_be_written_as_json(evaluator):
    found, _ = evaluator.copies(shapes(60, seed=3))
    assert all(type(value) in (int, float) for value in found._asdict().values())
    assert isinstance(found, Copies)


def test_the_nearest_pictures_are_drawn(evaluator, tmp_path):
    samples = np.concatenate([shapes(20, seed=2), shapes(300)[:4]])
    _, rows = evaluator.copies(samples)
    write_nearest(tmp_path / "nearest.png", samples, evaluator.train.samples, rows, "generate")
    assert (tmp_path / "nearest.png").stat().st_size > 5000


def test_the_nearest_pictures_are_of_different_training_pictures(evaluator, tmp_path, monkeypatch):
    """Of nine copies of one picture and three of others, the left column begins with one each."""
    taken = []
    monkeypatch.setattr("ganzoo.pictures.nearest.to_float", lambda picture: taken.append(picture) or to_float(picture))
    training = evaluator.train.samples
    samples = training[[7] * 9 + [1, 2, 3]]
    rows = np.stack([np.arange(12), [7] * 9 + [1, 2, 3]], axis=1)
    write_nearest(tmp_path / "nearest.png", samples, training, rows, "generate")
    expected = samples[[0, 1, 2, 3, 4, 9, 10, 11]]
    np.testing.assert_array_equal(taken[:8], expected)
