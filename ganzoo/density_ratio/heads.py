"""The networks that estimate a density ratio: trunks, which give fixed features of the samples, and heads.

A head is fitted on a trunk's features and gives logits, float32 [batch]. With `num_classes` a head takes [features,
labels int64 [batch]].

Each layer draws its initial weights and its dropout from a seed of its own.
"""

from collections.abc import Iterator

import keras
import numpy as np

from ganzoo.networks.layers.basic import FourierFeatures, squeeze_logit
from ganzoo.noise import Purpose
from ganzoo.seeds import entropy


def dropout_head(
    shape: tuple[int, ...], width: int, dropout: float, seed: int, num_classes: int | None = None
) -> keras.Model:
    """One hidden layer between two dropouts: a thousand held-out pictures are enough to fit the head."""
    seeds = _seeds(seed)
    inputs = keras.Input(shape)
    x = keras.layers.LayerNormalization(dtype="float32")(keras.layers.Flatten()(inputs))
    x = keras.layers.Dropout(dropout, seed=next(seeds))(x)
    inputs, x = _labelled(inputs, x, num_classes)
    x = keras.layers.Dense(width, activation="relu", kernel_initializer=keras.initializers.HeNormal(next(seeds)))(x)
    x = keras.layers.Dropout(dropout, seed=next(seeds))(x)
    return _with_logit(inputs, x)


def fourier_features(shape: tuple[int, ...], seed: int) -> keras.Model:
    """Points with sines and cosines of random frequencies: without them a perceptron misses narrow modes."""
    points = keras.Input(shape)
    return keras.Model(points, FourierFeatures(next(_seeds(seed)))(points))


def perceptron(
    shape: tuple[int, ...], width: int, dropout: float, noise: float, seed: int, num_classes: int | None = None
) -> keras.Model:
    """Three hidden layers. In the fit the inputs have Gaussian noise of standard deviation `noise`."""
    seeds = _seeds(seed)
    x = inputs = keras.Input(shape)
    x = keras.layers.GaussianNoise(noise, seed=next(seeds))(x) if noise else x
    inputs, x = _labelled(inputs, x, num_classes)
    for _ in range(3):
        initializer = keras.initializers.HeNormal(next(seeds))
        x = keras.layers.Dense(width, activation="relu", kernel_initializer=initializer)(x)
    x = keras.layers.Dropout(dropout, seed=next(seeds))(x) if dropout else x
    return _with_logit(inputs, x)


def convolutions(
    shape: tuple[int, ...],
    width: int,
    dropout: float,
    noise: float,
    pool: int,
    seed: int,
    num_classes: int | None = None,
) -> keras.Model:
    """Strided convolutions on pictures averaged over `pool` x `pool` pixels, with Gaussian noise in the fit.

    Averages and noise hide artefacts of single pixels, by which a sharp network would recognise fakes. The content of
    the pictures remains.
    """
    seeds = _seeds(seed)
    x = inputs = keras.Input(shape)
    x = keras.layers.AveragePooling2D(pool, padding="same")(x) if pool > 1 else x
    x = keras.layers.GaussianNoise(noise, seed=next(seeds))(x) if noise else x
    level = 0
    while min(x.shape[1:3]) > 4:
        initializer = keras.initializers.HeNormal(next(seeds))
        convolution = keras.layers.Conv2D(
            width * 2 ** min(level, 3), 5, strides=2, padding="same", kernel_initializer=initializer
        )
        x = keras.layers.LeakyReLU(0.2)(convolution(x))
        level += 1
    x = keras.layers.Dropout(dropout, seed=next(seeds))(keras.layers.Flatten()(x))
    inputs, x = _labelled(inputs, x, num_classes)
    if num_classes is not None:  # the label's effect depends on the picture
        initializer = keras.initializers.HeNormal(next(seeds))
        x = keras.layers.Dense(width, activation="relu", kernel_initializer=initializer)(x)
    return _with_logit(inputs, x)


def _seeds(seed: int) -> Iterator[int]:
    """Seeds for one layer after another."""
    numbers = np.random.default_rng([entropy(seed), Purpose.RATIO_WEIGHTS])
    return iter(lambda: int(numbers.integers(2**31)), None)


def _labelled(inputs: keras.KerasTensor, x: keras.KerasTensor, num_classes: int | None) -> tuple:
    """The inputs and x; with classes, [inputs, labels] and x followed by the label's one-hot vector."""
    if num_classes is None:
        return inputs, x
    labels = keras.Input((), dtype="int64")
    one_hot = keras.layers.CategoryEncoding(num_classes, output_mode="one_hot")(labels)
    return [inputs, labels], keras.layers.Concatenate()([x, one_hot])


def _with_logit(inputs: keras.KerasTensor | list, x: keras.KerasTensor) -> keras.Model:
    for layer in squeeze_logit(kernel_initializer="zeros"):
        x = layer(x)
    return keras.Model(inputs, x)
