import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.networks.subpixel import SubpixelConvolution, SubpixelTranspose

FEATURES = np.random.default_rng(0).normal(size=(2, 5, 6, 4)).astype("float32")


def both(channels, kernel, **options):
    """Ours and Keras's, with the same weights."""
    layers = [kind(channels, kernel, strides=2, padding="same", **options) for kind in (SubpixelTranspose, KERAS)]
    for layer in layers:
        layer.build(FEATURES.shape)
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=weight.shape) for weight in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return layers


KERAS = keras.layers.Conv2DTranspose


def outputs_and_gradients(layer):
    features = tf.constant(FEATURES)
    with tf.GradientTape() as tape:
        tape.watch(features)
        outputs = layer(features)
        total = tf.reduce_sum(tf.square(outputs))
    return [outputs, *tape.gradient(total, [features, *layer.trainable_variables])]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kernel", [4, 5, (4, 5), 3])
@pytest.mark.parametrize("use_bias", [True, False])
def test_it_is_the_transposed_convolution(channels, kernel, use_bias):
    """Outputs and gradients; a kernel of 3, which has no such phases, is Keras's own."""
    layers = both(channels, kernel, use_bias=use_bias, activation="tanh")
    for ours, expected in zip(*map(outputs_and_gradients, layers), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)


def test_weights_have_kerass_names_and_the_layer_is_saved():
    ours, plain = both(1, 5)
    assert [weight.name for weight in ours.weights] == [weight.name for weight in plain.weights]
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(ours))
    assert type(copy) is SubpixelTranspose


def test_it_takes_pictures_of_any_size():
    features = keras.Input((None, None, 4))
    (ours, plain) = both(1, 5)
    run = tf.function(keras.Model(features, ours(features)), input_signature=[tf.TensorSpec([None, None, None, 4])])
    np.testing.assert_allclose(run(FEATURES), plain(FEATURES), rtol=1e-4, atol=1e-4)


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
