import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks import flops


def of(function, *shapes):
    """FLOPs of a function of float32 tensors."""
    return flops.of_graph(tf.function(function).get_concrete_function(*map(tf.TensorSpec, shapes)).graph)


def test_a_product_is_two_operations_for_each_pair():
    """[3, 5] x [5, 7], however it is transposed, and in batches of 4."""
    assert of(tf.matmul, (3, 5), (5, 7)) == 2 * 3 * 5 * 7
    assert of(lambda a, b: tf.matmul(a, b, transpose_a=True), (5, 3), (5, 7)) == 2 * 3 * 5 * 7
    assert of(lambda a, b: tf.matmul(a, b, transpose_b=True), (3, 5), (7, 5)) == 2 * 3 * 5 * 7
    assert of(tf.matmul, (4, 3, 5), (4, 5, 7)) == 4 * 2 * 3 * 5 * 7


@pytest.mark.parametrize("layer", [keras.layers.Conv2D, keras.layers.Conv2DTranspose])
def test_forward_and_both_gradients_of_a_convolution_are_of_equal_work(layer):
    """Stride 2: where 14 x 14 and 7 x 7 pixels meet, each pair of channels costs 5 x 5 at each of the 7 x 7."""
    side = 14 if layer is keras.layers.Conv2D else 7
    convolution = layer(8, 5, strides=2, padding="same", use_bias=False)
    convolution.build((2, side, side, 3))

    def gradients(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.square(convolution(x)))
        return tape.gradient(y, [x, *convolution.trainable_variables])

    once = 2 * 2 * 7 * 7 * 5 * 5 * 3 * 8
    assert of(lambda x: convolution(x), (2, side, side, 3)) == once
    assert of(gradients, (2, side, side, 3)) == 3 * once


def test_a_step_of_a_perceptron_costs_its_three_products():
    """Forward, and the gradients of kernel and input, but of the first layer's input none: 2 + 3 products."""
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(6), keras.layers.Dense(7)])

    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x)))
        return tape.gradient(loss, model.trainable_variables)

    spec = tf.TensorSpec((4, 5), tf.float32)
    assert flops.of_step(step, spec) == 2 * 4 * (2 * 5 * 6 + 3 * 6 * 7)


def test_a_loop_costs_its_body_as_often_as_it_runs():
    def powers(a, bound):
        return tf.while_loop(lambda k, _: k < 5, lambda k, x: (k + 1, x @ a), (0, a), maximum_iterations=bound)

    assert of(lambda a: powers(a, 5), (3, 3)) == 5 * 2 * 3 * 3 * 3
    with pytest.raises(ValueError, match="has no bound"):
        of(lambda a: powers(a, None), (3, 3))


def test_a_free_batch_is_refused():
    with pytest.raises(ValueError, match="is not static"):
        of(tf.matmul, (None, 5), (5, 7))


def test_pictures_are_scaled_as_the_pipeline_scales_them():
    from benchmarks import workloads
    from ganzoo.data.reals import to_float

    pictures = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    np.testing.assert_allclose(workloads.to_float(pictures), to_float(pictures), atol=1e-6)
    points = np.float32([[1.0, -7.5]])
    assert workloads.to_float(points) is points
