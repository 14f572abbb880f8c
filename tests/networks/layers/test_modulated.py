import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo import noise
from ganzoo.networks.layers.equalized import EqualizedDense
from ganzoo.networks.layers.modulated import (
    Blur,
    ClipSamples,
    LayerNoise,
    LearnedConstant,
    ModulatedConv2D,
    SlowDense,
    fresh_noise,
)

LINE = np.array([1, 3, 3, 1]) / 8


def normals(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def built(layer, *shapes):
    """A layer with random weights, biases too."""
    layer.build(list(shapes) if len(shapes) > 1 else shapes[0])
    layer.set_weights([normals(*weight.shape, seed=k) for k, weight in enumerate(layer.get_weights())])
    return layer


def sample_by_sample(layer, x, style):
    """The paper's equations 1 and 3 in NumPy: every sample's own kernel, float64 [batch, k, k, in, out]."""
    affine = layer.affine
    scales = 1 + style @ (affine.kernel.numpy() / np.sqrt(style.shape[1])) + affine.bias.numpy()
    kernel = layer.kernel.numpy().astype(np.float64)
    kernel *= layer.gain / np.sqrt(np.prod(kernel.shape[:3]))
    kernels = scales[:, None, None, :, None] * kernel
    if layer.demodulate:
        kernels *= layer.gain / np.sqrt((kernels**2).sum((1, 2, 3), keepdims=True) + 1e-8)
    return kernels


def convolved(picture, kernel):
    """A convolution with zeros around the edges, float64 [h, w, out], sum by sum."""
    size = kernel.shape[0]
    height, width, _ = picture.shape
    padded = np.pad(picture, [(size // 2,) * 2, (size // 2,) * 2, (0, 0)])
    outputs = np.zeros((height, width, kernel.shape[3]))
    for row in range(size):
        for column in range(size):
            outputs += padded[row : row + height, column : column + width] @ kernel[row, column]
    return outputs


@pytest.mark.parametrize(("kernel_size", "demodulate", "gain"), [(3, True, 2**0.5), (3, False, 1.0), (1, False, 1.0)])
def test_a_modulated_convolution_is_one_by_each_samples_own_kernel(kernel_size, demodulate, gain):
    """Inputs scaled and outputs divided, against kernels modulated and demodulated (equations 1 and 3)."""
    layer = built(ModulatedConv2D(4, kernel_size, demodulate=demodulate, gain=gain), (None, 6, 5, 3), (None, 7))
    x, style = normals(2, 6, 5, 3), normals(2, 7, seed=9)
    expected = [convolved(*pair) for pair in zip(x, sample_by_sample(layer, x, style), strict=True)]
    np.testing.assert_allclose(layer([x, style]), np.stack(expected) + layer.bias.numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("old", "new"), [((4, 3), (8, 6)), ((4, 4), (7, 8)), ((7, 4), (13, 7))])
def test_a_larger_modulated_convolution_is_upsampling_and_then_a_convolution(old, new):
    """In NumPy: zeros between the pixels, the paper's 1-3-3-1 filter times 4, the sample's own kernel. The border is
    left out, where zeros begin earlier or later."""
    layer = built(ModulatedConv2D(4, 3, size=new), (None, *old, 3), (None, 7))
    x, style = normals(2, *old, 3), normals(2, 7, seed=9)
    spread = np.zeros((2, 2 * old[0] + 3, 2 * old[1] + 3, 3))
    spread[:, 2:-1:2, 2:-1:2] = x
    filtered = sum(
        4 * LINE[row] * LINE[column] * spread[:, row : row + 2 * old[0], column : column + 2 * old[1]]
        for row in range(4)
        for column in range(4)
    )
    expected = [convolved(*pair) for pair in zip(filtered, sample_by_sample(layer, x, style), strict=True)]
    outputs = layer([x, style]).numpy()
    assert outputs.shape == layer.compute_output_shape([(2, *old, 3), (2, 7)]) == (2, *new, 4)
    expected = (np.stack(expected) + layer.bias.numpy())[:, : new[0], : new[1]]
    inner = np.s_[:, 1 : 2 * old[0] - 1, 1 : 2 * old[1] - 1]
    np.testing.assert_allclose(outputs[inner], expected[inner], rtol=1e-4, atol=1e-4)


def test_demodulated_outputs_have_the_deviation_of_the_gain_whatever_the_style():
    """Independent inputs of deviation 1 in 64 channels, styles that scale them by .1 to 100."""
    layer = ModulatedConv2D(32, 3, gain=1.5)
    layer.build([(None, 16, 16, 64), (None, 2)])
    scales = 10.0 ** np.random.default_rng(1).uniform(-1, 2, 64)
    layer.affine.kernel.assign(np.zeros((2, 64)))
    layer.affine.bias.assign(scales - 1)
    outputs = layer([normals(8, 16, 16, 64), np.zeros((8, 2), np.float32)]).numpy()[:, 1:-1, 1:-1]
    assert outputs.std() == pytest.approx(1.5, rel=0.1)


def test_the_second_derivatives_of_a_modulated_convolution_are_differences_of_the_first():
    """Path lengths need them: the gradient of |dy/dstyle|^2 by the kernel, in one direction, in float64."""
    layer = ModulatedConv2D(3, 3, size=(8, 8), dtype="float64")
    layer.build([(None, 4, 4, 2), (None, 5)])
    x, style = tf.constant(normals(2, 4, 4, 2), tf.float64), tf.constant(normals(2, 5), tf.float64)

    def squared_slope(kernel):
        layer.kernel.assign(kernel)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(style)
                total = tf.reduce_sum(tf.sin(layer([x, style])))
            slope = tf.reduce_sum(inner.gradient(total, style) ** 2)
        return float(slope), outer.gradient(slope, layer.kernel.value)

    kernel, direction = normals(3, 3, 2, 3, seed=2).astype(np.float64), normals(3, 3, 2, 3, seed=3).astype(np.float64)
    _, gradient = squared_slope(kernel)
    there, back = (squared_slope(kernel + sign * 1e-5 * direction)[0] for sign in (1, -1))
    np.testing.assert_allclose(np.sum(gradient * direction), (there - back) / 2e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("padding", "strides", "sides"), [(2, 1, (8, 6)), (2, 1, (7, 6)), (1, 2, (8, 6)), (1, 2, (7, 5))]
)
def test_a_blur_is_the_filter_1_3_3_1(padding, strides, sides):
    """In NumPy, sum by sum; an odd side has one more zero after it, so that its half rounds up."""
    x = normals(2, *sides, 3)
    padded = np.pad(x, [(0, 0), *((padding, padding + side % 2) for side in sides), (0, 0)])
    height, width = (side - 3 for side in padded.shape[1:3])
    expected = sum(
        LINE[row] * LINE[column] * padded[:, row : row + height, column : column + width]
        for row in range(4)
        for column in range(4)
    )[:, ::strides, ::strides]
    layer = Blur(padding, strides)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-6)
    assert layer.compute_output_shape(x.shape) == expected.shape
    if strides == 2:
        assert expected.shape[1:3] == tuple(-(-side // 2) for side in sides)


def test_noise_is_constant_but_within_its_context():
    """Without it all rows have the layer's own constant; within it row r has row `first row + r` of the stream."""
    layer, x = LayerNoise(index=3), np.zeros((4, 5, 6, 2), np.float32)
    layer.build(x.shape)
    np.testing.assert_array_equal(layer(x), x)  # the strength begins at 0
    layer.strength.assign(0.5)
    constant = np.broadcast_to(layer.constant.numpy()[None, :, :, None], x.shape)
    np.testing.assert_allclose(layer(x), 0.5 * constant)
    assert 0.5 < layer.constant.numpy().std() < 1.5

    seed = tf.constant([1, 2])
    numbers = noise.normal(noise.fold_in(seed, 3), 9, 30).numpy().reshape(9, 5, 6, 1)
    with fresh_noise(noise.stream(seed, 5)):
        np.testing.assert_allclose(layer(x), np.broadcast_to(0.5 * numbers[5:], x.shape), rtol=1e-6)
    np.testing.assert_allclose(layer(x), 0.5 * constant)


def test_no_two_layers_have_the_same_noise():
    x = np.zeros((1, 4, 4, 1), np.float32)
    with fresh_noise(noise.stream(tf.constant([1, 2]))):
        one, other = (built(LayerNoise(index), x.shape)(x).numpy() for index in (0, 1))
    assert np.abs(one - other).max() > 0.1


def test_a_slow_layer_is_an_equalised_one_whose_weights_move_a_hundredth_as_fast():
    """The same outputs from weights that are 100 times as large; one step of descent moves the outputs 1e-4 as far."""
    slow, plain, x = SlowDense(6, lr_multiplier=0.01), EqualizedDense(6), normals(3, 4)
    for layer in (slow, plain):
        built(layer, x.shape)
    slow.set_weights([100 * weight for weight in plain.get_weights()])
    np.testing.assert_allclose(slow(x), plain(x), rtol=1e-5, atol=1e-6)
    moved = []
    for layer in (slow, plain):
        before = layer(x).numpy()
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x))
        keras.optimizers.SGD(1.0).apply(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables)
        moved.append(layer(x).numpy() - before)
    np.testing.assert_allclose(moved[0], 1e-4 * moved[1], rtol=1e-3, atol=2e-6)


def test_a_slow_layer_begins_with_outputs_of_variance_one():
    layer = SlowDense(300, lr_multiplier=0.01, gain=1.0)
    assert layer(normals(64, 200)).numpy().var() == pytest.approx(1.0, abs=0.1)


def test_a_learned_constant_is_the_same_for_every_row():
    layer = LearnedConstant((4, 3), 5)
    outputs = layer(normals(6, 2, 7)).numpy()
    np.testing.assert_array_equal(outputs, np.repeat(layer.features.numpy()[None], 6, axis=0))


def test_samples_are_clipped_but_in_training():
    x = np.array([-3.0, -0.5, 1.5], np.float32)
    np.testing.assert_array_equal(ClipSamples()(x), [-1, -0.5, 1])
    np.testing.assert_array_equal(ClipSamples()(x, training=True), x)


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (ModulatedConv2D(4, 3, size=(7, 8), demodulate=False, gain=0.5), [(None, 4, 4, 2), (None, 3)]),
        (Blur(1, 2), [(None, 4, 4, 2)]),
        (LayerNoise(7), [(None, 4, 4, 2)]),
        (SlowDense(4, lr_multiplier=0.1), [(None, 3)]),
        (LearnedConstant((4, 4), 2), [(None, 3)]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_layer_is_rebuilt_from_its_config(layer, shapes):
    copy = type(layer).from_config(layer.get_config())
    built(layer, *shapes)
    copy.build(list(shapes) if len(shapes) > 1 else shapes[0])
    copy.set_weights(layer.get_weights())
    inputs = [normals(2, *shape[1:]) for shape in shapes]
    inputs = inputs if len(inputs) > 1 else inputs[0]
    np.testing.assert_array_equal(copy(inputs), layer(inputs))
