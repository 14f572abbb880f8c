"""Layers and functions that several network families share."""

import contextlib
import contextvars
import functools
import hashlib
import weakref
from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from ganzoo import noise
from ganzoo.errors import GanzooError

_exported: contextvars.ContextVar[list[tf.Variable] | None] = contextvars.ContextVar("exported", default=None)
_by_content: weakref.WeakValueDictionary[tuple, tf.Variable] = weakref.WeakValueDictionary()


@keras.saving.register_keras_serializable("ganzoo")
def relu(x: tf.Tensor) -> tf.Tensor:
    """max(x, 0), cheap in second derivatives; see `leaky_relu`."""
    return leaky_relu(x, negative_slope=0.0)


@keras.saving.register_keras_serializable("ganzoo")
def leaky_relu(x: tf.Tensor, negative_slope: float = 0.2) -> tf.Tensor:
    """max(x, slope x) with the slope taken as a constant in the backward pass.

    The slope's derivative is 0 wherever it exists, but TensorFlow does not know this. The double backward pass of a
    gradient penalty would propagate the zeros through the whole network. Values and derivatives of every order equal
    those of the plain function.
    """

    @own_gradient
    def apply(x):
        outputs = tf.nn.leaky_relu(x, negative_slope)

        def grad(upstream):  # outputs have the signs of x, so x need not be kept
            signs = tf.stop_gradient(outputs)
            return tf.raw_ops.LeakyReluGrad(gradients=upstream, features=signs, alpha=negative_slope)

        return outputs, grad

    return apply(x)


def with_bias(x: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """x + bias, [..., channels] and [channels].

    TensorFlow 2.21's `bias_add` is fast, but on a CPU it adds up the bias's gradient in bfloat16, which can make it a
    hundred times too small (findings/bfloat16_bias_gradient.sh).
    """
    return tf.nn.bias_add(x, bias) if x.dtype == tf.float32 else x + tf.cast(bias, x.dtype)


def own_gradient(function: Callable) -> Callable:
    """Like `tf.custom_gradient`, but within `exporting` the function keeps TensorFlow's own derivatives.

    Args:
        function: tensors -> (outputs, gradient), where gradient maps upstream to one gradient for each tensor.
    """

    @functools.wraps(function)
    def call(*inputs: tf.Tensor) -> tf.Tensor:
        return function(*inputs)[0] if is_exporting() else tf.custom_gradient(function)(*inputs)

    return call


@contextlib.contextmanager
def exporting() -> Iterator[list[tf.Variable]]:
    """Within this context layers are traced as an export serves them.

    Functions with `own_gradient` have TensorFlow's gradients, which are equal: TensorFlow keeps every custom gradient
    that it loads, and the whole export with it, until the process ends. What depends on weights alone is computed once
    and stored (`from_weights`).

    Yields:
        The stored variables, as they are made. Keep the list as long as what was traced.
    """
    stored: list[tf.Variable] = []
    token = _exported.set(stored)
    try:
        yield stored
    finally:
        _exported.reset(token)


def is_exporting() -> bool:
    """Whether the caller is within `exporting`."""
    return _exported.get() is not None


def from_weights(function: Callable[[], tf.Tensor]) -> tf.Tensor:
    """function(), which must depend on weights alone; within `exporting`, the value of a variable that stores it.

    Equal values are one variable, in whatever traces they are. An export therefore holds each of them once, although
    each of its signatures is a trace of its own.
    """
    stored = _exported.get()
    if stored is None:
        return function()
    with tf.init_scope():
        value = tf.convert_to_tensor(function())
        content = (value.dtype, *value.shape, hashlib.sha256(value.numpy().tobytes()).digest())
        variable = _by_content.get(content)
        if variable is None:
            _by_content[content] = variable = tf.Variable(value, trainable=False, name="from_weights")
    stored.append(variable)
    return variable.value()


def normal_or_glorot(stddev: float) -> keras.initializers.Initializer:
    """N(0, stddev^2) for a layer's kernel, or Keras's default, Glorot's uniform, if `stddev` is 0.

    Make one for each layer: an initializer of Keras draws the same numbers every time.
    """
    return keras.initializers.RandomNormal(stddev=stddev) if stddev else keras.initializers.GlorotUniform()


def reflection_pad(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    """Features [batch, h, w, c] to [batch, h + 2 width, w + 2 width, c], mirrored at the outermost rows and columns.

    The outermost rows and columns are not repeated, so h and w must be greater than `width`.
    """
    return keras.ops.pad(x, ((0, 0), (width, width), (width, width), (0, 0)), mode="reflect")


def squeeze_logit(
    kernel_initializer: str | keras.initializers.Initializer = "glorot_uniform",
    dense: type[keras.layers.Layer] = keras.layers.Dense,
) -> list[keras.layers.Layer]:
    """Features [batch, d] to float32 logits [batch], in any precision of the layers before."""
    return [
        dense(1, dtype="float32", kernel_initializer=kernel_initializer, name="logit"),
        keras.layers.Reshape((), dtype="float32", name="squeeze"),
    ]


def cut(discriminator: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Cuts a discriminator before its last layer with weights: the trunk gives that layer's features, the tail logits.

    The tail of a conditional discriminator may take [features, labels]. Trunk and tail share the discriminator's
    weights. A new head on the trunk replaces the tail.
    """
    last = [layer for layer in discriminator.layers if layer.weights][-1]
    if isinstance(last, keras.Model):  # a whole network within another network
        trunk, tail = cut(last)
        return keras.Model(discriminator.input, trunk(discriminator.layers[-2].output)), tail
    if isinstance(last.input, list):  # it takes features and labels, and gives the logits
        fresh = [keras.Input(x.shape[1:], dtype=x.dtype) for x in last.input]  # Keras cannot cut at one of its inputs
        return keras.Model(discriminator.input, last.input[0]), keras.Model(fresh, last(fresh))
    return keras.Model(discriminator.input, last.input), keras.Model(last.input, discriminator.output)


@keras.saving.register_keras_serializable("ganzoo")
class Enlargement(keras.layers.UpSampling2D):
    """Nearest neighbours, [batch, h, w, c] to [batch, 2h, 2w, c]; h, w and c are known.

    Keras repeats rows to a shape that is computed in the graph. TensorFlow 2.21's converter for LiteRT could not tell
    the height of `pggan`'s last enlargement, and refused the convolution behind it. This layer states the shape.
    """

    def call(self, inputs):
        return tf.reshape(super().call(inputs), [-1, *self.compute_output_shape(inputs.shape)[1:]])


@keras.saving.register_keras_serializable("ganzoo")
class FourierFeatures(keras.layers.Layer):
    """Points float32 [batch, d] with the sines and cosines of fixed random frequencies, [batch, d + 160].

    Tancik et al. 2020, "Fourier Features Let Networks Learn High Frequency Functions", https://arxiv.org/abs/2006.10739:
    a perceptron on the bare coordinates is too smooth for narrow modes. The frequencies are normal at three scales, in
    radians per unit: 16 have standard deviation 1, 32 have 4 and 32 have 10.

    Args:
        seed: the seed of the frequencies.
    """

    def __init__(self, seed: int = 0, **kwargs):
        super().__init__(**{"autocast": False} | kwargs)  # in half precision large angles would be noise
        self.seed = seed

    def build(self, input_shape):
        scales = np.repeat([1.0, 4.0, 10.0], [16, 32, 32])
        frequencies = np.random.default_rng(self.seed).normal(size=(input_shape[-1], len(scales))) * scales
        self.frequencies = frequencies.astype(np.float32)  # a constant in every graph; a tensor would be an input

    def call(self, points):
        angles = tf.cast(points, tf.float32) @ self.frequencies
        features = tf.concat([tf.cast(points, tf.float32), tf.sin(angles), tf.cos(angles)], 1)
        return tf.cast(features, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 160)

    def get_config(self):
        return super().get_config() | {"seed": self.seed}


@keras.saving.register_keras_serializable("ganzoo")
class SeededDropout(keras.layers.Layer):
    """[features [batch, ..., c], stream int32 [3]] to features: dropout that is always on, in training and in sampling.

    It is the noise of pix2pix (Isola et al. 2017, https://arxiv.org/abs/1611.07004, section 3.2.1), and a pure function
    of its inputs. The stream is (seed, seed, first row). Row r of the batch takes its mask from row `first row + r`, so
    that a picture has the same mask in any batch. Kept features are divided by 1 - rate. XLA draws other masks, as for
    all of TensorFlow's stateless random numbers.

    Args:
        rate: the share of dropped features, in [0, 1).
        index: the number of the layer within its network; each layer has different masks.
    """

    def __init__(self, rate: float, index: int, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise GanzooError(f"a dropout rate is at least 0 and less than 1, not {rate}.")
        self.rate, self.index = rate, index

    def call(self, inputs):
        x, stream = inputs
        if not self.rate:
            return x
        numbers = tf.reshape(self.uniforms(x, stream), tf.shape(x))
        return x * tf.cast(numbers >= self.rate, x.dtype) / (1 - self.rate)

    def uniforms(self, x: tf.Tensor, stream: tf.Tensor) -> tf.Tensor:
        """Numbers in [0, 1), one for each feature: float32 [batch, features of a row]."""
        seed, first_row = noise.fold_in(stream[:2], noise.Purpose.DROPOUT, self.index), stream[2]
        shape = tf.shape(x)
        return noise.uniforms(seed, shape[0], tf.reduce_prod(shape[1:]), first_row=first_row)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self) -> dict:
        return super().get_config() | {"rate": self.rate, "index": self.index}
