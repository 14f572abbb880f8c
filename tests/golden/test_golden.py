"""Against tensorflow-addons 0.23, by the numbers that `make_golden.py` stored; see docs/tensorflow_addons.md."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.bases import optimizers
from ganzoo.models.gan import GAN
from ganzoo.networks.layers.norms import normalisation
from ganzoo.networks.layers.spectral import SpectralConv2D, SpectralDense

CLOSE = dict(rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def golden():
    """The stored arrays of one piece, by name."""
    with np.load(Path(__file__).with_name("tensorflow_addons.npz")) as arrays:
        stored = dict(arrays)
    return lambda piece: {
        name.removeprefix(f"{piece}_"): array for name, array in stored.items() if name.startswith(f"{piece}_")
    }


@pytest.mark.parametrize(
    "name, epsilon", [("", None), ("default_", 1e-3)], ids=["by ganzoo's epsilon", "by tensorflow-addons' epsilon"]
)
def test_instance_normalisation(golden, name, epsilon):
    """Outputs, and the gradient by the inputs. tensorflow-addons adds 1e-3 to the variance by default, ganzoo 1e-5:
    with equal epsilons all is equal."""
    stored = golden("instance")
    (layer,) = normalisation("instance")
    layer.epsilon = epsilon or layer.epsilon
    layer.build(stored["x"].shape)
    layer.set_weights([stored["gamma"], stored["beta"]])
    x = tf.constant(stored["x"])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    np.testing.assert_allclose(y, stored[f"{name}y"], **CLOSE)
    np.testing.assert_allclose(tape.gradient(y, x, stored["upstream"]), stored[f"{name}gradient"], **CLOSE)


def spectral(stored, piece):
    layer = SpectralDense(4, use_bias=False) if piece == "dense" else SpectralConv2D(4, 3, use_bias=False)
    layer.build(stored["x"].shape)
    layer.kernel.assign(stored["kernel"])
    layer.u.assign(stored["u"])
    return layer


@pytest.mark.parametrize("piece", ["dense", "convolution"])
def test_spectral_normalisation(golden, piece):
    """u after 1 and after 50 power iterations, and then the kernel and the outputs; u [out] is laid out alike.

    tensorflow-addons wrote W / sigma into the kernel at each call, which does not turn u. Its sigma is v'Wu with the v
    before the last u, half a power iteration behind ganzoo's |W'u|: a little smaller after one call, the same after 50.
    """
    stored = golden(piece)
    layer = spectral(stored, piece)
    before = layer.sigma()
    layer.power_iteration()
    np.testing.assert_allclose(layer.u, stored["u_1"], **CLOSE)
    sigma = np.linalg.norm(stored["kernel"]) / np.linalg.norm(stored["kernel_1"])
    assert before < sigma < layer.sigma()

    for _ in range(49):
        layer.power_iteration()
    np.testing.assert_allclose(layer.u, stored["u_50"], **CLOSE)
    np.testing.assert_allclose(layer.effective_kernel(), stored["kernel_50"], **CLOSE)
    np.testing.assert_allclose(layer(stored["x"]), stored["y"], **CLOSE)


@pytest.mark.parametrize("piece", ["dense", "convolution"])
def test_spectral_normalisation_has_the_gradient_through_sigma_that_tensorflow_addons_stopped(golden, piece):
    """Theirs, G, is by W / sigma; the one by W (section 2.2 of the paper) is (G - <G, W / sigma> v u') / sigma."""
    stored = golden(piece)
    layer = spectral(stored, piece)
    for _ in range(50):
        layer.power_iteration()
    with tf.GradientTape() as tape:
        y = layer(stored["x"])
    ours = tape.gradient(y, layer.kernel.value, stored["upstream"]).numpy().reshape(-1, 4)
    theirs, normalised, u = stored["gradient"].reshape(-1, 4), stored["kernel_50"].reshape(-1, 4), stored["u_50"]
    through_sigma = np.sum(theirs * normalised) * np.outer(normalised @ u, u)
    np.testing.assert_allclose(ours * layer.sigma(), theirs - through_sigma, rtol=1e-4, atol=1e-4)
    assert np.abs(through_sigma).max() > 0.1


@pytest.mark.parametrize("name, ema_decay", [("constant", 0.15), ("ramped", 0.3)])
def test_moving_average(golden, name, ema_decay):
    """After each of six steps of gradient descent; .15 is below all of the ramp, .3 is reached at its third step.

    tensorflow-addons ramps its decay up by the same formula with `dynamic_decay`, counting from `start_step`: stored is
    its -1, which is ganzoo's count.
    """
    stored = golden("average")
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, use_bias=False)])
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1), keras.layers.Reshape(())])
    generator.set_weights([stored["start"]])
    model = GAN(generator, discriminator, loss="non_saturating", n_critic=1, ema_decay=ema_decay)
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    for gradient, average in zip(stored["gradients"], stored[name], strict=True):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(generator.weights[0] * gradient)
        model.update_generator(tape, loss)
        np.testing.assert_allclose(model.ema_generator.get_weights()[0], average, **CLOSE)
    np.testing.assert_allclose(generator.get_weights()[0], stored["weights"], **CLOSE)


def test_adamw(golden):
    """Keras multiplies the weight decay by the learning rate, here .1; tensorflow-addons did not: its .004 is .04."""
    stored = golden("adamw")
    spec = dict(name="adamw", learning_rate=0.1, beta_1=0.5, beta_2=0.9, weight_decay=0.04, schedule="constant")
    optimizer = optimizers.build(spec, steps=len(stored["gradients"]))
    weights = keras.Variable(stored["start"])
    optimizer.build([weights])
    for gradient, after in zip(stored["gradients"], stored["weights"], strict=True):
        optimizer.apply([tf.constant(gradient)], [weights])
        np.testing.assert_allclose(weights, after, **CLOSE)
