"""Convolutions to the few channels of a picture, which vector units have little to do for, several pixels at a time.

The layers have the weights, the names and the outputs of Keras's own.
"""

import keras
import tensorflow as tf

from ganzoo.networks.layers.basic import own_gradient


@keras.saving.register_keras_serializable("ganzoo")
class SubpixelTranspose(keras.layers.Conv2DTranspose):
    """Conv2DTranspose of stride 2, padding "same" and a kernel of 4 or 5, by `doubled`: half the time or less."""

    def call(self, inputs):
        if not _is_strided(self) or self.output_padding is not None:
            return super().call(inputs)
        outputs = doubled(inputs, tf.convert_to_tensor(self.kernel))
        return self.activation(tf.nn.bias_add(outputs, self.bias) if self.use_bias else outputs)


@keras.saving.register_keras_serializable("ganzoo")
class SubpixelStrided(keras.layers.Conv2D):
    """Conv2D of stride 2, padding "same" and a kernel of 4 or 5, by `halved`: the gradient in half the time.

    Where the inputs' sides are not known to be even it is the plain convolution.
    """

    def call(self, inputs):
        if not _is_strided(self) or any(side is None or side % 2 for side in inputs.shape[1:3]):
            return super().call(inputs)
        outputs = halved(inputs, tf.convert_to_tensor(self.kernel))
        return self.activation(tf.nn.bias_add(outputs, self.bias) if self.use_bias else outputs)


def _is_strided(layer: keras.layers.Layer) -> bool:
    return layer.strides == (2, 2) and layer.padding == "same" and set(layer.kernel_size) <= {4, 5}


@own_gradient
def doubled(features: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Transposed convolution of stride 2, [batch, h, w, in] to [batch, 2 h, 2 w, out], as a convolution and a shuffle.

    Each pixel of the features becomes 2 x 2, and each of those four phases sees 3 x 3 pixels at most: a 3 x 3
    convolution gives all four as channels (Shi et al. 2016, "Is the deconvolution layer the same as a convolutional
    layer?", https://arxiv.org/abs/1609.07009). Its gradient is faster by the plain convolution, `halved`.

    Args:
        kernel: [k, k, out, in], k 4 or 5.
    """
    phases = tf.nn.conv2d(features, phase_kernel(kernel), strides=1, padding="SAME")
    return tf.nn.depth_to_space(phases, 2), lambda upstream: (
        halved(upstream, kernel),
        _kernel_gradient(upstream, kernel, features),
    )


@own_gradient
def halved(pictures: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolution of stride 2, [batch, 2 h, 2 w, in] to [batch, h, w, out]; the gradient to pictures is `doubled`.

    Args:
        kernel: [k, k, in, out], k 4 or 5.
    """
    return tf.nn.conv2d(pictures, kernel, strides=2, padding="SAME"), lambda upstream: (
        doubled(upstream, kernel),
        _kernel_gradient(pictures, kernel, upstream),
    )


def _kernel_gradient(pictures: tf.Tensor, kernel: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
    """Of both, by the kernel: of the larger pictures [batch, 2 h, 2 w, c] and the features [batch, h, w, d]."""
    return tf.raw_ops.Conv2DBackpropFilter(
        input=pictures, filter_sizes=kernel.shape, out_backprop=features, strides=[1, 2, 2, 1], padding="SAME"
    )


def phase_kernel(kernel: tf.Tensor) -> tf.Tensor:
    """The kernel [k, k, out, in] of a transposed convolution as the [3, 3, in, 4 out] of its four phases.

    Along a side, output 2 j + p takes input j + d by the tap p + 1 - 2 d, where there is one: d is -1, 0 or 1.
    """
    height, width, outputs, inputs = kernel.shape
    taps = tf.pad(kernel, [[1, 5 - height], [1, 5 - width], [0, 0], [0, 0]])  # tap t is at t + 1 of 6
    split = tf.reverse(tf.reshape(taps, [3, 2, 3, 2, outputs, inputs]), [0, 2])  # 1 - d, p of the rows, of the columns
    return tf.reshape(tf.transpose(split, [0, 2, 5, 1, 3, 4]), [3, 3, inputs, 4 * outputs])


@keras.saving.register_keras_serializable("ganzoo")
class SubpixelConvolution(keras.layers.Conv2D):
    """Conv2D of stride 1, of which a convolution of stride 4 makes 4 x 4 pixels at once, each a channel.

    Its kernel has 3 rows and columns more, of zeros, and the kernel at 16 places in it. Where the output's sides are
    not known to be multiples of 4 it is the plain convolution.
    """

    def call(self, inputs):
        if self.padding == "same":  # of an odd kernel
            inputs = tf.pad(inputs, [[0, 0], *([side // 2, side // 2] for side in self.kernel_size), [0, 0]])
        kernel = tf.convert_to_tensor(self.kernel)
        sides = [side and side - of + 1 for side, of in zip(inputs.shape[1:3], self.kernel_size, strict=True)]
        if None in sides or any(side % 4 for side in sides):
            outputs = tf.nn.conv2d(inputs, kernel, strides=1, padding="VALID")
        else:
            blocks = tf.nn.conv2d(inputs, block_kernel(kernel), strides=4, padding="VALID")
            outputs = tf.nn.depth_to_space(blocks, 4)
        return self.activation(tf.nn.bias_add(outputs, self.bias) if self.use_bias else outputs)


def block_kernel(kernel: tf.Tensor) -> tf.Tensor:
    """A kernel [h, w, in, out] at 4 x 4 places, a row or a column on from each other: [h + 3, w + 3, in, 16 out]."""
    height, width, inputs, outputs = kernel.shape
    places = [[p, 3 - p] for p in range(4)]
    each = [tf.pad(kernel, [rows, columns, [0, 0], [0, 0]]) for rows in places for columns in places]
    return tf.reshape(tf.stack(each, 3), [height + 3, width + 3, inputs, 16 * outputs])
