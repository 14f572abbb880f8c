import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks.layers import basic

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
    [(basic.leaky_relu, lambda x: tf.nn.leaky_relu(x, 0.2)), (basic.relu, tf.nn.relu)],
    ids=["leaky_relu", "relu"],
)
def test_activations_have_the_values_and_derivatives_of_the_plain_ones(ours, plain, dtype):
    """Value, first and second derivative of (a(x) + 1)^3 on both sides of 0, and at 0."""
    for mine, expected in zip(derivatives(ours, dtype), derivatives(plain, dtype), strict=True):
        assert mine.dtype == dtype
        np.testing.assert_allclose(tf.cast(mine, tf.float32), tf.cast(expected, tf.float32), rtol=1e-6, atol=1e-30)


def test_second_order_gradients_agree_in_a_graph():
    """Inside a tf.function, as in training, and with a slope of one's own."""
    graph = tf.function(lambda: derivatives(lambda x: basic.leaky_relu(x, 0.5)), autograph=False)
    for mine, expected in zip(graph(), derivatives(lambda x: tf.nn.leaky_relu(x, 0.5)), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-6, atol=1e-30)


def test_the_double_backward_pass_leaves_the_slopes_out():
    """The slope is a constant there: no path leads from the gradient of a single activation back to its input."""
    x = tf.constant(POINTS)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = basic.leaky_relu(x)
        slopes = inner.gradient(value, x)
    assert outer.gradient(slopes, x) is None


def test_the_trunk_ends_where_the_discriminators_last_layer_with_weights_begins(reals):
    """Whatever the discriminator is: here one dense layer on the flat picture, so that the trunk is the picture."""
    samples = keras.Input((16, 16, 1))
    discriminator = keras.Model(samples, keras.layers.Dense(1)(keras.layers.Flatten()(samples)))
    np.testing.assert_array_equal(basic.cut(discriminator)[0](reals(3)), reals(3).reshape(3, -1))


def test_the_trunk_and_the_tail_together_are_the_discriminator(tiny, reals):
    discriminator = tiny("wgan_gp").discriminator
    trunk, tail = basic.cut(discriminator)
    np.testing.assert_array_equal(tail(trunk(reals(3))), discriminator(reals(3)))


def test_reflections_mirror_the_picture_without_its_edge_twice():
    picture = np.arange(20, dtype=np.float32).reshape(1, 4, 5, 1)
    padded = basic.reflection_pad(picture, 3)
    np.testing.assert_array_equal(padded[0, :, 3, 0], picture[0, [3, 2, 1, 0, 1, 2, 3, 2, 1, 0], 0, 0])
    np.testing.assert_array_equal(padded[0, 3, :, 0], picture[0, 0, [3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1], 0])


def masks(rows, stream, rate=0.5, index=0, shape=(4, 6, 3)):
    return basic.SeededDropout(rate, index)([tf.ones((rows, *shape)), tf.constant(stream)]).numpy()


def test_a_rows_dropout_does_not_depend_on_its_batch():
    """Rows 5 .. 9 of a stream, at once, one by one, and at sizes that the graph does not know."""
    at_once = masks(5, [1, 2, 5])
    one_by_one = [masks(1, [1, 2, row]) for row in range(5, 10)]
    np.testing.assert_array_equal(np.concatenate(one_by_one), at_once)

    layer = basic.SeededDropout(0.5, 0)
    signature = [tf.TensorSpec([None, None, None, 3]), tf.TensorSpec([3], tf.int32)]
    graph = tf.function(lambda x, stream: layer([x, stream]), autograph=False, input_signature=signature)
    np.testing.assert_array_equal(graph(np.ones((5, 4, 6, 3), np.float32), [1, 2, 5]), at_once)


def test_every_row_seed_and_layer_has_a_dropout_of_its_own():
    first, second = masks(2, [1, 2, 0])
    others = [second, masks(1, [1, 3, 0])[0], masks(1, [1, 2, 0], index=1)[0]]
    for other in others:
        assert 0.2 < np.mean(first != other) < 0.8


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(rate):
    """10,000 numbers that are 0 or 1 / (1 - rate), at sampling as in training."""
    numbers = masks(1, [1, 2, 0], rate, shape=(100, 100, 1))
    np.testing.assert_allclose(np.mean(numbers == 0), rate, atol=4 * np.sqrt(rate * (1 - rate) / 10_000))
    np.testing.assert_allclose(np.unique(numbers)[-1], 1 / (1 - rate), rtol=1e-6)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_dropout_rate_that_is_none_is_refused(rate):
    with pytest.raises(GanzooError, match="at least 0 and less than 1"):
        basic.SeededDropout(rate, 0)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_gradient_of_a_bias_is_added_up_without_loss(dtype):
    """16,384 ones: in bfloat16 a sum of ones ends at 256."""
    bias = tf.Variable(tf.zeros([2]))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(basic.with_bias(tf.zeros([4, 64, 64, 2], dtype), bias))
    assert tape.gradient(total, bias).numpy().tolist() == [16384.0, 16384.0]


@pytest.mark.parametrize("shape", [(7, 7, 3), (14, 5, 1)])
def test_an_enlargement_is_kerass_with_a_shape_that_the_graph_states(shape):
    x = tf.random.stateless_normal([4, *shape], [1, 2])
    np.testing.assert_array_equal(basic.Enlargement()(x), keras.layers.UpSampling2D()(x))
    layer = basic.Enlargement()
    graph = tf.function(lambda x: layer(x)).get_concrete_function(tf.TensorSpec([None, *shape])).graph
    last = next(op for op in reversed(graph.get_operations()) if op.type == "Reshape")
    assert tf.get_static_value(last.inputs[1]).tolist() == [-1, 2 * shape[0], 2 * shape[1], shape[2]]
