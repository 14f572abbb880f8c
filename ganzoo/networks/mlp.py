"""Multilayer perceptrons: for points, and for pictures as flat vectors."""

import math

import keras

from ganzoo.networks.layers.basic import leaky_relu, relu, squeeze_logit


def generator(latent_dim: int, image_shape: tuple[int, ...], *, width: int, depth: int) -> keras.Model:
    """Latents float32 [batch, latent_dim] to samples float32 [batch, *image_shape], through `depth` ReLU layers.

    Points are unbounded; pictures end in a tanh.
    """
    x = latents = keras.Input((latent_dim,), name="latents")
    for _ in range(depth):
        x = keras.layers.Dense(width, activation=relu, kernel_initializer="he_normal")(x)
    is_picture = len(image_shape) == 3
    x = keras.layers.Dense(math.prod(image_shape), activation="tanh" if is_picture else None, dtype="float32")(x)
    return keras.Model(latents, keras.layers.Reshape(image_shape, dtype="float32")(x), name="generator")


def discriminator(image_shape: tuple[int, ...], *, width: int, depth: int) -> keras.Model:
    """Samples float32 [batch, *image_shape] to logits float32 [batch], through `depth` leaky ReLU layers."""
    samples = keras.Input(image_shape, name="samples")
    x = keras.layers.Flatten()(samples)
    for _ in range(depth):
        x = keras.layers.Dense(width, activation=leaky_relu, kernel_initializer="he_normal")(x)
    for layer in squeeze_logit():
        x = layer(x)
    return keras.Model(samples, x, name="discriminator")
