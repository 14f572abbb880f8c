"""The networks of W2 and W3, weight for weight those of `ganzoo.networks.dcgan` at the works' sizes."""

import keras
from keras import layers

from benchmarks import works


def generator(latent_dim: int) -> keras.Model:
    """7 x 7 x 128, then two transposed convolutions with batch norm before them."""
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(7 * 7 * 128, use_bias=False),
            layers.Reshape((7, 7, 128)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(64, 5, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(1, 5, strides=2, padding="same", dtype="float32"),
            layers.Activation("tanh", dtype="float32"),
        ]
    )


def dcgan_generator(latent_dim: int) -> keras.Model:
    """4 x 4 x 256, then three transposed convolutions with batch norm before them, to 7, 14 and 28 pixels a side."""
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(4 * 4 * 256, use_bias=False),
            layers.Reshape((4, 4, 256)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(128, 5, strides=2, padding="same", use_bias=False),
            layers.Cropping2D(((0, 1), (0, 1))),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(64, 5, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(1, 5, strides=2, padding="same", dtype="float32"),
            layers.Activation("tanh", dtype="float32"),
        ]
    )


def discriminator(batch_norm: bool, activation: str | None = None) -> keras.Model:
    """5 x 5 convolutions of stride 2 with 32, 64 and 128 channels."""
    model = keras.Sequential([keras.Input(works.DIGIT)])
    for level, width in enumerate((32, 64, 128)):
        has_norm = batch_norm and level > 0
        model.add(layers.Conv2D(width, 5, strides=2, padding="same", use_bias=not has_norm))
        if has_norm:
            model.add(layers.BatchNormalization())
        model.add(layers.LeakyReLU(0.2))
    model.add(layers.Flatten())
    model.add(layers.Dense(1, dtype="float32", activation=activation))
    return model
