import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.models.wgan_gp import WassersteinGANGP
from tests.models.descent import fit_eagerly


def test_the_critic_step_is_equation_3(tiny, reals):
    """By plain gradient descent the critic ends where the equation, written out in TensorFlow's own parts, puts it."""
    model, data = tiny("wgan_gp", n_critic=1), tf.constant(reals(6))
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.1))
    fake = model.generate(0, like=data)
    weight = tf.reshape(model.uniforms(0, like=data), [-1, 1, 1, 1])
    model.generator.set_weights(model.ema_generator.get_weights())  # drawing the fakes moved batch norm's statistics
    with tf.GradientTape() as tape:
        between = weight * data + (1 - weight) * fake
        with tf.GradientTape() as inner:
            inner.watch(between)
            logits = model.discriminator(between)
        norms = tf.norm(tf.reshape(inner.gradient(logits, between), [6, -1]), axis=1)
        loss = tf.reduce_mean(model.discriminator(fake)) - tf.reduce_mean(model.discriminator(data))
        loss += 10.0 * tf.reduce_mean((norms - 1) ** 2)
    gradients = tape.gradient(loss, model.discriminator.trainable_variables)
    expected = [v - 0.1 * g for v, g in zip(model.discriminator.get_weights(), gradients, strict=True)]

    fit_eagerly(model, data, batch_size=6, shuffle=False)

    for one, other in zip(expected, model.discriminator.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_what_is_logged_has_the_distance_and_the_norm(tiny, reals):
    logs = fit_eagerly(tiny("wgan_gp"), reals(10), batch_size=10).history
    assert {
        "wasserstein",
        "gradient_norm",
        "real_logits",
        "fake_logits",
        "critic_loss",
        "generator_loss",
    } == logs.keys()
    np.testing.assert_allclose(logs["wasserstein"], np.subtract(logs["real_logits"], logs["fake_logits"]), atol=1e-6)


def test_batch_norm_in_the_critic_is_refused(tiny):
    critic = dict(width=4, base_resolution=4, kernel_size=3, norm="batch", init_stddev=0.0)
    with pytest.raises(GanzooError, match="cannot have batch norm"):
        tiny("wgan_gp", discriminator=critic)


def test_layer_norm_in_the_critic_is_an_option(tiny, reals):
    critic = dict(width=4, base_resolution=4, kernel_size=3, norm="layer", init_stddev=0.0)
    logs = fit_eagerly(tiny("wgan_gp", discriminator=critic), reals(10), batch_size=10).history
    assert np.isfinite(logs["critic_loss"]).all()


def test_a_dead_critic_gives_no_nan():
    """A critic whose gradient is 0 everywhere: the penalty is (0 - 1)^2 and the step leaves finite weights."""
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    zero = keras.layers.Dense(1, kernel_initializer="zeros")
    critic = keras.Sequential([keras.Input((2,)), zero, keras.layers.Reshape(())])
    model = WassersteinGANGP(
        generator, critic, gradient_penalty_weight=10.0, one_sided=False, n_critic=1, ema_decay=0.0
    )
    model.compile()
    model.fit(np.ones((4, 2), np.float32), batch_size=4, verbose=0)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_a_short_training_pulls_samples_to_the_reals(tiny):
    """Reals N((2, -1), .3^2): after 300 steps the samples' mean is within .3 of it."""
    model = tiny("wgan_gp", (2,))
    model.compile(keras.optimizers.Adam(3e-3, 0.5, 0.9), keras.optimizers.Adam(3e-3, 0.5, 0.9))
    data = np.random.default_rng(0).normal([2, -1], 0.3, (300 * 160, 2)).astype(np.float32)
    model.fit(data, batch_size=160, shuffle=False, verbose=0)
    assert np.linalg.norm(model.sample(1000).mean(0) - [2, -1]) < 0.3
