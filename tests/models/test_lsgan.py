import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.models.lsgan import LeastSquaresGAN
from ganzoo.noise import Purpose
from tests.models.descent import fit_eagerly

PUBLISHED = [(0.0, 1.0, 1.0), (-1.0, 1.0, 0.0)]


@pytest.mark.parametrize("targets", PUBLISHED)
def test_one_step_is_equation_2(tiny, reals, targets):
    """By plain gradient descent, both networks end where the two lines of the equation, written out, put them."""
    model, data = tiny("lsgan", (2,), targets=targets, ema_decay=0.0), tf.constant(reals(8, (2,)))
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    generator, discriminator = (keras.models.clone_model(network) for network in (model.generator, model.discriminator))
    generator.set_weights(model.generator.get_weights())
    discriminator.set_weights(model.discriminator.get_weights())
    z = model.latents(model.step_seed(Purpose.LATENTS, 0), 8)
    a, b, c = targets
    with tf.GradientTape() as tape:
        reals_off, fakes_off = discriminator(data) - b, discriminator(generator(z)) - a
        loss = tf.reduce_mean(reals_off**2) / 2 + tf.reduce_mean(fakes_off**2) / 2
    descend(tape.gradient(loss, discriminator.trainable_variables), discriminator)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((discriminator(generator(z)) - c) ** 2) / 2
    descend(tape.gradient(loss, generator.trainable_variables), generator)

    fit_eagerly(model, data, batch_size=8, shuffle=False)

    for expected, network in ((generator, model.generator), (discriminator, model.discriminator)):
        for one, other in zip(expected.get_weights(), network.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("targets", PUBLISHED)
def test_the_best_discriminator_is_equation_5(targets):
    """Two outcomes, of which the reals are the first with probability .8 and the fakes with .25; the discriminator is a
    table of two numbers, which training takes to (b p_data + a p_g) / (p_data + p_g).
    """
    latents = keras.Input((1,))
    outcome = keras.layers.Dense(2)
    generator = keras.Model(latents, outcome(keras.ops.sign(latents + 0.6744898)))  # -1 in a quarter of the normal
    outcome.set_weights([np.float32([[-0.5, 0.5]]), np.float32([0.5, 0.5])])
    table = keras.layers.Dense(1, use_bias=False)
    discriminator = keras.Sequential([keras.Input((2,)), table, keras.layers.Reshape(())])
    model = LeastSquaresGAN(generator, discriminator, targets=targets, n_critic=1, ema_decay=0.0)
    schedule = keras.optimizers.schedules.CosineDecay(0.5, 200)
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(schedule))
    reals = np.tile(np.float32([[1, 0]] * 4 + [[0, 1]]), (100, 1))
    model.fit(tf.data.Dataset.from_tensors(reals).repeat(200), shuffle=False, verbose=0)

    p_data, p_g = np.array([0.8, 0.2]), np.array([0.25, 0.75])
    a, b, _ = targets
    np.testing.assert_allclose(table.get_weights()[0][:, 0], (b * p_data + a * p_g) / (p_data + p_g), atol=0.02)


def test_outputs_are_no_log_ratio(tiny):
    """p_data / (p_data + p_g) at best, so that a ratio must be fitted or transformed for rejection."""
    assert not tiny("lsgan", (2,)).logits_are_log_ratio


@pytest.mark.parametrize(
    ("targets", "said"),
    [((0.0, 1.0), "expected three numbers"), ((1.0, 1.0, 0.0), "expected one for fakes, another for reals")],
)
def test_targets_that_are_no_game_are_refused(tiny, targets, said):
    with pytest.raises(GanzooError, match=said):
        tiny("lsgan", (2,), targets=targets)


def test_targets_are_saved(tiny, tmp_path):
    tiny("lsgan", (2,), targets=(-1.0, 1.0, 0.0)).save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").targets == (-1.0, 1.0, 0.0)


def test_a_short_training_finds_a_shifted_gaussian(tiny):
    """Reals N((2, -1), .3^2): after 600 steps the samples' mean is within .3 of it."""
    model = tiny("lsgan", (2,))
    model.compile(keras.optimizers.Adam(3e-3, 0.5), keras.optimizers.Adam(3e-3, 0.5))
    data = np.random.default_rng(0).normal([2, -1], 0.3, (600 * 64, 2)).astype(np.float32)
    model.fit(data, batch_size=64, shuffle=False, verbose=0)
    assert np.linalg.norm(model.sample(1000).mean(0) - [2, -1]) < 0.3


def descend(gradients, network):
    for gradient, variable in zip(gradients, network.trainable_variables, strict=True):
        variable.assign_sub(0.1 * gradient)
