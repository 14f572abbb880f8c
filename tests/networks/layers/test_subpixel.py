import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.networks.layers.basic import exporting
from ganzoo.networks.layers.subpixel import SubpixelConvolution, SubpixelStrided, SubpixelTranspose

FEATURES = np.random.default_rng(0).normal(size=(2, 5, 6, 4)).astype("float32")
PICTURES = np.random.default_rng(0).normal(size=(2, 10, 12, 3)).astype("float32")
STRIDED = (SubpixelTranspose, keras.layers.Conv2DTranspose, FEATURES), (SubpixelStrided, keras.layers.Conv2D, PICTURES)


def both(kinds, inputs, *arguments, **options):
    """Ours and Keras's, with the same weights."""
    layers = [kind(*arguments, **options) for kind in kinds]
    for layer in layers:
        layer.build(inputs.shape)
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=weight.shape) for weight in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def outputs_and_gradients(layer, inputs):
    """Of what a gradient penalty takes, too: the derivatives of the squared norm of the gradient by the inputs."""
    inputs = tf.constant(inputs)
    of = [inputs, *layer.trainable_variables]
    with tf.GradientTape() as outer:
        outer.watch(inputs)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
            total = tf.reduce_sum(tf.square(outputs))
        penalty = tf.reduce_sum(tf.square(tape.gradient(total, inputs)))
    return [outputs, *tape.gradient(total, of), *outer.gradient(penalty, of)]


@pytest.mark.parametrize(("ours", "kerass", "inputs"), STRIDED)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kernel", [4, 5, (4, 5), 3])
@pytest.mark.parametrize("use_bias", [True, False])
def test_it_is_the_strided_layer_of_keras(ours, kerass, inputs, channels, kernel, use_bias):
    """Transposed or not: outputs and gradients; a kernel of 3, which has no such phases, is Keras's own."""
    options = dict(strides=2, padding="same", use_bias=use_bias, activation="tanh")
    layers = both((ours, kerass), inputs, channels, kernel, **options)
    for found, expected in zip(*(outputs_and_gradients(layer, inputs) for layer in layers), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize(("ours", "kerass", "inputs"), STRIDED)
def test_exports_have_no_gradients_of_their_own(ours, kerass, inputs):
    layer, plain = both((ours, kerass), inputs, 2, 5, strides=2, padding="same")
    with exporting():
        graph = tf.function(layer).get_concrete_function(tf.TensorSpec(inputs.shape)).graph
    assert not [operation for operation in graph.get_operations() if operation.type == "IdentityN"]
    np.testing.assert_allclose(layer(inputs), plain(inputs), rtol=1e-4, atol=1e-4)


def test_odd_pictures_are_convolved_as_by_keras():
    layers = both((SubpixelStrided, keras.layers.Conv2D), PICTURES[:, 1:], 2, 5, strides=2, padding="same")
    found, expected = (layer(PICTURES[:, 1:]) for layer in layers)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("output_padding", [0, (0, 1)])
def test_a_transpose_with_another_output_padding_is_kerass(output_padding):
    options = dict(strides=2, padding="same", output_padding=output_padding)
    found, expected = (layer(FEATURES) for layer in both(STRIDED[0][:2], FEATURES, 2, 5, **options))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("ours", "kerass", "inputs"), STRIDED)
def test_weights_have_kerass_names_and_the_layer_is_saved(ours, kerass, inputs):
    layer, plain = both((ours, kerass), inputs, 1, 5, strides=2, padding="same")
    assert [weight.name for weight in layer.weights] == [weight.name for weight in plain.weights]
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(copy) is ours


@pytest.mark.parametrize(("ours", "kerass", "inputs"), STRIDED)
def test_it_takes_pictures_of_any_size(ours, kerass, inputs):
    layer, plain = both((ours, kerass), inputs, 1, 5, strides=2, padding="same")
    any_size = (None, None, inputs.shape[-1])
    features = keras.Input(any_size)
    run = tf.function(keras.Model(features, layer(features)), input_signature=[tf.TensorSpec([None, *any_size])])
    np.testing.assert_allclose(run(inputs), plain(inputs), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("padding", "sides"), [("same", (8, 12)), ("valid", (10, 14)), ("same", (9, 8))])
def test_blocks_of_pixels_are_the_convolutions(channels, padding, sides):
    """Outputs and gradients, at sides that are multiples of 4 and at others."""
    features = tf.constant(np.random.default_rng(0).normal(size=(2, *sides, 4)).astype("float32"))
    layers = [kind(channels, 3, padding=padding) for kind in (SubpixelConvolution, keras.layers.Conv2D)]
    for layer in layers:
        layer.build(features.shape)
    layers[1].set_weights(layers[0].get_weights())

    def of(layer):
        with tf.GradientTape() as tape:
            tape.watch(features)
            outputs = layer(features)
            total = tf.reduce_sum(tf.square(outputs))
        return [outputs, *tape.gradient(total, [features, *layer.trainable_variables])]

    for ours, expected in zip(*map(of, layers), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)


def test_a_convolution_takes_pictures_of_unknown_size():
    features = keras.Input((None, None, 4))
    layer = SubpixelConvolution(1, 3, padding="same")
    run = tf.function(keras.Model(features, layer(features)), input_signature=[tf.TensorSpec([None, None, None, 4])])
    assert run(FEATURES).shape == (2, 5, 6, 1)
