"""Perceptrons for points. The discriminator has random Fourier features, so that it sees modes narrower than 1."""

import keras

from ganzoo.networks import mlp
from ganzoo.networks.layers.basic import FourierFeatures, leaky_relu, squeeze_logit

generator = mlp.generator


def discriminator(image_shape: tuple[int, ...], *, width: int, depth: int) -> keras.Model:
    """Points float32 [batch, d] to logits float32 [batch], through `depth` leaky ReLU layers on Fourier features."""
    samples = keras.Input(image_shape, name="samples")
    x = FourierFeatures()(samples)
    for _ in range(depth):
        x = keras.layers.Dense(width, activation=leaky_relu, kernel_initializer="he_normal")(x)
    for layer in squeeze_logit():
        x = layer(x)
    return keras.Model(samples, x, name="discriminator")
