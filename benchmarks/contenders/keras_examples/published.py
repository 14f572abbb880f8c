"""The WGAN-GP example with its own networks, batch and constants: https://keras.io/examples/generative/wgan_gp/."""

import keras
from keras import layers

from benchmarks.contenders.keras_examples import wgan_gp

LATENT_DIM, BATCH_SIZE, CRITIC_STEPS, PENALTY = 128, 512, 3, 10.0


def model() -> wgan_gp.WGAN:
    """The compiled example, for digits of 28 x 28."""
    return wgan_gp.compiled(generator(), critic(), LATENT_DIM, CRITIC_STEPS, PENALTY)


def generator() -> keras.Model:
    """4 x 4 x 256, doubled three times by repetition and a 3 x 3 convolution; each convolution has batch norm."""
    made = keras.Sequential([keras.Input((LATENT_DIM,)), layers.Dense(4 * 4 * 256, use_bias=False)])
    for layer in (layers.BatchNormalization(), layers.LeakyReLU(0.2), layers.Reshape((4, 4, 256))):
        made.add(layer)
    for width in (128, 64, 1):
        made.add(layers.UpSampling2D())
        made.add(layers.Conv2D(width, 3, padding="same", use_bias=False))
        made.add(layers.BatchNormalization())
        made.add(layers.Activation("tanh") if width == 1 else layers.LeakyReLU(0.2))
    made.add(layers.Cropping2D(2))
    return made


def critic() -> keras.Model:
    """A margin of zeros to 32 x 32, then four 5 x 5 convolutions of stride 2; dropout after two and at the end."""
    made = keras.Sequential([keras.Input((28, 28, 1)), layers.ZeroPadding2D(2)])
    for width, dropout in ((64, 0.0), (128, 0.3), (256, 0.3), (512, 0.0)):
        made.add(layers.Conv2D(width, 5, strides=2, padding="same"))
        made.add(layers.LeakyReLU(0.2))
        if dropout:
            made.add(layers.Dropout(dropout))
    for layer in (layers.Flatten(), layers.Dropout(0.2), layers.Dense(1)):
        made.add(layer)
    return made
