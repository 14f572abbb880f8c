"""The networks of W2 and W3, equal weight for weight to `ganzoo.networks.dcgan` at the works' sizes."""

import keras
from keras import layers

from benchmarks import workloads


def generator(latent_dim: int, base: int, widths: tuple[int, ...]) -> keras.Model:
    """base x base x widths[0], then transposed convolutions to the other widths, each behind a batch norm.

    Each convolution doubles the sides. A side of 8 pixels, made from 4, is cut to 7.
    """
    model = keras.Sequential([keras.Input((latent_dim,)), layers.Dense(base * base * widths[0], use_bias=False)])
    model.add(layers.Reshape((base, base, widths[0])))
    for level, width in enumerate(widths[1:]):
        last = dict(dtype="float32") if width == widths[-1] else dict(use_bias=False)
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
        model.add(layers.Conv2DTranspose(width, 5, strides=2, padding="same", **last))
        if base == 4 and level == 0:
            model.add(layers.Cropping2D(((0, 1), (0, 1))))
    model.add(layers.Activation("tanh", dtype="float32"))
    return model


def discriminator(batch_norm: bool, activation: str | None = None) -> keras.Model:
    """5 x 5 convolutions of stride 2 with 32, 64 and 128 channels."""
    model = keras.Sequential([keras.Input(workloads.DIGIT)])
    for level, width in enumerate((32, 64, 128)):
        has_norm = batch_norm and level > 0
        model.add(layers.Conv2D(width, 5, strides=2, padding="same", use_bias=not has_norm))
        if has_norm:
            model.add(layers.BatchNormalization())
        model.add(layers.LeakyReLU(0.2))
    model.add(layers.Flatten())
    model.add(layers.Dense(1, dtype="float32", activation=activation))
    return model
