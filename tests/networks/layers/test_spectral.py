import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.networks import dcgan, spectral_mlp
from ganzoo.networks.layers import spectral
from ganzoo.networks.layers.basic import cut
from ganzoo.networks.layers.spectral import SpectralConv2D, SpectralDense, power_iteration

DISCRIMINATOR = dict(width=4, base_resolution=4, kernel_size=5, norm="spectral", init_stddev=0.0)


def dense(dtype=None):
    layer = SpectralDense(7, dtype=dtype)
    layer.build((None, 5))
    return layer


def convolution(strides=1, dtype=None):
    layer = SpectralConv2D(6, 3, strides=strides, dtype=dtype)
    layer.build((None, 8, 8, 4))
    return layer


def singular_values(layer):
    """Of the paper's W: one row per output channel, [out, in * height * width]."""
    kernel = np.moveaxis(layer.kernel.numpy(), -1, 0)
    return np.linalg.svd(kernel.reshape(len(kernel), -1), compute_uv=False)


@pytest.mark.parametrize("make", [dense, convolution])
def test_sigma_becomes_the_largest_singular_value(make):
    """200 power iterations, against numpy's decomposition; before them sigma is no larger."""
    keras.utils.set_random_seed(0)
    layer = make()
    assert layer.sigma() <= singular_values(layer)[0] * (1 + 1e-6)
    for _ in range(200):
        layer.power_iteration()
    np.testing.assert_allclose(layer.sigma(), singular_values(layer)[0], rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(layer.u), 1.0, rtol=1e-6)


def test_one_power_iteration_is_algorithm_1():
    """v = W'u / |W'u|, u = Wv / |Wv|, by numpy, W having a row per output."""
    layer = dense()
    w, u = layer.kernel.numpy().T, layer.u.numpy()
    v = w.T @ u / np.linalg.norm(w.T @ u)
    layer.power_iteration()
    np.testing.assert_allclose(layer.u, w @ v / np.linalg.norm(w @ v), rtol=1e-5)


def test_outputs_are_those_of_the_kernel_divided_by_sigma():
    """Dense and convolution, with a bias, against Keras's own layers that hold W / sigma."""
    keras.utils.set_random_seed(0)
    for layer, plain, x in (
        (dense(), keras.layers.Dense(7), np.ones((2, 5), np.float32)),
        (
            convolution(strides=2),
            keras.layers.Conv2D(6, 3, strides=2, padding="same"),
            np.ones((2, 8, 8, 4), np.float32),
        ),
    ):
        bias = np.arange(layer.bias.shape[0], dtype=np.float32)
        layer.bias.assign(bias)
        plain.build(x.shape)
        plain.set_weights([layer.kernel.numpy() / layer.sigma().numpy(), bias])
        np.testing.assert_allclose(layer(x), plain(x), rtol=1e-4, atol=1e-5)
        assert layer.compute_output_shape((None, *x.shape[1:]))[1:] == layer(x).shape[1:]


@pytest.mark.parametrize("make", [dense, convolution])
def test_the_gradient_goes_through_sigma(make):
    """Of a weighted sum of W / sigma, in 30 random directions, against central differences."""
    keras.utils.set_random_seed(0)
    layer, rng = make(), np.random.default_rng(0)
    layer.power_iteration()
    weights = rng.normal(size=layer.kernel.shape).astype(np.float32)
    start = layer.kernel.numpy()

    def value(kernel):
        layer.kernel.assign(kernel)
        return tf.reduce_sum(weights * layer.effective_kernel()).numpy().astype(np.float64)

    with tf.GradientTape() as tape:
        total = tf.reduce_sum(weights * layer.effective_kernel())
    gradient = tape.gradient(total, layer.kernel.value).numpy()
    for _ in range(30):
        direction = rng.normal(size=start.shape).astype(np.float32)
        difference = (value(start + 1e-2 * direction) - value(start - 1e-2 * direction)) / 2e-2
        np.testing.assert_allclose(np.sum(gradient * direction), difference, rtol=1e-2, atol=2e-2)
    layer.kernel.assign(start)
    np.testing.assert_allclose(np.sum(gradient * start), 0.0, atol=1e-4)  # a longer W is the same W / sigma


def test_the_derivative_of_sigma_is_u_times_v():
    """The paper's, with u and v as numpy finds them."""
    keras.utils.set_random_seed(0)
    layer = dense()
    for _ in range(200):
        layer.power_iteration()
    with tf.GradientTape() as tape:
        sigma = layer.sigma()
    left, _, right = np.linalg.svd(layer.kernel.numpy())
    np.testing.assert_allclose(
        tape.gradient(sigma, layer.kernel.value), np.outer(left[:, 0], right[0]), rtol=1e-3, atol=1e-4
    )


def test_calls_move_nothing():
    """In training, at inference, and with a gradient taken: u and the kernel stay."""
    network = dcgan.discriminator((16, 16, 1), **DISCRIMINATOR)
    before = network.get_weights()
    with tf.GradientTape():
        network(np.ones((2, 16, 16, 1), np.float32), training=True)
    network(np.ones((2, 16, 16, 1), np.float32), training=False)
    for one, other in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_power_iteration_reaches_every_layer_those_of_inner_networks_too():
    """u of all layers moves, and nothing else; no optimizer sees u."""
    inner = dcgan.discriminator((16, 16, 1), **DISCRIMINATOR)
    samples = keras.Input((16, 16, 1))
    outer = keras.Model(samples, inner(samples))
    before = outer.get_weights()
    power_iteration(outer)
    moved = [not np.allclose(one, other, rtol=1e-5) for one, other in zip(before, outer.get_weights(), strict=True)]
    assert moved == [weight.name == "u" and weight.shape != (1,) for weight in outer.weights]
    assert sum(moved) == 2
    assert not any(weight.name == "u" for weight in outer.trainable_variables)


def test_spectral_is_an_option_of_the_dcgan_discriminator_down_to_the_logit():
    """Every layer with weights has them divided by sigma; the ratio's trunk ends before the last."""
    network = dcgan.discriminator((28, 28, 1), **DISCRIMINATOR)
    assert all(isinstance(layer, spectral.SpectralLayer) for layer in network.layers if layer.weights)
    assert len([layer for layer in network.layers if layer.weights]) == 4
    assert cut(network)[0].output_shape == (None, 4 * 4 * 16)


def test_a_spectral_perceptron_is_1_lipschitz():
    """After 50 power iterations no two of 1,000 points have logits further apart than themselves."""
    keras.utils.set_random_seed(0)
    network = spectral_mlp.discriminator((2,), width=16, depth=2)
    for _ in range(50):
        power_iteration(network)
    points = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    logits = network(points).numpy()
    lengths = np.linalg.norm(points[:500] - points[500:], axis=1)
    assert (np.abs(logits[:500] - logits[500:]) <= lengths * (1 + 1e-4)).all()
    assert network.count_params() == (2 * 16 + 16 + 16) + (16 * 16 + 16 + 16) + (16 + 1 + 1)


def test_in_half_precision_kernel_sigma_and_u_stay_float32():
    """A convolution in mixed_bfloat16 gives bfloat16 outputs, near those in float32."""
    keras.utils.set_random_seed(0)
    half, full = convolution(dtype="mixed_bfloat16"), convolution()
    full.set_weights(half.get_weights())
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 4)).astype(np.float32)
    outputs = half(x)
    assert outputs.dtype == tf.bfloat16
    assert half.sigma().dtype == half.u.dtype == half.kernel.dtype == tf.float32
    np.testing.assert_array_equal(half.sigma(), full.sigma())
    np.testing.assert_allclose(tf.cast(outputs, tf.float32), full(x), atol=0.05)


def test_a_kernel_of_zeros_gives_zeros():
    layer = SpectralDense(3, kernel_initializer="zeros")
    layer.build((None, 2))
    layer.power_iteration()
    np.testing.assert_array_equal(layer(np.ones((1, 2), np.float32)), np.zeros((1, 3)))


def test_a_network_is_rebuilt_from_its_config():
    """Strides, bias and initializer included: the copy with the same weights has the same outputs."""
    network = dcgan.discriminator((16, 16, 1), **(DISCRIMINATOR | dict(init_stddev=0.02)))
    copy = keras.Model.from_config(network.get_config())
    copy.set_weights(network.get_weights())
    x = np.random.default_rng(0).normal(size=(2, 16, 16, 1)).astype(np.float32)
    np.testing.assert_array_equal(network(x), copy(x))
    assert copy.layers[1].kernel_initializer.stddev == 0.02


def test_small_steps_add_up_in_half_precision():
    """Steps of a twentieth of bfloat16's last bit: the kernel is float32, and no call rounds it."""
    keras.utils.set_random_seed(0)
    layer = dense(dtype="mixed_bfloat16")
    before, optimizer = layer.kernel.numpy(), keras.optimizers.SGD(1e-5)
    for _ in range(40):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(layer(tf.ones([2, 5]), training=True))
        assert tape.gradient(total, layer.kernel) is not None
        optimizer.apply([tf.ones_like(layer.kernel)], [layer.kernel])
        layer.power_iteration()
    np.testing.assert_allclose(before - layer.kernel.numpy(), 40e-5, rtol=1e-2)
