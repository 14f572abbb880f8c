"""Residual networks without normalisation (Huang et al. 2024, https://arxiv.org/abs/2501.05441, section 3, R3GAN).

Gains, kernels and resampling follow the authors' code. Its networks for CIFAR-10 have `width` = `max_width` = 768,
`blocks` 2, `expansion` 2 and `group_size` 16. There the generator ends with its last convolution; here a tanh keeps
pictures in [-1, 1]. Resolutions halve as in `dcgan`, rounding up.
"""

import functools
import math

import keras
import numpy as np
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks.dcgan import resolutions, widths_of
from ganzoo.networks.layers.basic import is_exporting, leaky_relu, squeeze_logit

LEAKY_RELU_GAIN = math.sqrt(2 / (1 + 0.2**2))  # the gain that keeps the variance through a leaky ReLU of slope .2


def generator(
    latent_dim: int,
    image_shape: tuple[int, ...],
    *,
    width: int,
    max_width: int,
    base_resolution: int,
    blocks: int,
    expansion: int,
    group_size: int,
) -> keras.Model:
    """Latents float32 [batch, latent_dim] to pictures float32 [batch, *image_shape] in [-1, 1].

    The first features are a learned map [h, w, c] whose channels are scaled by a linear function of the latents (the
    authors' generative basis). Residual blocks follow at each resolution.

    Args:
        latent_dim: d of the latents.
        image_shape: (height, width, channels).
        width: channels at the picture's resolution; doubled at each halving of the resolution.
        max_width: the largest number of channels.
        base_resolution: the largest allowed smaller side of the first feature map; 4 in the paper.
        blocks: residual blocks at each resolution.
        expansion: the factor by which a block has more channels inside than outside.
        group_size: channels in each group of a block's 3 x 3 convolution; 0 makes a single group.
    """
    sizes = resolutions(image_shape, base_resolution)
    widths = widths_of(len(sizes), width, max_width)[::-1]
    latents = keras.Input((latent_dim,), name="latents")
    x = keras.layers.Dense(widths[-1], use_bias=False, kernel_initializer=_scaled(1.0))(latents)
    x = SpatialBasis(sizes[-1])(x)
    for level in reversed(range(len(sizes))):
        if x.shape[-1] != widths[level]:
            x = _linear(widths[level])(x)
        if level < len(sizes) - 1:
            x = Resample(sizes[level])(x)
        for _ in range(blocks):
            x = residual_block(x, expansion, group_size, depth=blocks * len(sizes))
    x = _linear(image_shape[2], dtype="float32")(x)
    return keras.Model(latents, keras.layers.Activation("tanh", dtype="float32")(x), name="generator")


def discriminator(
    image_shape: tuple[int, ...],
    *,
    width: int,
    max_width: int,
    base_resolution: int,
    blocks: int,
    expansion: int,
    group_size: int,
) -> keras.Model:
    """Pictures float32 [batch, *image_shape] to logits float32 [batch].

    Each resolution has residual blocks. At the end stand a weighted sum over each channel's map and a linear function
    of the sums (the authors' discriminative basis).

    Args:
        image_shape: (height, width, channels).
        width, max_width, base_resolution, blocks, expansion, group_size: as in `generator`.
    """
    sizes = resolutions(image_shape, base_resolution)
    widths = widths_of(len(sizes), width, max_width)[::-1]
    samples = keras.Input(image_shape, name="samples")
    x = _linear(widths[0])(samples)
    for level in range(len(sizes)):
        if level:
            x = Resample(sizes[level])(x)
        if x.shape[-1] != widths[level]:
            x = _linear(widths[level])(x)
        for _ in range(blocks):
            x = residual_block(x, expansion, group_size, depth=blocks * len(sizes))
    height, breadth = sizes[-1]
    initializer = keras.initializers.RandomNormal(stddev=1 / math.sqrt(height * breadth))
    x = keras.layers.DepthwiseConv2D((height, breadth), use_bias=False, depthwise_initializer=initializer)(x)
    x = keras.layers.Flatten()(x)
    for layer in squeeze_logit(_scaled(1.0)):
        x = layer(x)
    return keras.Model(samples, x, name="discriminator")


def residual_block(x: keras.KerasTensor, expansion: int, group_size: int, *, depth: int) -> keras.KerasTensor:
    """Features [batch, h, w, c] to the same shape: x + 1x1(3x3 in groups(1x1 to expansion * c)).

    Fix-up initialisation (Zhang et al. 2019, https://arxiv.org/abs/1901.09321): the last convolution begins at zero, so
    that the block is the identity. The other convolutions are scaled by depth^(-1/4) for a network of `depth` blocks.
    """
    width = x.shape[-1]
    inner = expansion * width
    if group_size and inner % group_size:
        raise GanzooError(
            f"{inner} channels (expansion * width) cannot be shared out in groups of {group_size}; give a group_size "
            "that divides them, or 0 for one group."
        )
    gain = LEAKY_RELU_GAIN * depth**-0.25
    residual = keras.layers.Conv2D(inner, 1, kernel_initializer=_scaled(gain))(x)
    residual = keras.layers.Activation(leaky_relu)(residual)
    residual = GroupedConv2D(inner, 3, group_size or inner, kernel_initializer=_scaled(gain))(residual)
    residual = keras.layers.Activation(leaky_relu)(residual)
    residual = keras.layers.Conv2D(width, 1, use_bias=False, kernel_initializer="zeros")(residual)
    return keras.layers.Add()([x, residual])


@functools.cache
def grouped_convolutions_have_gradients() -> bool:
    """Whether this machine's TensorFlow computes the gradients of a convolution in groups; tried once."""
    with tf.init_scope():
        options = dict(input_sizes=[1, 5, 5, 4], strides=[1, 1, 1, 1], padding="SAME")
        try:
            tf.raw_ops.Conv2DBackpropInput(filter=tf.ones([3, 3, 2, 4]), out_backprop=tf.ones([1, 5, 5, 4]), **options)
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
            return False
    return True


@keras.saving.register_keras_serializable("ganzoo")
class GroupedConv2D(keras.layers.Layer):
    """Inputs [batch, h, w, in] to outputs [batch, h, w, filters]; each output sees `group_size` input channels.

    Keras's Conv2D runs grouped convolutions through XLA, a hundred times slower on a CPU. TensorFlow's convolution
    gives the same values and second derivatives. On a CPU its derivatives need oneDNN, which `tune_tensorflow` chooses
    on x86. Elsewhere, and where TensorFlow was imported first, each group is a convolution of its own, except in
    exports.
    """

    def __init__(self, filters: int, kernel_size: int, group_size: int, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.group_size = filters, kernel_size, group_size
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        shape = (self.kernel_size, self.kernel_size, self.group_size, self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=self.kernel_initializer)
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, x):
        if is_exporting() or grouped_convolutions_have_gradients():
            return tf.nn.conv2d(x, self.kernel, 1, "SAME") + self.bias
        count = x.shape[-1] // self.group_size
        groups = zip(tf.split(x, count, -1), tf.split(self.kernel, count, -1), strict=True)
        return tf.concat([tf.nn.conv2d(*group, 1, "SAME") for group in groups], -1) + self.bias

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "group_size": self.group_size}
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return super().get_config() | own | {"kernel_initializer": initializer}


@keras.saving.register_keras_serializable("ganzoo")
class Resample(keras.layers.Layer):
    """Features [batch, h, w, c] to [batch, *size, c], half or twice as large, by bilinear interpolation.

    The kernel is (1, 3, 3, 1) / 8 in each direction, with zeros beyond the border, as in the authors' code. The layer
    is two products with constant matrices, and so are its derivatives of every order.

    Args:
        size: half of h and w, rounded up; or a size whose half, rounded up, is h and w.
    """

    def __init__(self, size: tuple[int, int], **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def build(self, input_shape):
        self.rows, self.columns = map(_interpolation, input_shape[1:3], self.size)

    def call(self, x):
        _, height, breadth, channels = x.shape
        x = tf.matmul(tf.cast(self.rows, x.dtype), tf.reshape(x, [-1, height, breadth * channels]))
        x = tf.matmul(tf.cast(self.columns, x.dtype), tf.reshape(x, [-1, breadth, channels]))
        return tf.reshape(x, [-1, *self.size, channels])

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self):
        return super().get_config() | {"size": self.size}


@keras.saving.register_keras_serializable("ganzoo")
class SpatialBasis(keras.layers.Layer):
    """Scales [batch, c] of the channels of a learned map to features [batch, *size, c]."""

    def __init__(self, size: tuple[int, int], **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def build(self, input_shape):
        self.basis = self.add_weight(
            name="basis", shape=(*self.size, input_shape[-1]), initializer=keras.initializers.RandomNormal(stddev=1.0)
        )

    def call(self, scales):
        return scales[:, tf.newaxis, tf.newaxis] * self.basis

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self):
        return super().get_config() | {"size": self.size}


def _interpolation(old: int, new: int) -> np.ndarray:
    """The matrix float32 [new, old] that halves a line, or doubles it: twice the transpose of the halving matrix."""
    if new > old:
        return 2 * _interpolation(new, old).T
    matrix = np.zeros((new, old + 3), np.float32)  # with the zeros beyond the border: one before, two after
    for row in range(new):
        matrix[row, 2 * row : 2 * row + 4] = np.array([1, 3, 3, 1]) / 8
    return matrix[:, 1 : old + 1]


def _linear(filters: int, **kwargs) -> keras.layers.Layer:
    return keras.layers.Conv2D(filters, 1, use_bias=False, kernel_initializer=_scaled(1.0), **kwargs)


def _scaled(gain: float) -> keras.initializers.Initializer:
    """N(0, gain^2 / fan-in)."""
    return keras.initializers.VarianceScaling(gain**2, mode="fan_in", distribution="untruncated_normal")
