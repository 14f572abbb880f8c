"""Residual networks for pictures (Miyato et al. 2018, https://arxiv.org/abs/1802.05957, the ResNets for CIFAR-10).

At 32 x 32 pixels they are the paper's networks. Other sizes have more or fewer blocks; resolutions halve as in `dcgan`,
and the width stays the same. Kernels begin as in the authors' code: by Glorot's uniform, with twice the variance in the
residual branches.
"""

import keras

from ganzoo.errors import GanzooError
from ganzoo.networks.dcgan import INPUT_CHANNELS, crop, resolutions
from ganzoo.networks.layers import spectral
from ganzoo.networks.layers.basic import Enlargement, relu, squeeze_logit
from ganzoo.networks.layers.norms import normalisation


def generator(latent_dim: int, image_shape: tuple[int, ...], *, width: int, base_resolution: int) -> keras.Model:
    """Latents float32 [batch, latent_dim] to pictures float32 [batch, *image_shape] in [-1, 1], with batch norm.

    Args:
        latent_dim: d of the latents.
        image_shape: (height, width, channels).
        width: channels of every block; 256 in the paper.
        base_resolution: the largest allowed smaller side of the first feature map; 4 in the paper.
    """
    *larger, (height, breadth) = resolutions(image_shape, base_resolution)
    latents = keras.Input((latent_dim,), name="latents")
    x = keras.layers.Dense(height * breadth * width)(latents)
    x = keras.layers.Reshape((height, breadth, width))(x)
    for size in reversed(larger):
        x = up_block(x, width, size)
    x = _normalised_relu(x)
    x = keras.layers.Conv2D(image_shape[2], 3, padding="same", dtype="float32")(x)
    return keras.Model(latents, keras.layers.Activation("tanh", dtype="float32")(x), name="generator")


def discriminator(image_shape: tuple[int, ...], *, width: int, base_resolution: int, norm: str) -> keras.Model:
    """Pictures float32 [batch, *image_shape] to logits float32 [batch].

    Args:
        image_shape: (height, width, channels).
        width: channels of every block; 128 in the paper.
        base_resolution: blocks halve the resolution until the smaller side is at most this (8 in the paper). Two more
            blocks keep the resolution.
        norm: "spectral" or "none".
    """
    if norm not in ("spectral", "none"):
        raise GanzooError(f"no normalisation '{norm}' in the residual discriminator; there are spectral and none.")
    convolution, dense = spectral.layer_classes(norm)
    halvings = len(resolutions(image_shape, base_resolution, channels=INPUT_CHANNELS)) - 1
    x = samples = keras.Input(image_shape, name="samples")
    for block in range(halvings + 2):
        x = down_block(x, width, convolution, is_first=block == 0, halve=block < halvings)
    x = keras.layers.Activation(relu, dtype="float32")(x)
    x = keras.ops.sum(x, axis=(1, 2))  # the paper's global pooling is a sum
    for layer in squeeze_logit(dense=dense):
        x = layer(x)
    return keras.Model(samples, x, name="discriminator")


def up_block(x: keras.KerasTensor, width: int, size: tuple[int, int]) -> keras.KerasTensor:
    """Features [batch, h, w, c] to [batch, *size, width]; `size` is 2h x 2w or a row and a column less."""
    residual = crop(Enlargement()(_normalised_relu(x)), size)
    residual = keras.layers.Conv2D(width, 3, padding="same", kernel_initializer=_residual_initializer())(residual)
    residual = _normalised_relu(residual)
    residual = keras.layers.Conv2D(width, 3, padding="same", kernel_initializer=_residual_initializer())(residual)
    # The authors enlarge first. A 1 x 1 convolution before the enlargement gives the same at a quarter of the work.
    shortcut = crop(Enlargement()(keras.layers.Conv2D(width, 1)(x)), size)
    return keras.layers.Add()([residual, shortcut])


def down_block(
    x: keras.KerasTensor, width: int, convolution: type[keras.layers.Layer], *, is_first: bool, halve: bool
) -> keras.KerasTensor:
    """Features [batch, h, w, c] to [batch, h, w, width], or half of h and w, rounded up.

    The first block takes pictures, which must not be rectified. The shortcut pools before its 1 x 1 convolution. In the
    authors' code only the first block does so, but the order does not change the result.
    """
    residual = x if is_first else keras.layers.Activation(relu)(x)
    residual = convolution(width, 3, padding="same", kernel_initializer=_residual_initializer())(residual)
    residual = keras.layers.Activation(relu)(residual)
    residual = convolution(width, 3, padding="same", kernel_initializer=_residual_initializer())(residual)
    shortcut = x
    if halve:
        residual = keras.layers.AveragePooling2D(2, padding="same")(residual)
        shortcut = keras.layers.AveragePooling2D(2, padding="same")(shortcut)
    if halve or is_first:
        shortcut = convolution(width, 1, padding="same")(shortcut)
    return keras.layers.Add()([residual, shortcut])


def _normalised_relu(x: keras.KerasTensor) -> keras.KerasTensor:
    for layer in normalisation("batch"):
        x = layer(x)
    return keras.layers.Activation(relu)(x)


def _residual_initializer() -> keras.initializers.Initializer:
    return keras.initializers.VarianceScaling(2.0, mode="fan_avg", distribution="uniform")
