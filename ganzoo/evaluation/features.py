"""What a picture is turned into before it is compared: extractors with a name and one method.

An extractor's name becomes part of its metrics' names (`fd_digits10k`, `kid_random637`), because a distance says
nothing without the features that it was taken in. Pictures, uint8 or float32 in [-1, 1], are rounded to the 8 bits per
channel that a picture file holds, so that reals and fakes, arrays and PNGs are measured alike.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import tensorflow as tf
from scipy.special import softmax

from ganzoo.evaluation import digits_classifier

_BATCH_SIZE = 256


class FeatureExtractor(Protocol):
    """Anything with a name that turns samples [n, ...] into features, float32 [n, d]."""

    name: str

    def features(self, samples: np.ndarray) -> np.ndarray: ...


class RawFeatures:
    """Points as they are: float32 [n, d] to itself."""

    name = "raw"

    def features(self, samples: np.ndarray) -> np.ndarray:
        return np.asarray(samples, np.float32)


class DigitsFeatures:
    """The 64 penultimate features, after their ReLU, of the digits classifier that ganzoo ships."""

    name, num_classes = "digits", 10

    def __init__(self, model=None):
        """
        Args:
            model: a `digits_classifier.build()` with weights; the shipped one by default.
        """
        model = model or digits_classifier.load().model
        self._features = traced(
            lambda pictures: through(model.layers, "features", pictures), digits_classifier.IMAGE_SHAPE
        )
        self._kernel, self._bias = model.get_layer("logits").get_weights()

    def features(self, samples: np.ndarray) -> np.ndarray:
        """Pictures [n, 28, 28, 1] to float32 [n, 64]."""
        return in_batches(self._features, samples)

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """p(digit | picture), float64 [n, 10], from its features: the network need not run twice."""
        return softmax(features.astype(np.float64) @ self._kernel + self._bias, axis=1)

    def classes(self, samples: np.ndarray) -> np.ndarray:
        """The likeliest digit of each picture [n, 28, 28, 1], int64 [n]."""
        return self.probabilities(self.features(samples)).argmax(axis=1)


class RandomFeatures:
    """64 features of an untrained convolutional network with one fixed seed, for pictures nobody has labels for.

    Random features order generators that are far apart and know nothing of what a picture shows (Naeem et al. 2020,
    https://arxiv.org/abs/2002.09797, section 4, use them for pictures unlike ImageNet's). Convolutions of stride 2 with
    LeakyReLU until neither side exceeds 4, then a random projection.
    """

    name = "random"
    _seed, _dim, _widest = 20200215, 64, 128

    def __init__(self, image_shape: tuple[int, int, int]):
        """
        Args:
            image_shape: (height, width, channels) of the pictures.
        """
        height, width, channels = image_shape
        bits = np.random.PCG64(self._seed)
        kernels, filters = [], 32
        while max(height, width) > 4:
            kernels.append(tf.constant(_uniform(bits, (3, 3, channels, filters), fan_in=9 * channels)))
            height, width, channels, filters = -(-height // 2), -(-width // 2), filters, min(2 * filters, self._widest)
        flat = height * width * channels
        projection = tf.constant(_uniform(bits, (flat, self._dim), fan_in=flat))

        def network(pictures):
            for kernel in kernels:
                pictures = tf.nn.leaky_relu(tf.nn.conv2d(pictures, kernel, strides=2, padding="SAME"))
            return tf.reshape(pictures, [-1, flat]) @ projection

        self._features = traced(network, image_shape)

    def features(self, samples: np.ndarray) -> np.ndarray:
        """Pictures [n, height, width, channels] to float32 [n, 64]."""
        return in_batches(self._features, samples)


def traced(network: Callable, image_shape: tuple[int, ...]) -> Callable:
    """One graph for every number of pictures."""
    return tf.function(network, input_signature=[tf.TensorSpec([None, *image_shape], tf.float32, "pictures")])


def through(layers: list, last: str, values: tf.Tensor, training: bool = False) -> tf.Tensor:
    """The values after the layer of the name `last`."""
    for layer in layers:
        values = layer(values, training=training)
        if layer.name == last:
            break
    return values


def in_batches(network: Callable, samples: np.ndarray) -> np.ndarray:
    """Batches of 256 and a shorter last one, none of them empty: oneDNN's convolutions give those a wrong shape."""
    starts = range(0, len(samples), _BATCH_SIZE)
    return np.concatenate([network(eight_bits(samples[i : i + _BATCH_SIZE])).numpy() for i in starts])


def eight_bits(pictures: np.ndarray) -> np.ndarray:
    """Float32 in [-1, 1] at the 256 levels that uint8 has."""
    if pictures.dtype != np.uint8:
        pictures = np.clip(np.rint((pictures + 1.0) * 127.5), 0, 255)
    return pictures.astype(np.float32) / 127.5 - 1.0


def _uniform(bits: np.random.PCG64, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
    """He-scaled uniform weights from PCG64's raw bits: NumPy may change its distributions, the bits it keeps."""
    uniforms = (bits.random_raw(int(np.prod(shape))) >> 11) * 2.0**-53
    return ((2 * uniforms - 1) * np.sqrt(6 / fan_in)).astype(np.float32).reshape(shape)
