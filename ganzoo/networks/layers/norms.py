"""Normalisations: Keras's own, computed in fewer passes over the features. Weights, names and configs are Keras's."""

import keras
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks.layers.basic import is_exporting


def normalisation(kind: str) -> list[keras.layers.Layer]:
    """No layer, or one: "none", "batch", "layer" (over height, width and channels), "instance".

    All take pictures of any size, and their moments in float32 in half precision, too.
    """
    if kind == "none":
        return []
    if kind == "batch":
        return [BatchNorm(momentum=0.9, epsilon=1e-5)]
    if kind == "layer":
        return [keras.layers.GroupNormalization(groups=1, epsilon=1e-5)]
    if kind == "instance":
        return [InstanceNorm(epsilon=1e-5)]
    raise GanzooError(f"no normalisation '{kind}'; there are none, batch, layer and instance.")


@keras.saving.register_keras_serializable("ganzoo")
class BatchNorm(keras.layers.BatchNormalization):
    """Batch norm (Ioffe and Szegedy 2015) of [batch, h, w, c], in training one kernel forward and one backward.

    On several replicas it is Keras's own, which takes the moments of all, and so it is where it is frozen.
    """

    def call(self, inputs, training=None, mask=None):
        is_learning = training and self.trainable
        if not is_learning or self.synchronized or mask is not None or inputs.shape.rank != 4:
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=self.epsilon,
            is_training=True,
        )
        count = tf.cast(tf.size(inputs) // tf.shape(inputs)[-1], tf.float32)
        biased = variance * (count - 1.0) / count  # as Keras keeps it; the kernel's is n / (n - 1) times that
        for moving, new in [(self.moving_mean, mean), (self.moving_variance, biased)]:
            moving.assign(moving * self.momentum + new * (1.0 - self.momentum))
        return outputs


@keras.saving.register_keras_serializable("ganzoo")
class InstanceNorm(keras.layers.GroupNormalization):
    """Instance norm (Ulyanov et al. 2016) of [batch, h, w, c]: a group norm with a group for each channel.

    Its gradient is written out: the chain rule, op by op, takes three times the operations to trace and to run.
    """

    def __init__(self, groups: int = -1, **kwargs):
        del groups  # Keras's config has it
        super().__init__(groups=-1, **kwargs)

    def call(self, inputs):
        if is_exporting():  # which converters to other runtimes know
            return super().call(inputs)
        normed = normalise_instances(
            tf.cast(inputs, tf.float32),
            tf.convert_to_tensor(self.gamma),
            tf.convert_to_tensor(self.beta),
            self.epsilon,
        )
        return tf.cast(normed, self.compute_dtype)


def normalise_instances(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float) -> tf.Tensor:
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, the moments each picture's own; float32 [batch, h, w, c].

    It can be differentiated twice: the moments are inputs of what has a gradient of its own, so that the second
    derivatives see that they depend on x.
    """
    _, height, width, _ = keras.ops.shape(x)
    count = tf.cast(height * width, tf.float32)
    mean = tf.reduce_mean(x, [1, 2], keepdims=True)
    variance = tf.reduce_mean(tf.math.squared_difference(x, mean), [1, 2], keepdims=True)

    @tf.custom_gradient
    def apply(x, mean, slope, gamma, beta):
        scale = slope * gamma

        def grad(upstream):
            total = tf.reduce_sum(upstream, [1, 2], keepdims=True)
            along = slope * (tf.reduce_sum(upstream * x, [1, 2], keepdims=True) - mean * total)  # sum of dy x-hat
            of_x = -scale * slope * along / count
            of_input = upstream * scale + (x * of_x - (scale * total / count + of_x * mean))
            return of_input, None, None, tf.reduce_sum(along, [0, 1, 2]), tf.reduce_sum(total, [0, 1, 2])

        return x * scale + (beta - mean * scale), grad

    return apply(x, mean, tf.math.rsqrt(variance + epsilon), gamma, beta)
