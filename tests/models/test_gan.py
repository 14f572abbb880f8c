import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.losses import adversarial as losses
from tests.models.descent import fit_eagerly


def test_one_step_is_algorithm_1(tiny, reals):
    """By plain gradient descent, both networks end where the paper's two updates, written out, put them."""
    model, data = tiny("gan", (2,), loss="minimax", ema_decay=0.0), tf.constant(reals(8, (2,)))
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    fakes = model.latents(_step_seed(model), 8)
    generator, discriminator = (keras.models.clone_model(network) for network in (model.generator, model.discriminator))
    generator.set_weights(model.generator.get_weights())
    discriminator.set_weights(model.discriminator.get_weights())
    with tf.GradientTape() as tape:
        loss = losses.bce_discriminator(discriminator(data), discriminator(generator(fakes)))
    _descend(tape.gradient(loss, discriminator.trainable_variables), discriminator)
    with tf.GradientTape() as tape:
        loss = losses.minimax_generator(discriminator(generator(fakes)))
    _descend(tape.gradient(loss, generator.trainable_variables), generator)

    fit_eagerly(model, data, batch_size=8, shuffle=False)

    for expected, network in ((generator, model.generator), (discriminator, model.discriminator)):
        for one, other in zip(expected.get_weights(), network.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", ["minimax", "non_saturating"])
def test_probabilities_are_those_of_the_logits(tiny, reals, loss):
    """D(x) is logged as a probability, beside the logits it comes from."""
    model = tiny("gan", loss=loss, n_critic=2)
    logs = {name: values[0] for name, values in fit_eagerly(model, reals(8), batch_size=8).history.items()}
    assert logs.keys() == set(model.logged)
    assert 0 < logs["fake_probability"] < 1
    assert 0 < logs["real_probability"] < 1


def test_an_unknown_loss_is_answered_with_the_nearest(tiny):
    with pytest.raises(GanzooError, match="Did you mean 'non_saturating'"):
        tiny("gan", (2,), loss="nonsaturating")


def test_a_short_training_finds_a_shifted_gaussian(tiny):
    """Reals N((2, -1), .3^2): after 600 steps the samples' mean is within .3 of it."""
    model = tiny("gan", (2,), latent_categories=0)
    model.compile(keras.optimizers.Adam(3e-3, 0.5), keras.optimizers.Adam(3e-3, 0.5))
    data = np.random.default_rng(0).normal([2, -1], 0.3, (600 * 64, 2)).astype(np.float32)
    before = np.linalg.norm(model.sample(1000).mean(0) - [2, -1])
    model.fit(data, batch_size=64, shuffle=False, verbose=0)
    assert before > 1
    assert np.linalg.norm(model.sample(1000).mean(0) - [2, -1]) < 0.3


def _step_seed(model):
    from ganzoo.noise import Purpose

    return model.step_seed(Purpose.LATENTS, 0)


def _descend(gradients, network):
    for gradient, variable in zip(gradients, network.trainable_variables, strict=True):
        variable.assign_sub(0.1 * gradient)
