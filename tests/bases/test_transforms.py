"""Random transforms of pictures: what each one does, its probability, its derivatives, and that it does not leak."""

import math

import numpy as np
import pytest
import tensorflow as tf

from ganzoo import noise
from ganzoo.bases import transforms
from ganzoo.zoo.values import TRANSFORMS

FIRST = dict(zip(TRANSFORMS, np.cumsum([len(TRANSFORMS), 1, 2, 1, 1, 1, 1, 1, 1]).tolist(), strict=True))


def pictures(rows=1, shape=(6, 7, 3), dtype=np.float32):
    return np.random.default_rng(0).uniform(-1, 1, (rows, *shape)).astype(dtype)


def by(x, **numbers):
    """Pictures by the transforms that have numbers, surely, and by no other."""
    uniforms = np.full((len(x), transforms.NUMBERS), 0.5, np.float32)
    for name, values in numbers.items():
        values = np.atleast_1d(values)
        uniforms[:, FIRST[name] : FIRST[name] + len(values)] = values
    return transforms.transformed(tf.constant(x), tf.constant(uniforms), 1.0, tuple(numbers)).numpy()


def drawn(rows, seed=1):
    return noise.uniforms(tf.constant([seed, 2]), rows, transforms.NUMBERS)


def quantile(z):
    """The uniform number whose normal quantile is z."""
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def test_a_flip_mirrors_every_second_picture():
    x = pictures()
    np.testing.assert_array_equal(by(x, flip=0.2), x[:, :, ::-1])
    np.testing.assert_array_equal(by(x, flip=0.7), x)


def test_a_translation_is_by_whole_pixels_and_the_picture_goes_on_mirrored():
    """An eighth of a side of 16 at most: 2 to the right and 1 up, with the pixels beside the edge in front of it."""
    x = pictures(shape=(16, 16, 1))
    moved = by(x, translation=(0.99, 0.25))
    np.testing.assert_array_equal(moved[:, :-1, 2:], x[:, 1:, :-2])
    np.testing.assert_array_equal(moved[:, :-1, :2], x[:, 1:, 2:0:-1])
    np.testing.assert_array_equal(moved[:, -1, 2:], x[:, -2, :-2])


def test_a_quarter_turn_turns_by_90_degrees():
    """The rotation reaches from -180 to 180 degrees; of a square picture this one is exact."""
    x = pictures(shape=(8, 8, 1))
    turned = by(x, rotation=0.75)[0, ..., 0]
    np.testing.assert_allclose(turned, np.rot90(x[0, ..., 0], k=-1), atol=1e-5)


def test_a_turn_can_be_limited():
    """A sixth of the way to 180 degrees is the whole way to 30."""
    x, uniforms = tf.constant(pictures(8, (8, 8, 1))), drawn(8).numpy()
    limited = transforms.transformed(x, tf.constant(uniforms), 1.0, ("rotation",), largest_turn=math.pi / 6)
    uniforms[:, FIRST["rotation"]] = 0.5 + (uniforms[:, FIRST["rotation"]] - 0.5) / 6
    np.testing.assert_allclose(limited, transforms.transformed(x, tf.constant(uniforms), 1.0, ("rotation",)), atol=1e-5)


def test_a_scale_is_about_the_centre():
    """Five standard deviations down are a half: every second pixel of the given picture."""
    x = pictures(shape=(9, 9, 1))
    smaller = by(x, scale=quantile(-5.0))
    np.testing.assert_allclose(smaller[:, 2:7, 2:7], x[:, ::2, ::2], atol=1e-3)


def test_an_enlarged_picture_has_values_between_the_given_ones():
    """At half a standard deviation: pixels lie 2^-.1 apart."""
    x = pictures(shape=(5, 5, 1))
    apart = 2**-0.1
    expected = (1 - apart) * x[0, 2, 2] + apart * x[0, 2, 3]
    np.testing.assert_allclose(by(x, scale=quantile(0.5))[0, 2, 3], expected, atol=1e-5)


def test_transforms_follow_the_papers_order():
    """Mirrored before it is moved: a mirrored picture moves to the right, not to the left."""
    x = pictures(shape=(16, 16, 1))
    np.testing.assert_array_equal(
        by(x, flip=0.1, translation=(0.99, 0.5)), by(by(x, flip=0.1), translation=(0.99, 0.5))
    )


def test_brightness_is_added_and_contrast_multiplied():
    x = pictures(shape=(4, 4, 1))
    np.testing.assert_allclose(by(x, brightness=quantile(1.0)), x + 0.2, atol=1e-6)
    np.testing.assert_allclose(by(x, contrast=quantile(2.0)), 2 * x, atol=1e-5)
    both = by(x, brightness=quantile(1.0), contrast=quantile(2.0))
    np.testing.assert_allclose(both, 2 * (x + 0.2), atol=1e-5)


def test_saturation_scales_the_distance_from_grey():
    x = pictures()
    grey = x.mean(3, keepdims=True)
    np.testing.assert_allclose(by(x, saturation=quantile(1.0)), grey + 2 * (x - grey), atol=1e-5)


def test_a_third_of_a_turn_in_hue_exchanges_the_colours():
    """Red becomes green, green blue and blue red."""
    x = pictures()
    np.testing.assert_allclose(by(x, hue=0.5 + 1 / 3), x[..., [2, 0, 1]], atol=1e-6)


def test_grey_pictures_have_neither_hue_nor_saturation():
    x = pictures(shape=(4, 4, 1))
    np.testing.assert_array_equal(by(x, hue=0.9, saturation=0.9), x)


def test_a_cutout_is_half_as_long_as_the_picture_each_way():
    """Around its centre, and less at an edge."""
    x = pictures(shape=(8, 12, 1))
    np.testing.assert_array_equal(by(x, cutout=(0.5, 0.5))[0, 2:6, 3:9], 0)
    assert (by(x, cutout=(0.5, 0.5)) == 0).sum() == 4 * 6
    assert (by(x, cutout=(0.0, 0.0)) == 0).sum() == 2 * 3


@pytest.mark.parametrize("channels", [1, 3])
def test_at_probability_0_every_picture_keeps_its_bits(channels):
    """Negative zeros, too."""
    x = pictures(64, (8, 8, channels))
    x[0, 0] = -0.0
    kept = transforms.transformed(tf.constant(x), drawn(64), 0.0, TRANSFORMS).numpy()
    np.testing.assert_array_equal(kept.view(np.int32), x.view(np.int32))


def test_each_transform_has_the_probability_independently_of_the_others():
    """Of 20,000 pictures, within four standard deviations; a flip is seen on half of its pictures."""
    rows, p = 20_000, 0.3
    x = pictures(1, (4, 4, 1)).repeat(rows, 0)

    def changed(*names):
        out = transforms.transformed(tf.constant(x), drawn(rows), p, names).numpy()
        return (out != x).any((1, 2, 3))

    for name, share in (("flip", p / 2), ("rotation", p), ("brightness", p), ("contrast", p)):
        assert changed(name).mean() == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / rows))
    both = (changed("rotation") & changed("brightness")).mean()
    assert both == pytest.approx(p * p, abs=4 * math.sqrt(p * p * (1 - p * p) / rows))


def test_a_transform_keeps_its_numbers_beside_others():
    x = pictures(32, (8, 8, 1))
    alone = transforms.transformed(tf.constant(x), drawn(32), 0.5, ("rotation",))
    among = transforms.transformed(tf.constant(x), drawn(32), 0.5, ("cutout", "rotation")).numpy()
    uncut = among != 0
    np.testing.assert_array_equal(alone.numpy()[uncut], among[uncut])


def weakest(name, probability, draws=400, side=6):
    """The smallest singular value of the linear map from a picture to its expectation under a transform."""
    basis = np.eye(side * side, dtype=np.float32).reshape(-1, 1, side, side, 1)
    x = np.concatenate([basis, np.zeros_like(basis[:1])]).repeat(draws, 1)
    uniforms = tf.tile(drawn(draws), [len(x), 1])
    out = transforms.transformed(tf.reshape(x, [-1, side, side, 1]), uniforms, probability, (name,)).numpy()
    means = out.reshape(len(x), draws, -1).mean(1, dtype=np.float64)
    return np.linalg.svd(means[:-1] - means[-1], compute_uv=False)[-1]


@pytest.mark.parametrize("name", TRANSFORMS)
def test_no_transform_leaks_at_a_probability_below_1(name):
    """Fakes that look as the reals on average after a transform do so before it, pixel by pixel: in their place, at
    their border and in their brightness. The map of the averages can be inverted (section 2.2 of the paper)."""
    assert weakest(name, 0.6) > 0.1


def test_what_always_happens_would_leak():
    """Mirrored in every second picture, a picture and its mirror picture look alike on average."""
    assert weakest("flip", 1.0) < 0.1


def test_reals_and_fakes_are_transformed_alike():
    """The same picture in two streams: means, borders and brightness over 4,000 draws, to four standard errors."""
    x = pictures(1, (8, 8, 1)).repeat(4000, 0)
    both = [transforms.transformed(tf.constant(x), drawn(4000, seed), 0.5, TRANSFORMS).numpy() for seed in (1, 2)]
    difference = both[0].mean(0) - both[1].mean(0)
    error = np.sqrt((both[0].var(0) + both[1].var(0)) / 4000)
    assert (np.abs(difference) < 5 * error).all()
    assert abs(difference.mean()) < 0.02


@pytest.mark.parametrize("channels", [1, 3])
def test_derivatives_are_those_of_finite_differences(channels):
    """In float64, all transforms at once: the first derivative of a critic of the transformed pictures, and the
    derivative of its squared gradient (R1) by the critic's weights, which takes the second."""
    x = tf.constant(pictures(4, (6, 5, channels), np.float64))
    rng = np.random.default_rng(1)
    weights, direction, along = (rng.normal(size=shape) for shape in ((30 * channels, 3), (30 * channels, 3), x.shape))
    uniforms = drawn(4)

    def critic(x, w):
        seen = transforms.transformed(x, uniforms, 0.8, TRANSFORMS)
        return tf.reduce_sum(tf.math.tanh(tf.reshape(seen, [4, -1]) @ w))

    def r1(w):
        with tf.GradientTape() as tape:
            tape.watch(x)
            logits = critic(x, w)
        return tf.reduce_sum(tf.square(tape.gradient(logits, x)))

    def difference(function, at, way, step=1e-5):
        return (function(at + step * way) - function(at - step * way)).numpy() / (2 * step)

    w = tf.constant(weights)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = critic(x, w)
    slope = tf.reduce_sum(tape.gradient(value, x) * along)
    assert slope.numpy() == pytest.approx(difference(lambda x: critic(x, w), x, along), rel=1e-7)
    with tf.GradientTape() as tape:
        tape.watch(w)
        value = r1(w)
    slope = tf.reduce_sum(tape.gradient(value, w) * direction)
    assert slope.numpy() == pytest.approx(difference(r1, w, direction), rel=1e-6)
    assert abs(slope.numpy()) > 1


def test_a_resampling_weighs_four_neighbours_whose_weights_add_up_to_1():
    """A constant picture stays constant under every geometric transform, edges included."""
    x = np.full((64, 9, 12, 1), 0.7, np.float32)
    moved = transforms.transformed(tf.constant(x), drawn(64), 1.0, transforms.GEOMETRIC)
    np.testing.assert_allclose(moved, x, atol=1e-6)
