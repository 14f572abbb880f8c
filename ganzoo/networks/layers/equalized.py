"""Layers that keep both networks' signals in range while they grow.

Karras et al. 2018, "Progressive Growing of GANs", https://arxiv.org/abs/1710.10196, sections 3 and 4.
"""

import math
from collections.abc import Callable

import keras
import tensorflow as tf

from ganzoo.networks.layers.reparametrised import Conv2DLayer, DenseLayer

EPSILON = 1e-8  # added under the roots, as in the authors' code


class EqualizedLayer(keras.layers.Layer):
    """A kernel drawn from N(0, 1) that is used times gain / sqrt(fan in), and a bias (section 4.1).

    He's constant is applied at each call and not at initialisation. Adam's steps do not depend on a gradient's scale,
    so Adam then changes all kernels equally fast relative to their size.

    Args:
        gain: sqrt(2) before a rectifier; 1 in a network's last layer, as in the authors' code.
        use_bias: whether there is a bias.
    """

    lr_multiplier = 1.0  # how much faster or slower than other layers' an optimizer moves the weights

    def __init__(self, *, gain: float = math.sqrt(2.0), use_bias: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.gain, self.use_bias = gain, use_bias

    def add_weights(self, kernel_shape: tuple[int, ...]) -> None:
        """Makes the kernel [..., in, out] and the bias [out], if there is one."""
        self.scale = self.gain * self.lr_multiplier / math.sqrt(math.prod(kernel_shape[:-1]))
        normal = keras.initializers.RandomNormal(stddev=1.0 / self.lr_multiplier)
        self.kernel = self.add_weight(name="kernel", shape=kernel_shape, initializer=normal)
        self.bias = 0.0
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=kernel_shape[-1:], initializer="zeros")

    def effective_kernel(self) -> tf.Tensor:
        """The kernel that acts on the inputs."""
        return self.kernel * self.scale

    def get_config(self) -> dict:
        return super().get_config() | {"gain": self.gain, "use_bias": self.use_bias}


@keras.saving.register_keras_serializable("ganzoo")
class EqualizedDense(DenseLayer, EqualizedLayer):
    """Inputs [batch, in] to outputs [batch, units]."""


@keras.saving.register_keras_serializable("ganzoo")
class EqualizedConv2D(Conv2DLayer, EqualizedLayer):
    """Inputs [batch, height, width, in] to outputs [batch, height, width, filters], with zeros around the edges."""


@keras.saving.register_keras_serializable("ganzoo")
class PixelNorm(keras.layers.Layer):
    """Each pixel's features, or each row's latents, divided by their root mean square (section 4.2)."""

    def call(self, x):
        mean_square = tf.reduce_mean(tf.square(tf.cast(x, tf.float32)), axis=-1, keepdims=True)
        return x * tf.cast(tf.math.rsqrt(mean_square + EPSILON), x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("ganzoo")
class MinibatchStddev(keras.layers.Layer):
    """One more feature, the same at all pixels: how much the samples of a group differ from each other (section 3).

    Features [batch, height, width, c] to float32 [batch, height, width, c + 1]. In training the feature is the standard
    deviation over a group, averaged over pixels and channels. Outside training a sample's score must not depend on the
    other samples, so the feature is `average`, a weight that no optimizer changes. The model keeps `average` near the
    deviations of reals and fakes by calling `observe`.

    Args:
        group_size: 4 in the authors' code. As there, row i belongs to group i mod (batch // group_size). If the group
            size does not divide the batch, some groups have more rows. A batch smaller than a group is one group.
    """

    def __init__(self, group_size: int, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.group_size = group_size

    def build(self, input_shape):
        self.average = self.add_weight(
            name="average", shape=(), initializer="ones", trainable=False, aggregation="only_first_replica"
        )

    def call(self, x, training=False):
        shape = tf.shape(x)
        deviation = self.deviation(x) if training else tf.fill(shape[:1], tf.convert_to_tensor(self.average))
        feature = tf.broadcast_to(deviation[:, None, None, None], [shape[0], x.shape[1], x.shape[2], 1])
        return tf.concat([x, feature], -1)

    def deviation(self, x: tf.Tensor) -> tf.Tensor:
        """The standard deviation of each row's group, float32 [batch]."""
        batch_size = tf.shape(x)[0]
        groups = tf.maximum(batch_size // self.group_size, 1)
        member = tf.one_hot(tf.range(batch_size) % groups, groups)  # [batch, groups]
        share = member / tf.reduce_sum(member, axis=0)
        flat = tf.reshape(x, [batch_size, math.prod(x.shape[1:])])
        centred = flat - tf.matmul(member, tf.matmul(share, flat, transpose_a=True))
        variance = tf.matmul(share, tf.square(centred), transpose_a=True)  # [groups, height * width * c]
        return tf.linalg.matvec(member, tf.reduce_mean(tf.sqrt(variance + EPSILON), axis=1))

    def observe(self, deviations: tf.Tensor, decay: float | tf.Tensor) -> None:
        """Moves `average` towards the mean of the deviations; a call of the layer assigns nothing by itself."""
        mean = tf.reduce_mean(deviations)
        self.average.assign(mean + decay * (self.average - mean))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self) -> dict:
        return super().get_config() | {"group_size": self.group_size}


def minibatch_stddevs(discriminator: keras.Model) -> list[MinibatchStddev]:
    """The discriminator's layers of this kind."""
    return [layer for layer in discriminator.layers if isinstance(layer, MinibatchStddev)]


def with_deviations(discriminator: keras.Model) -> Callable[..., list[tf.Tensor]]:
    """(samples, training) -> [logits, *minibatch deviations], each float32 [batch]; without such layers [logits]."""
    stddevs = minibatch_stddevs(discriminator)
    if not stddevs:
        return lambda *samples, **mode: [discriminator(*samples, **mode)]
    return keras.Model(discriminator.input, [discriminator.output, *(layer.output[:, 0, 0, -1] for layer in stddevs)])
