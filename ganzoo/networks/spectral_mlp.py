"""Perceptrons for points, with a spectrally normalised discriminator."""

import keras

from ganzoo.networks import mlp
from ganzoo.networks.layers.basic import leaky_relu, squeeze_logit
from ganzoo.networks.layers.spectral import SpectralDense

generator = mlp.generator


def discriminator(image_shape: tuple[int, ...], *, width: int, depth: int) -> keras.Model:
    """Samples float32 [batch, *image_shape] to logits float32 [batch], through `depth` leaky ReLU layers.

    Every layer has a Lipschitz norm of at most 1, and so has the network: logits differ by no more than the points do.
    """
    samples = keras.Input(image_shape, name="samples")
    x = keras.layers.Flatten()(samples)
    for _ in range(depth):
        x = SpectralDense(width, kernel_initializer="he_normal")(x)
        x = keras.layers.Activation(leaky_relu)(x)
    for layer in squeeze_logit(dense=SpectralDense):
        x = layer(x)
    return keras.Model(samples, x, name="discriminator")
