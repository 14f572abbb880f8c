"""Dense and convolutional layers that apply a function of their kernel, computed anew at each call; once in an export.

The other base class of a layer defines the function: `add_weights(kernel_shape)` makes the kernel and `bias`, and
`effective_kernel()` gives the kernel that acts on the inputs. See `spectral` and `equalized`.
"""

import keras
import tensorflow as tf

from ganzoo.networks.layers.basic import from_weights


class DenseLayer(keras.layers.Layer):
    """Inputs [batch, in] to outputs [batch, units]."""

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.add_weights((input_shape[-1], self.units))

    def call(self, x):
        return tf.matmul(x, from_weights(self.effective_kernel)) + self.bias

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict:
        return super().get_config() | {"units": self.units}


class Conv2DLayer(keras.layers.Layer):
    """Inputs [batch, height, width, in] to outputs [batch, ..., filters], with the arguments of Keras's Conv2D."""

    def __init__(self, filters: int, kernel_size: int, *, strides: int = 1, padding: str = "same", **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size = filters, kernel_size
        self.strides, self.padding = strides, padding

    def build(self, input_shape):
        self.add_weights((self.kernel_size, self.kernel_size, input_shape[-1], self.filters))

    def call(self, x):
        kernel = from_weights(self.effective_kernel)
        return tf.nn.conv2d(x, kernel, self.strides, self.padding.upper()) + self.bias

    def compute_output_shape(self, input_shape):
        lost = 0 if self.padding == "same" else self.kernel_size - 1
        sides = (-(-(side - lost) // self.strides) for side in input_shape[1:3])
        return (input_shape[0], *sides, self.filters)

    def get_config(self) -> dict:
        own = {"filters": self.filters, "kernel_size": self.kernel_size}
        return super().get_config() | own | {"strides": self.strides, "padding": self.padding}
