"""The heads of CUT, which project features of patches onto the unit sphere (Park et al. 2020,
https://arxiv.org/abs/2007.15651, section 3.2 and appendix C.1)."""

from collections.abc import Sequence

import keras

from ganzoo.networks.layers.basic import relu


def patch_heads(channels: Sequence[int], width: int) -> keras.Model:
    """A perceptron of two layers for each layer of features, whose outputs have length 1.

    The initial kernels have a standard deviation of .02, as in the authors' code.

    Args:
        channels: of each layer of features.
        width: of both layers of each perceptron.

    Returns:
        [float32 [batch, patches, channels of the layer], ...] to [float32 [batch, patches, width], ...].
    """
    inputs = [keras.Input((None, count)) for count in channels]
    outputs = []
    for features in inputs:
        hidden = keras.layers.Activation(relu)(_dense(width)(features))
        outputs.append(keras.layers.UnitNormalization(dtype="float32")(_dense(width)(hidden)))
    return keras.Model(inputs, outputs, name="heads")


def _dense(width: int) -> keras.layers.Layer:
    return keras.layers.Dense(width, kernel_initializer=keras.initializers.RandomNormal(stddev=0.02))
