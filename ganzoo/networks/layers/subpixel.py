"""Faster convolutions between features and the few channels of a picture, computed several pixels at a time.

With few channels, plain convolutions leave vector units idle. The layers have the weights, names and outputs of Keras's
own layers.
"""

import keras
import tensorflow as tf

from ganzoo.networks.layers.basic import from_weights, is_exporting, own_gradient, with_bias


@keras.saving.register_keras_serializable("ganzoo")
class SubpixelTranspose(keras.layers.Conv2DTranspose):
    """Conv2DTranspose of stride 2, padding "same" and a kernel of 4 or 5, by `doubled`, in at most half the time."""

    def call(self, inputs):
        if not _is_strided(self) or self.output_padding is not None:
            return super().call(inputs)
        if is_exporting():
            outputs = by_phases(inputs, from_weights(lambda: phase_kernel(tf.convert_to_tensor(self.kernel))))
        else:
            outputs = doubled(inputs, tf.convert_to_tensor(self.kernel))
        return self.activation(with_bias(outputs, self.bias) if self.use_bias else outputs)


@keras.saving.register_keras_serializable("ganzoo")
class SubpixelStrided(keras.layers.Conv2D):
    """Conv2D of stride 2, padding "same" and a kernel of 4 or 5, by `halved`: the gradient takes half the time.

    If the inputs' sides are not known to be even, it is the plain convolution.
    """

    def call(self, inputs):
        if not _is_strided(self) or any(side is None or side % 2 for side in inputs.shape[1:3]):
            return super().call(inputs)
        outputs = halved(inputs, tf.convert_to_tensor(self.kernel))
        return self.activation(with_bias(outputs, self.bias) if self.use_bias else outputs)


def _is_strided(layer: keras.layers.Layer) -> bool:
    return layer.strides == (2, 2) and layer.padding == "same" and set(layer.kernel_size) <= {4, 5}


@own_gradient
def doubled(features: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Transposed convolution of stride 2, [batch, h, w, in] to [batch, 2 h, 2 w, out], as a convolution and a shuffle.

    Each pixel of the features becomes 2 x 2 pixels, the four phases, and each phase sees at most 3 x 3 pixels. A 3 x 3
    convolution therefore gives all four phases as channels (Shi et al. 2016, "Is the deconvolution layer the same as a
    convolutional layer?", https://arxiv.org/abs/1609.07009). The gradient is the plain convolution, `halved`.

    Args:
        kernel: [k, k, out, in], k 4 or 5.
    """
    return by_phases(features, phase_kernel(kernel)), lambda upstream: (
        halved(upstream, kernel),
        _kernel_gradient(upstream, kernel, features),
    )


@own_gradient
def halved(pictures: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolution of stride 2, [batch, 2 h, 2 w, in] to [batch, h, w, out]; the gradient by the pictures is `doubled`.

    Args:
        kernel: [k, k, in, out], k 4 or 5.
    """
    return tf.nn.conv2d(pictures, kernel, strides=2, padding="SAME"), lambda upstream: (
        doubled(upstream, kernel),
        _kernel_gradient(pictures, kernel, upstream),
    )


def _kernel_gradient(pictures: tf.Tensor, kernel: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
    """The gradient of both by the kernel, from pictures [batch, 2 h, 2 w, c] and features [batch, h, w, d]."""
    return tf.raw_ops.Conv2DBackpropFilter(
        input=pictures, filter_sizes=kernel.shape, out_backprop=features, strides=[1, 2, 2, 1], padding="SAME"
    )


def by_phases(features: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Features [batch, h, w, in] to [batch, 2 h, 2 w, out] by a kernel [3, 3, in, 4 out] of `phase_kernel`."""
    return tf.nn.depth_to_space(tf.nn.conv2d(features, kernel, strides=1, padding="SAME"), 2)


def phase_kernel(kernel: tf.Tensor) -> tf.Tensor:
    """The kernel [k, k, out, in] of a transposed convolution as the kernel [3, 3, in, 4 out] of its four phases.

    Along a side, output 2 j + p takes input j + d by the tap p + 1 - 2 d, if this tap exists; d is -1, 0 or 1.
    """
    height, width, outputs, inputs = kernel.shape
    taps = tf.pad(kernel, [[1, 5 - height], [1, 5 - width], [0, 0], [0, 0]])  # tap t is at t + 1 of 6
    split = tf.reverse(tf.reshape(taps, [3, 2, 3, 2, outputs, inputs]), [0, 2])  # 1 - d, p of the rows, of the columns
    return tf.reshape(tf.transpose(split, [0, 2, 5, 1, 3, 4]), [3, 3, inputs, 4 * outputs])


@keras.saving.register_keras_serializable("ganzoo")
class SubpixelConvolution(keras.layers.Conv2D):
    """Conv2D of stride 1, computed by a convolution of stride 4 that makes 4 x 4 pixels at once, each as a channel.

    The kernel of stride 4 has 3 more rows and columns of zeros, and holds the original kernel at 16 places. If the
    output's sides are not known to be multiples of 4, it is the plain convolution.
    """

    def call(self, inputs):
        if self.padding == "same":  # the kernel is odd
            inputs = tf.pad(inputs, [[0, 0], *([side // 2, side // 2] for side in self.kernel_size), [0, 0]])
        sides = [side and side - size + 1 for side, size in zip(inputs.shape[1:3], self.kernel_size, strict=True)]
        if None in sides or any(side % 4 for side in sides):
            outputs = tf.nn.conv2d(inputs, tf.convert_to_tensor(self.kernel), strides=1, padding="VALID")
        else:
            kernel = from_weights(lambda: block_kernel(tf.convert_to_tensor(self.kernel)))
            blocks = tf.nn.conv2d(inputs, kernel, strides=4, padding="VALID")
            outputs = tf.nn.depth_to_space(blocks, 4)
        return self.activation(with_bias(outputs, self.bias) if self.use_bias else outputs)


def block_kernel(kernel: tf.Tensor) -> tf.Tensor:
    """A kernel [h, w, in, out] at 4 x 4 places, one row or column apart: [h + 3, w + 3, in, 16 out]."""
    height, width, inputs, outputs = kernel.shape
    places = [[p, 3 - p] for p in range(4)]
    shifted = [tf.pad(kernel, [above, left, [0, 0], [0, 0]]) for above in places for left in places]
    return tf.reshape(tf.stack(shifted, 3), [height + 3, width + 3, inputs, 16 * outputs])
