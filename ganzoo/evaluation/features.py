"""What a picture is turned into before it is compared: extractors with a name and one method.

An extractor's name becomes part of its metrics' names (`fd_digits10k`, `kd_random637`), because a distance says
nothing without the features that it was taken in. Pictures, uint8 or float32 in [-1, 1], are rounded to the 8 bits per
channel that a picture file holds, so that reals and fakes, arrays and PNGs are measured alike.
"""

import re
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import tensorflow as tf
from scipy.special import softmax

from ganzoo.evaluation import digits_classifier

_BATCH_SIZE = 256


class FeatureExtractor(Protocol):
    """Anything with a name that turns samples [n, ...] into features, float32 [n, d].

    Attributes:
        name: as it stands in the names of metrics.
        facts: what a reader of the figures should know of the features; JSON-able.
    """

    name: str
    facts: Mapping[str, object]

    def features(self, samples: np.ndarray) -> np.ndarray: ...


class RawFeatures:
    """Points as they are: float32 [n, d] to itself."""

    name = "raw"
    facts: Mapping[str, object] = {}

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
        self.facts: Mapping[str, object] = {}
        if model is None:
            model, facts = (shipped := digits_classifier.load()).model, shipped.facts
            self.facts = dict(accuracy=facts["test_accuracy"], classifier_of="MNIST")
        self._features = traced(
            lambda pictures: through(model.layers, "features", pictures), digits_classifier.IMAGE_SHAPE
        )
        self._kernel, self._bias = model.get_layer("logits").get_weights()

    def features(self, samples: np.ndarray) -> np.ndarray:
        """Pictures [n, 28, 28, 1] to float32 [n, 64]."""
        return in_batches(self._features, samples)

    @property
    def network(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """`features` as graph code with a gradient: pictures in [-1, 1] that are not rounded to 8 bits."""
        return self._features

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
    facts: Mapping[str, object] = {"note": "random features: compare runs of the same data, do not quote"}
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

    @property
    def network(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """`features` as graph code with a gradient: pictures in [-1, 1] that are not rounded to 8 bits."""
        return self._features


def feature_name(data: str) -> str:
    """The name of data as it can stand in a metric's name, before a count: lower case, and no digit at its end.

    Of a folder it is the folder's own name.

    >>> feature_name("folder:/home/me/My photos 2")
    'my_photos_2_'
    """
    if data.startswith("folder:"):
        data = data.rstrip("/").replace(":", "/").rpartition("/")[2]
    name = re.sub("[^a-z0-9]+", "_", data.lower()).strip("_") or "own"
    return with_count(name)


def with_count(name: str) -> str:
    """The name of features, to be followed by a count: `vgg16_` before `1k`, `digits` before `10k`."""
    return f"{name}_" if name[-1:].isdigit() else name


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


def in_batches(network: Callable, samples: np.ndarray, size: int = _BATCH_SIZE) -> np.ndarray:
    """Batches of 256, or of another size, and a shorter last one, none of them empty: oneDNN's convolutions give those
    a wrong shape."""
    starts = range(0, len(samples), size)
    return np.concatenate([network(eight_bits(samples[i : i + size])).numpy() for i in starts])


def eight_bits(pictures: np.ndarray) -> np.ndarray:
    """Float32 in [-1, 1] at the 256 levels that uint8 has."""
    if pictures.dtype != np.uint8:
        pictures = np.clip(np.rint((pictures + 1.0) * 127.5), 0, 255)
    return pictures.astype(np.float32) / 127.5 - 1.0


def _uniform(bits: np.random.PCG64, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
    """He-scaled uniform weights from PCG64's raw bits: NumPy may change its distributions, the bits it keeps."""
    uniforms = (bits.random_raw(int(np.prod(shape))) >> 11) * 2.0**-53
    return ((2 * uniforms - 1) * np.sqrt(6 / fan_in)).astype(np.float32).reshape(shape)
