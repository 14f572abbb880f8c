"""Layers of style-based networks: convolutions that a style modulates, noise for each pixel, resampling with a blur.

Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", https://arxiv.org/abs/1912.04958, section 2
and appendix B, and the same authors' code. All layers are plain TensorFlow operations.
"""

import contextlib
import contextvars
import math
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from ganzoo import noise
from ganzoo.networks.layers.basic import from_weights
from ganzoo.networks.layers.equalized import EPSILON, EqualizedDense, EqualizedLayer

_LINE = np.array([1, 3, 3, 1], np.float32) / 8  # the blur in one direction
_stream: contextvars.ContextVar[tf.Tensor | None] = contextvars.ContextVar("layer_noise", default=None)


@contextlib.contextmanager
def fresh_noise(stream: tf.Tensor) -> Iterator[None]:
    """Within this context every `LayerNoise` draws its noise from a stream; elsewhere the noise is constant.

    Args:
        stream: int32 [3], a seed and the first row (`ganzoo.noise.stream`).
    """
    token = _stream.set(stream)
    try:
        yield
    finally:
        _stream.reset(token)


@keras.saving.register_keras_serializable("ganzoo")
class LayerNoise(keras.layers.Layer):
    """Features [batch, h, w, c] plus a learned strength, at first 0, times one normal number for each pixel.

    Within `fresh_noise` the numbers of row r of the batch are those of row `first row + r` of the stream. Elsewhere, as
    in an export, they are the same for all rows: a weight that no optimizer changes (the authors' `noise_mode=const`).

    Args:
        index: the number of the layer within its network; each layer has other noise.
    """

    def __init__(self, index: int, **kwargs):
        super().__init__(**kwargs)
        self.index = index

    def build(self, input_shape):
        self.strength = self.add_weight(name="strength", shape=(), initializer="zeros")
        self.constant = self.add_weight(
            name="constant",
            shape=input_shape[1:3],
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            trainable=False,
            aggregation="only_first_replica",
        )

    def call(self, x):
        return x + self.strength * tf.cast(self._numbers(x)[..., None], x.dtype)

    def _numbers(self, x: tf.Tensor) -> tf.Tensor:
        """Float32 [batch, h, w], or [h, w] for all rows."""
        stream = _stream.get()
        if stream is None:
            return tf.convert_to_tensor(self.constant)
        height, width = x.shape[1:3]
        seed = noise.fold_in(stream[:2], self.index)
        numbers = noise.normal(seed, tf.shape(x)[0], height * width, first_row=stream[2])
        return tf.reshape(numbers, [-1, height, width])

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict:
        return super().get_config() | {"index": self.index}


@keras.saving.register_keras_serializable("ganzoo")
class ModulatedConv2D(EqualizedLayer):
    """[features [batch, h, w, in], style [batch, d]] to features [batch, h, w, filters], or to twice as large ones.

    The style gives a scale s for each input channel. The paper scales the kernel by s and divides it by its norm for
    each output channel (equations 1 and 3). Here the inputs are scaled by s and the outputs divided, with the same
    result: all samples then share one kernel, and the batch is one convolution.

    Larger features come from a transposed convolution of stride 2 and a blur, with zeros beyond the border. In exact
    arithmetic it is the upsampling by (1, 3, 3, 1) and then the convolution, for a quarter of the products.

    Args:
        filters: channels of the outputs.
        kernel_size: 3 for larger features, else any odd number.
        size: twice h and w, or a row and a column less; None keeps h and w.
        demodulate: whether the outputs are divided. They then have the standard deviation `gain`, if the inputs are
            independent and have a deviation of 1.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        *,
        size: tuple[int, int] | None = None,
        demodulate: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters, self.kernel_size = filters, kernel_size
        self.size = None if size is None else tuple(size)
        self.demodulate = demodulate

    def build(self, input_shape):
        features, style = input_shape
        self.add_weights((self.kernel_size, self.kernel_size, features[-1], self.filters))
        self.affine = EqualizedDense(features[-1], gain=1.0, dtype=self.dtype_policy, name="affine")
        self.affine.build(style)

    def call(self, inputs):
        x, style = inputs
        scales = 1.0 + self.affine(style)
        x = x * scales[:, None, None]
        x = self._enlarged(x) if self.size else tf.nn.conv2d(x, from_weights(self.effective_kernel), 1, "SAME")
        if self.demodulate:
            variances = tf.matmul(tf.square(scales), from_weights(self._squares))  # [batch, filters]
            x *= (self.gain * tf.math.rsqrt(variances + EPSILON))[:, None, None]
        return x + self.bias

    def _squares(self) -> tf.Tensor:
        """The squares of the kernel, summed over its pixels, [in, filters]."""
        return tf.reduce_sum(tf.square(self.effective_kernel()), axis=[0, 1])

    def _flipped(self) -> tf.Tensor:
        """The kernel for a transposed convolution, [k, k, filters, in]."""
        return tf.transpose(self.effective_kernel()[::-1, ::-1], [0, 1, 3, 2])

    def _enlarged(self, x: tf.Tensor) -> tf.Tensor:
        _, height, width, _ = x.shape
        shape = [tf.shape(x)[0], 2 * height + 1, 2 * width + 1, self.filters]
        x = tf.nn.conv2d_transpose(x, from_weights(self._flipped), shape, strides=2, padding="VALID")
        after = [1 - 2 * old + new for old, new in zip((height, width), self.size, strict=True)]
        return _blurred(x, [(1, rows) for rows in after], gain=4.0)

    def compute_output_shape(self, input_shape):
        features = input_shape[0]
        return (features[0], *(self.size or features[1:3]), self.filters)

    def get_config(self) -> dict:
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "size": self.size}
        return super().get_config() | own | {"demodulate": self.demodulate}


@keras.saving.register_keras_serializable("ganzoo")
class Blur(keras.layers.Layer):
    """Features [batch, h, w, c] filtered by (1, 3, 3, 1) / 8 in each direction, with zeros beyond the border.

    Args:
        padding: the zeros before and after h and w. An odd h or w has one more after it, so that halves round up.
        strides: 2 keeps every second row and column.
    """

    def __init__(self, padding: int, strides: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.padding, self.strides = padding, strides

    def call(self, x):
        return _blurred(x, [(self.padding, self.padding + side % 2) for side in x.shape[1:3]], self.strides)

    def compute_output_shape(self, input_shape):
        sides = ((side + side % 2 + 2 * self.padding - 4) // self.strides + 1 for side in input_shape[1:3])
        return (input_shape[0], *sides, input_shape[3])

    def get_config(self) -> dict:
        return super().get_config() | {"padding": self.padding, "strides": self.strides}


@keras.saving.register_keras_serializable("ganzoo")
class SlowDense(EqualizedDense):
    """An equalised dense layer whose kernel and bias an optimizer moves `lr_multiplier` times as fast.

    The weights are drawn 1 / `lr_multiplier` times as large, and used times `lr_multiplier`.
    """

    def __init__(self, units: int, *, lr_multiplier: float, **kwargs):
        super().__init__(units, **kwargs)
        self.lr_multiplier = lr_multiplier

    def call(self, x):
        return tf.matmul(x, from_weights(self.effective_kernel)) + self.lr_multiplier * self.bias

    def get_config(self) -> dict:
        return super().get_config() | {"lr_multiplier": self.lr_multiplier}


@keras.saving.register_keras_serializable("ganzoo")
class LearnedConstant(keras.layers.Layer):
    """Any inputs [batch, ...] to the same learned features [batch, *size, channels] for each row."""

    def __init__(self, size: tuple[int, int], channels: int, **kwargs):
        super().__init__(**kwargs)
        self.size, self.channels = tuple(size), channels

    def build(self, input_shape):
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.features = self.add_weight(name="features", shape=(*self.size, self.channels), initializer=normal)

    def call(self, inputs):
        return tf.repeat(tf.convert_to_tensor(self.features)[None], tf.shape(inputs)[0], axis=0)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, self.channels)

    def get_config(self) -> dict:
        return super().get_config() | {"size": self.size, "channels": self.channels}


@keras.saving.register_keras_serializable("ganzoo")
class ClipSamples(keras.layers.Layer):
    """Samples clipped to [-1, 1]; in training as they are, so that the discriminator can correct larger values."""

    def call(self, x, training=False):
        return x if training else tf.clip_by_value(x, -1.0, 1.0)

    def compute_output_shape(self, input_shape):
        return input_shape


def _blurred(x: tf.Tensor, padding: list[tuple[int, int]], strides: int = 1, gain: float = 1.0) -> tf.Tensor:
    """Features [batch, h, w, c] with zeros before and after h and w, filtered without a border."""
    kernel = math.sqrt(gain) * _LINE
    kernel = np.repeat(np.multiply.outer(kernel, kernel)[:, :, None, None], x.shape[3], axis=2)
    padded = tf.pad(x, [(0, 0), *padding, (0, 0)])
    return tf.nn.depthwise_conv2d(padded, tf.constant(kernel, x.dtype), [1, strides, strides, 1], "VALID")
