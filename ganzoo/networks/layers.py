"""The pieces that the network families share."""

import keras
import tensorflow as tf

from ganzoo.errors import GanzooError


@keras.saving.register_keras_serializable("ganzoo")
def relu(x: tf.Tensor) -> tf.Tensor:
    """max(x, 0), cheap in second derivatives; see `leaky_relu`."""
    return leaky_relu(x, negative_slope=0.0)


@keras.saving.register_keras_serializable("ganzoo")
def leaky_relu(x: tf.Tensor, negative_slope: float = 0.2) -> tf.Tensor:
    """max(x, slope x) with the slope taken as a constant in the backward pass.

    The slope's own derivative is 0 wherever there is one, but TensorFlow does not know: the double backward pass of a
    gradient penalty would propagate those zeros through the whole network. Values and derivatives of every order are
    those of the plain function.
    """

    @tf.custom_gradient
    def apply(x):
        slope = tf.stop_gradient(tf.where(x > 0, tf.ones_like(x), tf.cast(negative_slope, x.dtype)))
        return tf.nn.leaky_relu(x, negative_slope), lambda upstream: upstream * slope

    return apply(x)


def normalisation(kind: str) -> list[keras.layers.Layer]:
    """No layer, or one: "none", "batch", "layer" (over height, width and channels), "instance"."""
    if kind == "none":
        return []
    if kind == "batch":
        return [keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)]
    if kind == "layer":
        return [keras.layers.GroupNormalization(groups=1, epsilon=1e-5)]
    if kind == "instance":
        return [keras.layers.GroupNormalization(groups=-1, epsilon=1e-5)]
    raise GanzooError(f"no normalisation '{kind}'; there are none, batch, layer and instance.")


def squeeze_logit(name: str = "logit") -> list[keras.layers.Layer]:
    """Features [batch, d] to one float32 logit each, [batch], whatever the precision of the layers before."""
    return [
        keras.layers.Dense(1, dtype="float32", name=name),
        keras.layers.Reshape((), dtype="float32", name="squeeze"),
    ]
