"""The networks of W4: the example's networks at the work's sizes."""

import keras
import tensorflow as tf
from keras import layers

from benchmarks import workloads


class ReflectionPadding2D(layers.Layer):
    """The example's padding by reflection."""

    def __init__(self, padding=(1, 1), **kwargs):
        self.padding = tuple(padding)
        super().__init__(**kwargs)

    def call(self, input_tensor):
        width, height = self.padding
        return tf.pad(input_tensor, [[0, 0], [height, height], [width, width], [0, 0]], mode="REFLECT")

    def compute_output_shape(self, input_shape):
        batch, rows, columns, channels = input_shape
        width, height = self.padding
        return batch, rows and rows + 2 * height, columns and columns + 2 * width, channels


def kernel() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(mean=0.0, stddev=0.02)


def normalised(x, layer, relu: bool = True):
    """A convolution without a bias, instance norm and ReLU."""
    x = layers.GroupNormalization(groups=-1)(layer(x))
    return layers.Activation("relu")(x) if relu else x


def resnet_generator(filters: int = 32, blocks: int = 6) -> keras.Model:
    """The example's generator, at the work's width and number of blocks."""

    def conv(width, size, layer=layers.Conv2D, **options):
        return layer(width, size, kernel_initializer=kernel(), **{"use_bias": False} | options)

    image = keras.Input(workloads.WORKS["W4"].images)
    x = normalised(ReflectionPadding2D((3, 3))(image), conv(filters, 7))
    for level in (1, 2):
        x = normalised(x, conv(filters * 2**level, 3, strides=2, padding="same"))
    for _ in range(blocks):
        block = normalised(ReflectionPadding2D()(x), conv(x.shape[-1], 3))
        x = layers.add([x, normalised(ReflectionPadding2D()(block), conv(x.shape[-1], 3), relu=False)])
    for level in (1, 0):
        x = normalised(x, conv(filters * 2**level, 3, layers.Conv2DTranspose, strides=2, padding="same"))
    x = conv(1, 7, use_bias=True, dtype="float32")(ReflectionPadding2D((3, 3))(x))
    return keras.Model(image, layers.Activation("tanh", dtype="float32")(x))


def patch_discriminator(filters: int = 32) -> keras.Model:
    """The example's discriminator, with a margin of one zero around each convolution's input, as in ganzoo."""
    x = image = keras.Input(workloads.WORKS["W4"].images)
    for level, strides in enumerate((2, 2, 2, 1)):
        x = layers.ZeroPadding2D(1)(x)
        x = layers.Conv2D(filters * 2**level, 4, strides=strides, use_bias=level == 0, kernel_initializer=kernel())(x)
        if level:
            x = layers.GroupNormalization(groups=-1)(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(1, 4, kernel_initializer=kernel(), dtype="float32")(layers.ZeroPadding2D(1)(x))
    return keras.Model(image, x)
