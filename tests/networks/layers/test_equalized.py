import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.networks.layers.equalized import EqualizedConv2D, EqualizedDense, MinibatchStddev, PixelNorm


def test_outputs_have_variance_one_at_the_start():
    """On N(0, 1) inputs, whatever the fan in, with a gain of 1; the kernels themselves are drawn from N(0, 1)."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    for layer, shape in (
        (EqualizedDense(300, gain=1.0), (64, 500)),
        (EqualizedDense(300, gain=1.0), (64, 20)),
        (EqualizedConv2D(64, 3, gain=1.0), (4, 16, 16, 64)),
    ):
        outputs = layer(rng.normal(size=shape).astype(np.float32)).numpy()
        inner = outputs[:, 1:-1, 1:-1] if len(shape) == 4 else outputs
        assert 0.9 < inner.var() < 1.1
        assert 0.95 < layer.kernel.numpy().std() < 1.05


def test_outputs_are_those_of_the_kernel_times_hes_constant():
    """Dense and convolution, with a bias, against Keras's own layers that hold sqrt(2 / fan in) W."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    for layer, plain, shape in (
        (EqualizedDense(7), keras.layers.Dense(7), (2, 5)),
        (EqualizedConv2D(6, 3), keras.layers.Conv2D(6, 3, padding="same"), (2, 8, 8, 4)),
    ):
        x = rng.normal(size=shape).astype(np.float32)
        layer.build(shape)
        plain.build(shape)
        layer.bias.assign(np.arange(layer.bias.shape[0]))
        constant = math.sqrt(2 / math.prod(layer.kernel.shape[:-1]))
        plain.set_weights([constant * layer.kernel.numpy(), layer.bias.numpy()])
        np.testing.assert_allclose(layer(x), plain(x), rtol=1e-4, atol=1e-5)
        assert layer.compute_output_shape(shape) == plain(x).shape


def test_a_pixels_features_have_mean_square_one():
    x = np.random.default_rng(0).normal(3, 5, (2, 4, 4, 8)).astype(np.float32)
    normalised = PixelNorm()(x).numpy()
    np.testing.assert_allclose(normalised, x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-8), rtol=1e-5)
    np.testing.assert_allclose((normalised**2).mean(-1), 1.0, rtol=1e-5)


@pytest.mark.parametrize(("rows", "groups"), [(8, 2), (10, 2), (4, 1), (3, 1), (1, 1)])
def test_the_deviation_is_numpys_over_each_group(rows, groups):
    """Groups of 4, or more rows where 4 does not divide the batch, or all rows of a small batch."""
    x = np.random.default_rng(0).normal(size=(rows, 3, 2, 5)).astype(np.float32)
    outputs = MinibatchStddev(4)(x, training=True).numpy()
    np.testing.assert_array_equal(outputs[..., :-1], x)
    for group in range(groups):
        deviation = np.sqrt(x[group::groups].var(0) + 1e-8).mean()
        np.testing.assert_allclose(outputs[group::groups, ..., -1], deviation, rtol=1e-5)


def test_outside_training_a_sample_is_scored_by_itself():
    """The feature is the average of what was observed, and no neighbour changes a row."""
    layer, x = MinibatchStddev(4), np.random.default_rng(0).normal(size=(8, 2, 2, 3)).astype(np.float32)
    layer.build(x.shape)
    layer.observe(tf.constant([2.0, 4.0]), decay=0.75)  # from 1: .75 * 1 + .25 * 3
    together = layer(x, training=False).numpy()
    np.testing.assert_allclose(together[..., -1], 1.5)
    for row in range(8):
        np.testing.assert_array_equal(layer(x[row : row + 1], training=False)[0], together[row])


def test_calls_in_training_assign_nothing():
    layer = MinibatchStddev(4)
    layer(np.random.default_rng(0).normal(size=(8, 2, 2, 3)), training=True)
    np.testing.assert_array_equal(layer.average, 1.0)


def test_in_half_precision_the_deviation_stays_float32():
    """1,000 + N(0, 1) has no deviation left in bfloat16, whose steps there are 4 wide."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = MinibatchStddev(64)
    finally:
        keras.config.set_dtype_policy("float32")
    x = np.random.default_rng(0).normal(1000, 1, (64, 4, 4, 3)).astype(np.float32)
    outputs = layer(x, training=True)
    assert outputs.dtype == tf.float32
    np.testing.assert_allclose(outputs[..., -1], 1.0, atol=0.05)
