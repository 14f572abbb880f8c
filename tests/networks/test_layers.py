import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.networks import layers

POINTS = [-2.0, -0.5, -1e-30, 0.0, 1e-30, 0.5, 2.0]


def derivatives(activation, dtype=tf.float32):
    """(a + 1)^3, its first and its second derivative by x, where a is the activation of x."""
    x = tf.constant(POINTS, dtype)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = (activation(x) + 1) ** 3
        first = inner.gradient(value, x)
    return value, first, outer.gradient(first, x)


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
@pytest.mark.parametrize(
    "ours, plain",
    [(layers.leaky_relu, lambda x: tf.nn.leaky_relu(x, 0.2)), (layers.relu, tf.nn.relu)],
    ids=["leaky_relu", "relu"],
)
def test_activations_have_the_values_and_derivatives_of_the_plain_ones(ours, plain, dtype):
    """Value, first and second derivative of (a(x) + 1)^3 on both sides of 0, and at 0."""
    for mine, expected in zip(derivatives(ours, dtype), derivatives(plain, dtype), strict=True):
        assert mine.dtype == dtype
        np.testing.assert_allclose(tf.cast(mine, tf.float32), tf.cast(expected, tf.float32), rtol=1e-6, atol=1e-30)


def test_second_order_gradients_agree_in_a_graph():
    """Inside a tf.function, as in training, and with a slope of one's own."""
    graph = tf.function(lambda: derivatives(lambda x: layers.leaky_relu(x, 0.5)), autograph=False)
    for mine, expected in zip(graph(), derivatives(lambda x: tf.nn.leaky_relu(x, 0.5)), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-6, atol=1e-30)


def test_the_double_backward_pass_leaves_the_slopes_out():
    """The slope is a constant there: no path leads from the gradient of a single activation back to its input."""
    x = tf.constant(POINTS)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = layers.leaky_relu(x)
        slopes = inner.gradient(value, x)
    assert outer.gradient(slopes, x) is None


def test_the_trunk_ends_where_the_discriminators_last_layer_with_weights_begins(reals):
    """Whatever the discriminator is: here one dense layer on the flat picture, so that the trunk is the picture."""
    samples = keras.Input((16, 16, 1))
    discriminator = keras.Model(samples, keras.layers.Dense(1)(keras.layers.Flatten()(samples)))
    np.testing.assert_array_equal(layers.cut(discriminator)[0](reals(3)), reals(3).reshape(3, -1))


def test_the_trunk_and_the_tail_together_are_the_discriminator(tiny, reals):
    discriminator = tiny("wgan_gp").discriminator
    trunk, tail = layers.cut(discriminator)
    np.testing.assert_array_equal(tail(trunk(reals(3))), discriminator(reals(3)))
