"""A small classifier of labelled pictures, trained on the spot: does a translated picture still show what it did?

Whoever has no classifier of their pictures that all the world uses takes one like this, and reports its accuracy on
reals beside every figure that rests on it. The same data and seed train the same one, whatever else runs: all its
random numbers come from seeds of its own, so that it neither follows nor moves Keras's and TensorFlow's global state.
"""

import zlib
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from scipy.special import softmax

from ganzoo.evaluation import classifier_cache
from ganzoo.evaluation.features import in_batches, through, traced
from ganzoo.seeds import entropy

FEATURES = 64
STEPS = 1600

_batch_size = 32
_base = 20  # pixels a side that the first convolutions leave at most
_learning_rate = 2e-3


class PictureClassifier:
    """A FeatureExtractor, 64 features wide, that also names the class of a picture.

    Attributes:
        name: of its features, as it stands in the names of metrics.
        num_classes: how many classes there are.
        accuracy: the share of test pictures that it names rightly, in [0, 1]; None without labelled test pictures.
        facts: `accuracy`, and the name of the data that it was trained on as `classifier_of`.
    """

    def __init__(
        self,
        name: str,
        train,
        test,
        *,
        seed: int = 0,
        steps: int = STEPS,
        augment: bool = True,
        cache: Path | None = None,
    ):
        """Trains: 34 seconds of processor time for pictures of 32 pixels a side, however many there are.

        Args:
            name: of the data; it enters the seed.
            train: `ganzoo.data.Reals`, uint8 pictures [N, H, W, C] with labels int64 [N] from 0 on.
            test: other `Reals` of the same data and size.
            seed: for another training on the same data.
            steps: of 32 pictures.
            augment: whether training pictures are shifted, turned and scaled a little; not where the classes differ in
                how sharp they are, since that blurs them.
            cache: a folder where one that was trained on the same pictures is taken from, or else kept.
        """
        self.name = name
        shape = train.samples.shape[1:]
        seeds = np.random.default_rng([zlib.crc32(name.encode()), entropy(seed)])
        self._layers = _build(shape, int(train.labels.max()) + 1, seeds, augment)
        file = None
        if cache is not None:
            training = dict(seed=seed, steps=steps, augment=augment)
            file = cache / classifier_cache.key(name, train.samples, train.labels, **training)
        if file is None or not classifier_cache.restore(self._layers, file):
            _train(self._layers, train.samples, train.labels, seeds, steps)
            if file is not None:
                classifier_cache.keep(self._layers, file)

        self._features = traced(lambda pictures: through(self._layers, "features", pictures), shape)
        self._kernel, self._bias = self._layers[-1].get_weights()
        self.num_classes = len(self._bias)
        self.accuracy = None if test.labels is None else float(np.mean(self.classes(test.samples) == test.labels))
        self.facts = dict(accuracy=self.accuracy, classifier_of=name.rstrip("_"))

    def features(self, samples: np.ndarray) -> np.ndarray:
        """Pictures [n, H, W, C], float32 in [-1, 1] or uint8, to float32 [n, 64], the values before the logits."""
        return in_batches(self._features, samples)

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        """p(class | picture), float64 [n, K]."""
        return softmax(self.features(samples).astype(np.float64) @ self._kernel + self._bias, axis=1)

    def classes(self, samples: np.ndarray) -> np.ndarray:
        """The likeliest class of each picture, int64 [n]."""
        return self.probabilities(samples).argmax(axis=1)


def _build(
    shape: tuple[int, int, int], classes: int, seeds: np.random.Generator, augment: bool
) -> list[keras.layers.Layer]:
    """Layers from pictures [B, H, W, C] in [-1, 1] to logits [B, K], built; float32 in any run.

    Strided convolutions down to 20 pixels a side, two more with pooling, and a 64-wide layer. Augmented
    pictures are not mirrored, since a mirrored 2 is no digit.
    """

    def seeded(layer, *args, **kwargs):
        return layer(*args, **kwargs, seed=int(seeds.integers(2**31)), dtype="float32")

    def with_weights(layer, *args, **kwargs):
        initializer = keras.initializers.GlorotUniform(seed=int(seeds.integers(2**31)))
        return layer(*args, **kwargs, kernel_initializer=initializer, dtype="float32")

    def convolution(filters, size, strides=1):
        return [
            with_weights(keras.layers.Conv2D, filters, size, strides=strides, padding="same", use_bias=False),
            keras.layers.BatchNormalization(momentum=0.9, dtype="float32"),
            keras.layers.ReLU(dtype="float32"),
        ]

    augmentation = dict(fill_mode="nearest", interpolation="bilinear")
    layers = []
    if augment:
        layers += [
            seeded(keras.layers.RandomTranslation, 0.08, 0.08, **augmentation),
            seeded(keras.layers.RandomRotation, 0.03, **augmentation),  # of a full turn: 11 degrees
            seeded(keras.layers.RandomZoom, 0.1, **augmentation),
        ]
    side = max(shape[:2])
    stride = 1 if side <= _base else 2 if side <= 64 else 4
    layers += convolution(24, 5, strides=stride)
    while (side := -(-side // stride)) > _base:
        stride = 2
        layers += convolution(48, 3, strides=stride)
    for filters in (48, 64):
        layers += [*convolution(filters, 3), keras.layers.MaxPooling2D(2, padding="same", dtype="float32")]
    layers += [
        keras.layers.Flatten(dtype="float32"),
        with_weights(keras.layers.Dense, FEATURES, activation="relu", name="features"),
        with_weights(keras.layers.Dense, classes, name="logits"),
    ]
    through(layers, "logits", tf.zeros([1, *shape]))
    return layers


def _train(layers: list, samples: np.ndarray, labels: np.ndarray, seeds: np.random.Generator, steps: int) -> None:
    """Cross-entropy by Adam under a cosine, on batches in which all classes are equally likely."""
    variables = [variable for layer in layers for variable in layer.trainable_variables]
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(_learning_rate, steps, alpha=0.01))
    optimizer.build(variables)

    @tf.function
    def step(pictures, classes):
        with tf.GradientTape() as tape:
            logits = through(layers, "logits", tf.cast(pictures, tf.float32) / 127.5 - 1.0, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(classes, logits))
        optimizer.apply(tape.gradient(loss, variables), variables)

    weights = 1.0 / np.bincount(labels)[labels]
    for rows in seeds.choice(len(samples), (steps, _batch_size), p=weights / weights.sum()):
        step(tf.constant(samples[rows]), tf.constant(labels[rows]))
