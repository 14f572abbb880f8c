import numpy as np
import pytest
import tensorflow as tf
from normals import OPTIONS, reals, standard_normal_model

from ganzoo.density_ratio import fitting, groups
from ganzoo.density_ratio.groups import LEAST, Groups
from ganzoo.models.gan import GAN


def clouds(counts, seed=0):
    """As many features float32 [n, 2, 3] around each of some far points, and their points' numbers."""
    numbers = np.repeat(np.arange(len(counts)), counts)
    places = 10.0 * np.eye(6)[: len(counts)].reshape(-1, 2, 3)
    noise = np.random.default_rng(seed).normal(size=(len(numbers), 2, 3))
    return (places[numbers] + noise).astype(np.float32), numbers


def test_groups_are_of_similar_samples():
    features, numbers = clouds([200, 100, 60])
    of = groups.found(features, 3, np.random.default_rng(0)).of(features).numpy()
    assert len({(a, b) for a, b in zip(of, numbers, strict=True)}) == 3  # one to one
    assert sorted(np.bincount(of)) == [60, 100, 200]


def test_the_nearest_center_has_a_sample_in_the_components_alone():
    """Centers at 0 and 4 along the first axis; the second axis is no component."""
    some = Groups(np.float32([1.0, 0.0]), np.float32([[1.0], [0.0]]), np.float32([[0.0], [4.0]]))
    np.testing.assert_array_equal(some.of(np.float32([[1.0, 99.0], [2.9, 0.0], [3.1, -5.0], [9.0, 0.0]])), [0, 0, 1, 1])


@pytest.mark.parametrize(("rows", "most", "count"), [(2 * LEAST, 10, 2), (5 * LEAST, 3, 3), (2 * LEAST - 1, 10, None)])
def test_there_are_no_more_groups_than_the_reals_can_tell_the_shares_of(rows, most, count):
    made = groups.found(
        np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32), most, np.random.default_rng(1)
    )
    assert made is None if count is None else len(made.centers) == count


def test_offsets_make_the_expected_ratio_of_each_group_its_share_of_the_reals():
    """E_g[r 1_A] / E_g[r] = P_data(A), the equation of a density ratio up to its level, which is the calibration's."""
    rng = np.random.default_rng(0)
    of_reals, of_fakes = rng.choice(3, 5000, p=[0.5, 0.3, 0.2]), rng.choice(3, 4000, p=[0.2, 0.3, 0.5])
    log_ratios = rng.uniform(-1, 1, 4000).astype(np.float32)
    corrected = log_ratios + groups.offsets(of_reals, of_fakes, log_ratios, 3)[of_fakes]
    expected = np.array([np.mean(np.exp(corrected) * (of_fakes == k)) for k in range(3)])
    np.testing.assert_allclose(
        expected / expected.sum(), np.bincount(of_reals) / 5000, rtol=0.01
    )  # a real more, a clipped weight less


def test_a_ratio_that_is_right_is_left_alone():
    """Fakes of two groups as often as reals, with a log ratio that is 0 on average."""
    numbers = np.repeat([0, 1], [300, 700])
    np.testing.assert_allclose(groups.offsets(numbers, numbers, np.zeros(1000), 2), 0.0, atol=0.01)


def test_a_group_without_fakes_or_without_reals_keeps_a_finite_ratio():
    found = groups.offsets(np.array([0, 0, 1]), np.array([1, 2]), np.zeros(2), 3)
    assert np.isfinite(found).all()
    assert found[0] == 0.0
    assert found[2] < found[1]


def test_one_fake_with_a_huge_ratio_does_not_decide():
    log_ratios = np.zeros(10_000, np.float32)
    log_ratios[0] = 50.0
    found = groups.offsets(np.repeat([0, 1], 500), np.repeat([0, 1], 5000), log_ratios, 2)
    np.testing.assert_allclose(found, 0.0, atol=0.01)


def test_a_ratio_that_does_not_see_the_kinds_is_corrected():
    """Fakes N(0, I), reals shifted by 1, by a discriminator that gives 0 everywhere: the offsets tell the groups apart.

    They are the log ratio of whole groups, and rise along the shift as the true one, x - 1/2, does.
    """
    model = standard_normal_model(GAN, loss="minimax")
    for weight in model.discriminator.weights[-2:]:
        weight.assign(tf.zeros_like(weight))
    held_out = reals(4000, mean=(1.0, 0.0))
    options = OPTIONS | dict(estimator="discriminator")
    blind = fitting.for_export(model, held_out, options=options)
    seeing = fitting.for_export(model, held_out, options=options | dict(groups=8, tempering=2.0))
    points = tf.constant(reals(2000, mean=(0.5, 0.0)))
    np.testing.assert_array_equal(blind(points), np.zeros(2000))
    values = seeing(points).numpy() / 2.0
    assert len(set(values.round(4))) == 8
    assert np.corrcoef(values, points[:, 0] - 0.5)[0, 1] > 0.8
    true = points[:, 0] - 0.5
    assert np.abs(values - true).mean() < 0.6 * np.abs(blind(points) - true).mean()
    assert set(seeing.held_out.numpy().round(3)) <= set((2.0 * values).round(3))


def test_training_reals_in_other_groups_than_held_out_ones_are_not_counted():
    rng = np.random.default_rng(0)
    held_out, alike = (rng.choice(3, count, p=[0.5, 0.3, 0.2]) for count in (500, 2000))
    others = rng.choice(3, 2000, p=[0.2, 0.3, 0.5])
    np.testing.assert_array_equal(groups.counted(held_out, alike), np.concatenate([held_out, alike]))
    np.testing.assert_array_equal(groups.counted(held_out, others), held_out)
    np.testing.assert_array_equal(groups.counted(held_out, held_out[:0]), held_out)
    np.testing.assert_array_equal(groups.counted(np.array([0, 2]), np.array([2, 0])), [0, 2, 2, 0])


def test_training_reals_are_counted_with_the_held_out_ones_if_they_are_alike():
    """Fakes N(0, I), of which half have x > 0. 42 % of few held-out reals have, and half of the others."""
    model = standard_normal_model(GAN, loss="minimax")
    for weight in model.discriminator.weights[-2:]:
        weight.assign(tf.zeros_like(weight))

    def halves(count, share):
        points = np.abs(reals(count)) + 1.0
        return np.where(np.arange(count)[:, None] < share * count, points, -points).astype(np.float32)

    options = OPTIONS | dict(estimator="discriminator", groups=2)
    places = tf.constant([[2.0, 2.0], [-2.0, -2.0]])

    def odds(held_out, training=None):
        right, left = fitting.for_export(model, held_out, training=training, options=options)(places).numpy()
        return right - left

    held_out, share = halves(400, 0.42), (0.42 * 400 + 0.5 * 3600) / 4000
    expected = np.log(share / (1 - share)) - np.log(0.42 / 0.58)
    assert odds(held_out, halves(3600, 0.5)) - odds(held_out) == pytest.approx(expected, abs=0.2)
    assert odds(held_out, halves(3600, 2 / 3)) == pytest.approx(odds(held_out), abs=0.2)
    few = held_out[100 : 100 + fitting.FEW - 1]
    assert odds(few, halves(3600, 0.5)) == odds(few)
