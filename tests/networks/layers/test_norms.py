import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks.layers import basic, norms

PICTURES = np.random.default_rng(0).normal(2.0, 3.0, (4, 5, 6, 3)).astype("float32")
KERAS = {
    "batch": lambda: keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
    "instance": lambda: keras.layers.GroupNormalization(groups=-1, epsilon=1e-5),
}


def ours_and_keras(kind):
    """Both layers, with the same scales and shifts."""
    (ours,), reference = norms.normalisation(kind), KERAS[kind]()
    for layer in (ours, reference):
        layer.build(PICTURES.shape)
        layer.gamma.assign([0.5, 1.0, 2.0])
        layer.beta.assign([1.0, -1.0, 0.0])
    return ours, reference


def derivatives(layer, pictures, **call):
    """The layer's outputs, the gradients of a function of them, and the gradients of the norm of those."""
    pictures = tf.constant(pictures)
    weight = tf.cast(tf.reshape(tf.range(tf.size(pictures)) % 7, tf.shape(pictures)), tf.float32)

    @tf.function(autograph=False)
    def run():
        weights = [variable.value for variable in layer.trainable_variables]
        with tf.GradientTape() as outer:
            outer.watch(pictures)
            with tf.GradientTape() as inner:
                inner.watch(pictures)
                outputs = tf.cast(layer(pictures, **call), tf.float32)
                total = tf.reduce_sum(weight * tf.sin(outputs))
            first = inner.gradient(total, [pictures, *weights])
            norm = tf.reduce_sum(tf.square(first[0]))
        return [outputs, *first, *outer.gradient(norm, [pictures, *weights[:1]])]

    return [np.asarray(value) for value in run()]


@pytest.mark.parametrize(("kind", "call"), [("batch", dict(training=True)), ("instance", {})])
def test_outputs_and_first_and_second_derivatives_are_kerass(kind, call):
    ours, reference = ours_and_keras(kind)
    found = zip(derivatives(ours, PICTURES, **call), derivatives(reference, PICTURES, **call), strict=True)
    for mine, expected in found:
        np.testing.assert_allclose(mine, expected, rtol=2e-4, atol=2e-4 * np.abs(expected).max())


def test_batch_norm_keeps_kerass_running_moments_and_judges_by_them():
    ours, reference = ours_and_keras("batch")
    for layer in (ours, reference):
        for scale in (1.0, 2.0):
            layer(scale * PICTURES, training=True)
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(getattr(ours, name), getattr(reference, name), rtol=1e-5)
    np.testing.assert_allclose(
        ours(PICTURES, training=False), reference(PICTURES, training=False), rtol=1e-4, atol=1e-5
    )


def test_a_frozen_batch_norm_goes_by_its_running_moments_and_leaves_them():
    (layer,) = norms.normalisation("batch")
    layer.build(PICTURES.shape)
    layer.trainable = False
    np.testing.assert_array_equal(layer(PICTURES, training=True), layer(PICTURES, training=False))
    np.testing.assert_array_equal(layer.moving_mean, np.zeros(3))


def test_batch_norm_of_several_replicas_is_kerass():
    """Its kernel knows the moments of one device alone."""
    (layer,) = norms.normalisation("batch")
    layer.build(PICTURES.shape)
    for synchronized in (False, True):
        layer.synchronized = synchronized
        graph = tf.function(lambda: layer(PICTURES, training=True)).get_concrete_function().graph
        kinds = [operation.type for operation in graph.get_operations()]
        assert ("FusedBatchNormV3" in kinds) is not synchronized


@pytest.mark.parametrize("kind", KERAS)
def test_half_precision_differs_by_its_rounding_alone(kind):
    (layer,) = norms.normalisation(kind)
    half = type(layer).from_config(layer.get_config() | {"dtype": "mixed_bfloat16"})
    call = dict(training=True) if kind == "batch" else {}
    assert half(PICTURES, **call).dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(half(PICTURES, **call), tf.float32), layer(PICTURES, **call), atol=0.05)


@pytest.mark.parametrize("kind", KERAS)
def test_weights_have_kerass_names_and_layers_are_saved(kind):
    ours, reference = ours_and_keras(kind)
    assert [weight.name for weight in ours.weights] == [weight.name for weight in reference.weights]
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(ours))
    assert type(copy) is type(ours)
    assert copy.epsilon == 1e-5


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_instance_norm_takes_pictures_of_any_size(dtype):
    """Each picture's channels have mean 0 and variance 1, at sizes that the graph does not know."""
    (layer,) = norms.normalisation("instance")
    layer = type(layer).from_config(layer.get_config() | {"dtype": dtype})
    pictures = keras.Input((None, None, 2), dtype="float32")
    network = keras.Model(pictures, layer(pictures))
    run = tf.function(network, autograph=False, input_signature=[tf.TensorSpec([None, None, None, 2])])
    for shape in [(1, 4, 6, 2), (3, 9, 5, 2)]:
        normed = tf.cast(run(np.random.default_rng(0).normal(100, 3, shape).astype(np.float32)), tf.float32)
        loose = dict(atol=1e-3 if dtype == "float32" else 0.02)
        np.testing.assert_allclose(tf.reduce_mean(normed, [1, 2]), np.zeros((shape[0], 2)), **loose)
        if dtype == "float32":  # what half precision rounds 100 + x to is another variance
            np.testing.assert_allclose(tf.math.reduce_variance(normed, [1, 2]), np.ones((shape[0], 2)), **loose)


def test_an_exports_instance_norm_has_no_gradient_of_its_own():
    (layer,) = norms.normalisation("instance")
    layer.build(PICTURES.shape)
    with basic.exporting():
        graph = tf.function(lambda: layer(PICTURES)).get_concrete_function().graph
        exported = layer(PICTURES)
    assert "IdentityN" not in [operation.type for operation in graph.get_operations()]
    np.testing.assert_allclose(exported, layer(PICTURES), rtol=1e-4, atol=1e-5)


def test_a_normalisation_nobody_knows_is_named():
    with pytest.raises(GanzooError, match="no normalisation 'bach'"):
        norms.normalisation("bach")
