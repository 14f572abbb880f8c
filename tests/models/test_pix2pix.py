import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo import load_config, noise
from ganzoo.data.pipeline import domain_pairs
from ganzoo.data.reals import to_float
from ganzoo.errors import GanzooError
from ganzoo.models.pix2pix import Pix2Pix
from ganzoo.networks.layers.basic import SeededDropout
from ganzoo.noise import Purpose
from ganzoo.tasks import translation
from tests.conftest import shapes
from tests.models.descent import RATE, assert_descended, compile_for_descent, fit_one_step, values


def absolute(x, y):
    return tf.reduce_mean(tf.abs(x - y))


def softplus(x):
    return tf.reduce_mean(tf.math.log(1 + tf.exp(x)))


def test_a_step_is_the_papers_objective(translator, reals):
    """By plain gradient descent both networks end where the objective, written out, puts them: the discriminator's
    cross-entropy halved, the generator's non-saturating plus 100 times L1, by the discriminator after its step and
    with the fakes that it was shown."""
    model, data = translator("pix2pix"), tf.constant(reals(8))
    x, y = data[:4], data[4:]
    generator, discriminator = model.generator, model.discriminator
    stream = noise.stream(model.step_seed(Purpose.LATENTS, 0))
    with tf.GradientTape() as tape:
        fakes = generator([x, stream])
        loss = (softplus(-discriminator([x, y])) + softplus(discriminator([x, fakes]))) / 2
    critic = discriminator.trainable_variables
    critic_gradients = tape.gradient(loss, critic)
    before = values(generator.trainable_variables), values(critic)
    for variable, gradient in zip(critic, critic_gradients, strict=True):
        variable.assign_sub(RATE * gradient)
    with tf.GradientTape() as tape:
        fakes = generator([x, stream])
        loss = softplus(-discriminator([x, fakes])) + 100 * absolute(fakes, y)
    generator_gradients = tape.gradient(loss, generator.trainable_variables)
    for variable, value in zip(critic, before[1], strict=True):
        variable.assign(value)

    compile_for_descent(model)
    fit_one_step(model, x, y)

    assert_descended(critic, before[1], critic_gradients)
    assert_descended(generator.trainable_variables, before[0], generator_gradients)


def test_the_adversarial_loss_alone_moves_every_variable_of_the_generator(translator, reals):
    model, data = translator("pix2pix", l1_weight=0.0), reals(4)
    before = values(model.generator.trainable_variables)
    compile_for_descent(model)
    fit_one_step(model, data, data)
    for variable, old in zip(model.generator.trainable_variables, before, strict=True):
        assert not np.array_equal(variable, old), variable.path


def test_noise_is_the_seeds_and_a_pictures_own(translator, reals):
    """The same seed gives the same translations, another seed others; a row's noise is that of its number, in whatever
    batch it is."""
    model, images = translator("pix2pix"), tf.constant(reals(1).repeat(5, 0))
    one, same, other = (model.translate(images, tf.constant([3, seed])) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3
    assert np.abs(one[0] - one[1]).max() > 1e-3  # two rows of the same picture
    alone = model.translate(images[3:], tf.constant([3, 1]), first_row=3)
    np.testing.assert_allclose(alone, one[3:], atol=1e-6)


def test_each_step_has_noise_of_its_own(translator):
    model = translator("pix2pix")
    seeds = []
    for step in range(2):
        model.step.assign(step)
        seeds.append(model.step_seed(Purpose.LATENTS, 0).numpy().tolist())
    assert seeds[0] != seeds[1]


def test_unpaired_domains_are_refused(translator, domains):
    config = load_config("pix2pix")
    with pytest.raises(GanzooError, match=r"'toy' has no pairs, .*--config.data.paired=by_name or side_by_side"):
        translation.ready(translator("pix2pix"), domains(paired=False), config)
    translation.ready(translator("pix2pix"), domains(paired=True), config)


SAMPLING = dict(candidates=16, batch_size=64, max_proposals_per_sample=100)


def of_two_outcomes(log_odds):
    """White or black whatever the input, each with probability 1/2; a discriminator by which the input's own colour is
    `log_odds` better than the other."""
    image = keras.Input((None, None, 1))
    stream = keras.Input(batch_shape=(3,), dtype="int32")
    coin = SeededDropout(0.5, 0)([keras.ops.ones_like(image), stream])[:, :1, :1] - 1.0
    generator = keras.Model([image, stream], keras.ops.ones_like(image) * coin)
    inputs, images = keras.Input((None, None, 1)), keras.Input((None, None, 1))
    scaled = keras.layers.Rescaling(log_odds / 2)(inputs * images)
    discriminator = keras.Model([inputs, images], keras.ops.squeeze(scaled, -1))
    return Pix2Pix(generator, discriminator, l1_weight=0.0, image_shape=(4, 4, 1))


@pytest.fixture(scope="module")
def black_and_white():
    """600 pictures, black and white in a random order."""
    colours = np.random.default_rng(0).choice([-1.0, 1.0], 600).astype(np.float32)
    return np.broadcast_to(colours[:, None, None, None], (600, 4, 4, 1))


@pytest.mark.parametrize(
    ("percentile", "log_odds", "share"),
    [
        (100.0, 4.0, 1.0),  # gamma is F of the best: it is accepted with 1/2, the other never
        (0.0, 4.0, 2 / 3),  # gamma is F of the worse: that is accepted with 1/2, the best always
        (0.0, 0.5, 2 / 3),
        (50.0, 0.0, 1 / 2),  # nothing to choose between
    ],
)
def test_rejection_takes_the_better_of_two_outcomes_as_often_as_its_formula_says(
    black_and_white, percentile, log_odds, share
):
    """The share of inputs that get their own colour, within three standard deviations of 600. One picture for each
    input, in the order of the inputs."""
    model = of_two_outcomes(log_odds)
    drs = tf.function(model.endpoints(SAMPLING)["drs"].function)
    draws = drs(tf.constant(black_and_white), tf.constant([1, 2]), tf.constant(percentile))
    assert draws["images"].shape == black_and_white.shape
    np.testing.assert_array_equal(draws["rows"], np.arange(600))
    np.testing.assert_array_equal(np.abs(draws["images"]), 1.0)
    agrees = draws["images"].numpy()[:, 0, 0, 0] == black_and_white[:, 0, 0, 0]
    assert agrees.mean() == pytest.approx(share, abs=3 * np.sqrt(share * (1 - share) / 600))
    np.testing.assert_allclose(draws["log_ratio"], np.where(agrees, 1, -1) * log_odds / 2, atol=1e-6)
    plain = model.translate(tf.constant(black_and_white), tf.constant([1, 2])).numpy()
    assert (plain == black_and_white).mean() == pytest.approx(0.5, abs=0.06)


def test_rejection_whose_bound_runs_out_says_which_pictures_it_has(black_and_white):
    """One proposal each: about half of the inputs have their own colour accepted."""
    drs = of_two_outcomes(50.0).endpoints(SAMPLING | dict(max_proposals_per_sample=1))["drs"].function
    draws = drs(tf.constant(black_and_white), tf.constant([1, 2]), tf.constant(100.0))
    rows = draws["rows"].numpy()
    assert 100 < len(rows) < 400
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(draws["images"], black_and_white[rows])
    assert draws["num_proposed"] == 600


def test_the_sample_pictures_are_input_output_and_target(translator, reals):
    model, images = translator("pix2pix"), tf.constant(reals(2))
    rows = model.sample_rows(images, -images)
    for row, expected in zip(rows, [images, model.translate(images, tf.zeros([2], tf.int32)), -images], strict=True):
        np.testing.assert_array_equal(row, expected)


def test_a_saved_model_trains_on_as_if_it_had_never_stopped(translator, reals, tmp_path):
    model, data = translator("pix2pix", l1_weight=7.0), reals(4)
    fit_one_step(model, data, -data)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.l1_weight == 7.0
    for each in (model, loaded):
        fit_one_step(each, data, -data)
    assert loaded.steps_taken == 2
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_short_training_finds_the_negative(translator, domains):
    """By pairs: 1.6 from its negative untranslated, a new picture is within .3 of it after 150 steps."""
    model = translator("pix2pix")
    model.compile(*(keras.optimizers.Adam(2e-3, 0.5) for _ in range(2)))
    data = domain_pairs(domains(200, paired=True), 8, seed=0, steps=150, image_size=16, flip=False)
    model.fit(data, shuffle=False, verbose=0)
    test = tf.constant(to_float(shapes(50, seed=9)))
    translated = model.translate(test, tf.constant([0, 0]))
    assert absolute(test, -test) > 1.4
    assert absolute(translated, -test) < 0.3
