import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from tests.models.descent import fit_eagerly


def test_the_discriminator_step_is_the_papers(tiny, reals):
    """By plain gradient descent the discriminator ends where cross-entropy and 10 (|grad D| - 1)^2, written out at the
    reals' neighbours, put it."""
    model, data = tiny("dragan", n_critic=1), tf.constant(reals(6))
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.1))
    fake, near = model.generate(0, like=data), model.neighbours(0, data)
    model.generator.set_weights(model.ema_generator.get_weights())  # drawing the fakes moved batch norm's statistics
    with tf.GradientTape() as tape:
        with tf.GradientTape() as inner:
            inner.watch(near)
            logits = model.discriminator(near)
        norms = tf.norm(tf.reshape(inner.gradient(logits, near), [6, -1]), axis=1)
        real, fakes = tf.sigmoid(model.discriminator(data)), tf.sigmoid(model.discriminator(fake))
        loss = -tf.reduce_mean(tf.math.log(real)) - tf.reduce_mean(tf.math.log(1 - fakes))
        loss += 10.0 * tf.reduce_mean((norms - 1) ** 2)
    gradients = tape.gradient(loss, model.discriminator.trainable_variables)
    expected = [v - 0.1 * g for v, g in zip(model.discriminator.get_weights(), gradients, strict=True)]

    fit_eagerly(model, data, batch_size=6, shuffle=False)

    for one, other in zip(expected, model.discriminator.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_neighbours_lie_within_half_a_deviation_above_their_reals(tiny, reals):
    """alpha u / 2 of the batch's deviation, u for each pixel, alpha for each picture: mean 1/8, never below 0."""
    model, data = tiny("dragan"), reals(64)
    offsets = (model.neighbours(0, tf.constant(data)).numpy() - data) / data.std()
    assert offsets.min() >= -1e-6
    assert 0.4 < offsets.max() <= 0.5
    np.testing.assert_allclose(offsets.mean(), 0.125, atol=0.02)
    of_pixels = offsets.reshape(64, -1)
    np.testing.assert_allclose(of_pixels.std(1) / of_pixels.mean(1), 1 / np.sqrt(3), atol=0.15)


def test_every_step_has_neighbours_of_its_own(tiny, reals):
    model, data = tiny("dragan"), tf.constant(reals(4))
    first = model.neighbours(0, data)
    np.testing.assert_array_equal(first, model.neighbours(0, data))
    model.step.assign_add(1)
    assert not np.allclose(first, model.neighbours(0, data))


def test_batch_norm_in_the_discriminator_is_refused(tiny):
    discriminator = dict(width=4, base_resolution=4, kernel_size=3, norm="batch", init_stddev=0.0)
    with pytest.raises(GanzooError, match="cannot have batch norm"):
        tiny("dragan", discriminator=discriminator)


def test_a_short_training_pulls_samples_to_the_reals(tiny):
    """Reals N((2, -1), .3^2): after 600 steps the samples' mean is within .8 of it (seeds 0 to 5: .40)."""
    model = tiny("dragan", (2,))
    model.compile(keras.optimizers.Adam(5e-3, 0.5, 0.9), keras.optimizers.Adam(5e-3, 0.5, 0.9))
    data = np.random.default_rng(0).normal([2, -1], 0.3, (600 * 64, 2)).astype(np.float32)
    model.fit(data, batch_size=64, shuffle=False, verbose=0)
    assert np.linalg.norm(model.sample(1000).mean(0) - [2, -1]) < 0.8
