import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.noise import Purpose
from tests.models.descent import fit_eagerly


def test_one_step_is_the_papers(tiny, reals):
    """By plain gradient descent both networks end where the relativistic losses and the penalties, written out in
    TensorFlow's own parts, put them; gamma = 3 weighs R1 and R2 by a half each."""
    model, data = tiny("r3gan", gamma=3.0, gamma_end=3.0), tf.constant(reals(6))
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    generator, discriminator = (keras.models.clone_model(network) for network in (model.generator, model.discriminator))
    generator.set_weights(model.generator.get_weights())
    discriminator.set_weights(model.discriminator.get_weights())
    latents = model.latents(model.step_seed(Purpose.LATENTS, 0), 6)

    def squared_gradients(samples):
        with tf.GradientTape() as inner:
            inner.watch(samples)
            logits = discriminator(samples, training=True)
        return tf.reduce_sum(inner.gradient(logits, samples) ** 2, axis=[1, 2, 3])

    with tf.GradientTape() as generator_tape:
        fake = generator(latents, training=True)
    with tf.GradientTape() as tape:
        gap = discriminator(data, training=True) - discriminator(fake, training=True)
        loss = tf.reduce_mean(tf.math.log(1.0 + tf.exp(-gap)))
        loss += 1.5 * tf.reduce_mean(squared_gradients(data)) + 1.5 * tf.reduce_mean(squared_gradients(fake))
    gradients = tape.gradient(loss, discriminator.trainable_variables)
    keras.optimizers.SGD(0.1).apply(gradients, discriminator.trainable_variables)
    with generator_tape:
        gap = discriminator(fake, training=True) - discriminator(data, training=True)
        loss = tf.reduce_mean(tf.math.log(1.0 + tf.exp(-gap)))
    gradients = generator_tape.gradient(loss, generator.trainable_variables)
    keras.optimizers.SGD(0.1).apply(gradients, generator.trainable_variables)

    fit_eagerly(model, data, batch_size=6, shuffle=False)

    for expected, network in ((discriminator, model.discriminator), (generator, model.generator)):
        for one, other in zip(expected.trainable_variables, network.trainable_variables, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_gamma_falls_by_half_a_cosine(tiny):
    """From gamma to gamma_end at gamma_steps, half way in the middle, and stays there."""
    gamma_at = tiny("r3gan", gamma=2.0, gamma_end=0.5, gamma_steps=100).gamma_at
    np.testing.assert_allclose([gamma_at(step) for step in (0, 50, 100, 1000)], [2.0, 1.25, 0.5, 0.5], rtol=1e-6)


def test_the_half_life_of_the_average_grows_by_half_a_cosine(tiny):
    """From 0, which keeps no memory, to 100 steps in 50, and stays: the decay is 2^(-1 / half-life)."""
    model = tiny("r3gan", ema_half_life=100.0, ema_burn_in=50)
    decays = [model.ema_decay_at(tf.constant(step)) for step in (0.0, 12.5, 25.0, 50.0, 1000.0)]
    half_lives = np.array([50 * (1 - np.cos(np.pi / 4)), 50, 100, 100])
    np.testing.assert_allclose(decays, [0.0, *0.5 ** (1 / half_lives)], rtol=1e-6)


def test_the_average_forgets_half_in_a_half_life(tiny, reals):
    """Three steps, with a generator that stands still: what the average began with weighs 1/2, the generator 1/2."""
    model = tiny("r3gan", (2,), ema_half_life=3.0, ema_burn_in=1)
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    weights = model.generator.get_weights()
    model.ema_generator.set_weights([weight + 1.0 for weight in weights])
    fit_eagerly(model, reals(6, (2,)), batch_size=2)
    for average, weight in zip(model.ema_generator.get_weights(), weights, strict=True):
        np.testing.assert_allclose(average, weight + 0.5, rtol=1e-5)


def test_without_a_half_life_the_average_is_by_its_decay(tiny):
    """The base's ramp, (1 + step) / (10 + step), up to ema_decay."""
    model = tiny("r3gan", ema_half_life=0.0, ema_decay=0.9)
    np.testing.assert_allclose([model.ema_decay_at(step) for step in (1.0, 10.0, 1000.0)], [2 / 11, 11 / 20, 0.9])


def test_a_half_life_below_zero_is_refused(tiny):
    with pytest.raises(GanzooError, match="ema_half_life is -1"):
        tiny("r3gan", ema_half_life=-1.0)


def test_a_gamma_of_zero_is_the_game_without_penalties(tiny, reals):
    logs = fit_eagerly(tiny("r3gan", gamma=0.0, gamma_end=0.0), reals(4), batch_size=4).history
    assert logs["discriminator_loss"] == logs["relativistic_loss"]


def test_pairs_that_are_equal_have_the_loss_log_2(tiny, reals):
    """A discriminator of zeros: both losses are log 2, and the penalties 0."""
    model = tiny("r3gan")
    model.discriminator.set_weights([np.zeros_like(weight) for weight in model.discriminator.get_weights()])
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    logs = fit_eagerly(model, reals(4), batch_size=4).history
    np.testing.assert_allclose([logs["relativistic_loss"], logs["generator_loss"]], np.log(2.0), rtol=1e-6)
    assert logs["r1"] == logs["r2"] == [0.0]


def test_batch_norm_in_the_discriminator_is_refused(tiny):
    discriminator = dict(width=4, base_resolution=4, kernel_size=3, norm="batch", init_stddev=0.0)
    with pytest.raises(GanzooError, match="cannot have batch norm"):
        tiny("r3gan", discriminator=discriminator)


def test_a_short_training_pulls_samples_to_the_reals(tiny):
    """Reals N((2, -1), .3^2): after 400 steps the samples' mean is within .3 of it."""
    model = tiny("r3gan", (2,))
    model.compile(keras.optimizers.Adam(3e-3, 0.0, 0.9), keras.optimizers.Adam(3e-3, 0.0, 0.9))
    data = np.random.default_rng(0).normal([2, -1], 0.3, (400 * 64, 2)).astype(np.float32)
    model.fit(data, batch_size=64, shuffle=False, verbose=0)
    assert np.linalg.norm(model.sample(1000).mean(0) - [2, -1]) < 0.3
