"""Keras's normalisations, computed in fewer passes over the features, with Keras's weights, names and configs."""

import keras
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks.layers.basic import from_weights, is_exporting


def normalisation(kind: str) -> list[keras.layers.Layer]:
    """A list with one layer: "batch", "layer" (over height, width and channels) or "instance"; "none" is empty.

    All take pictures of any size. They compute moments in float32, in half precision, too.
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
    """Batch norm (Ioffe and Szegedy 2015) of [batch, h, w, c]; in training it is one kernel forward and one backward.

    On several replicas, and if frozen, it calls Keras's own batch norm, which takes the moments of all replicas. In an
    export it is a product and a sum.
    """

    def call(self, inputs, training=None, mask=None):
        is_learning = training and self.trainable
        if is_exporting() and not is_learning and mask is None and self.axis in (-1, inputs.shape.rank - 1):
            scale, offset = from_weights(self._scale), from_weights(self._offset)
            return tf.cast(tf.cast(inputs, tf.float32) * scale + offset, self.compute_dtype)
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
        biased = variance * (count - 1.0) / count  # Keras's variance; the kernel's is n / (n - 1) times as large
        for moving, new in [(self.moving_mean, mean), (self.moving_variance, biased)]:
            moving.assign(moving * self.momentum + new * (1.0 - self.momentum))
        return outputs

    def _scale(self) -> tf.Tensor:
        slope = tf.math.rsqrt(tf.convert_to_tensor(self.moving_variance) + self.epsilon)
        return slope * self.gamma if self.scale else slope

    def _offset(self) -> tf.Tensor:
        offset = -tf.convert_to_tensor(self.moving_mean) * self._scale()
        return offset + self.beta if self.center else offset


@keras.saving.register_keras_serializable("ganzoo")
class InstanceNorm(keras.layers.GroupNormalization):
    """Instance norm (Ulyanov et al. 2016) of [batch, h, w, c]: a group norm with a group for each channel.

    Its gradient is written out, because the chain rule takes three times as many operations to trace and to run.
    """

    def __init__(self, groups: int = -1, **kwargs):
        del groups  # Keras's config has this argument
        super().__init__(groups=-1, **kwargs)

    def call(self, inputs):
        if is_exporting():  # converters to other runtimes know Keras's own
            return super().call(inputs)
        normed = normalise_instances(
            tf.cast(inputs, tf.float32),
            tf.convert_to_tensor(self.gamma),
            tf.convert_to_tensor(self.beta),
            self.epsilon,
        )
        return tf.cast(normed, self.compute_dtype)


def normalise_instances(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float) -> tf.Tensor:
    """gamma (x - mean) / sqrt(variance + epsilon) + beta with each picture's own moments; float32 [batch, h, w, c].

    It can be differentiated twice: the moments are inputs of the function with the custom gradient, so that second
    derivatives include the moments' dependence on x.
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
            through_variance = -scale * slope * along / count
            through_moments = x * through_variance - (scale * total / count + through_variance * mean)
            return (
                upstream * scale + through_moments,
                None,
                None,
                tf.reduce_sum(along, [0, 1, 2]),
                tf.reduce_sum(total, [0, 1, 2]),
            )

        return x * scale + (beta - mean * scale), grad

    return apply(x, mean, tf.math.rsqrt(variance + epsilon), gamma, beta)
