"""The methods of a trained model that samples from latents: sample, save and export, always by its averaged weights."""

import functools
from collections.abc import Iterator
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

import ganzoo
from ganzoo import noise, seeds
from ganzoo.bases import datasets
from ganzoo.errors import GanzooError
from ganzoo.networks import categories
from ganzoo.sampling.proposals import generate


class Codes(NamedTuple):
    """The numbers of latent codes that a caller can set: categories of the one categorical code, continuous codes."""

    categories: int
    continuous: int


class GenerativeModel(keras.Model):
    """A generator, the moving average of its weights, and a discriminator. Subclasses train the networks.

    The networks of a conditional model take lists, [latents, labels] and [samples, labels]; labels are int64 [batch].

    Args:
        generator: built Keras model, latents float32 [batch, d] to samples float32 [batch, ...].
        discriminator: built Keras model, samples to logits float32 [batch].
        **training: arguments of the other base class, `TwoOptimizerModel`.

    Attributes:
        num_classes: the number of a conditional model's classes, whose labels are 0, 1, ...; None for other models.
        codes: the codes in the latents; None for models without codes.
    """

    num_classes: int | None = None
    codes: Codes | None = None

    def __init__(self, generator: keras.Model, discriminator: keras.Model, **training):
        super().__init__(**training)
        self.generator = generator
        self.discriminator = discriminator
        self.ema_generator = type(generator).from_config(generator.get_config())
        self.ema_generator.set_weights(generator.get_weights())
        self.ema_generator.trainable = False

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """One sample's shape: (height, width, channels), or (2,) for points."""
        return tuple(self.generator.output_shape[1:])

    @property
    def num_labels(self) -> int | None:
        return self.num_classes

    @property
    def latent_dim(self) -> int:
        """d, the number of latents of one sample."""
        shape = self.generator.input_shape
        return shape[-1] if self.num_classes is None else shape[0][-1]

    @property
    def latent_categories(self) -> int:
        """The number of categories that the first latent chooses one of; 0 if it chooses none."""
        return categories.count_in(self.generator)

    def latents(self, seed: tf.Tensor, row_count: int | tf.Tensor, *, first_row: int | tf.Tensor = 0) -> tf.Tensor:
        """Rows of the stream of latents of a seed (int32 [2]), float32 [row_count, d], standard normal."""
        return noise.normal(seed, row_count, self.latent_dim, first_row=first_row)

    def call(self, latents: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Latents float32 [batch, d] (for a conditional model [latents, labels]) to samples float32 [batch, ...]."""
        return self.ema_generator(latents, training=training)

    def propose(self, seed: tf.Tensor, first_row: tf.Tensor, row_count: int, *labels: tf.Tensor) -> tf.Tensor:
        """Draws of p_g, float32 [row_count, ...]: the samples of rows `first_row`, `first_row + 1`, ... of the seed's
        stream of latents. A conditional model also takes labels, int64 [row_count]."""
        return self(with_labels(self.latents(seed, row_count, first_row=first_row), *labels))

    def sample(self, num_samples: int, *, seed: int | tf.Tensor = 0, labels: np.ndarray | None = None) -> np.ndarray:
        """Samples float32 [num_samples, ...]; pictures are in [-1, 1]. The same seed gives the same samples.

        Args:
            num_samples: at least 1.
            seed: any whole number, or a stream's int32 [2]. A number n of int32 means the stream [n, 0].
            labels: int [n], classes of a conditional model's samples, taken in turn; None takes all classes in turn.

        Raises:
            GanzooError: for a number of samples below 1, for labels that are no classes or that the model does not
                take, and for a seed that is no whole number.

        >>> model.sample(16, seed=1).shape
        (16, 2)
        """
        if num_samples < 1:
            raise GanzooError(f"num_samples is {num_samples}; ask for at least 1.")
        if labels is not None and self.num_classes is None:
            raise GanzooError(f"{type(self).__name__} has no classes: leave labels out.")
        stream = tf.constant(seeds.stream(seed))
        if self.num_classes is not None:
            labels = np.arange(self.num_classes) if labels is None else np.atleast_1d(labels)
            labels = tf.constant(np.resize(datasets.checked_labels(labels, len(labels), self.num_classes), num_samples))
        return self._draw(tf.constant(num_samples), stream, min(num_samples, 256), labels).numpy()

    @functools.cached_property
    def _draw(self):
        """Traced once for each number of samples below 256, and once for all larger numbers."""
        return tf.function(
            lambda n, seed, batch, labels: generate(self.propose, n, seed=seed, batch_size=batch, labels=labels),
            autograph=False,
        )

    def export(self, directory: str, reals: np.ndarray | None = None, labels: np.ndarray | None = None) -> str:
        """Writes the next version of a SavedModel that samples by rejection: `ganzoo.export_model`.

        Args:
            directory: the folder of the versions; the new version is its subfolder 1, 2, ...
            reals: float32 [n, ...] held out from training (pictures in [-1, 1]), a thousand or more. The density ratio
                is fitted on them. Without reals, a model whose logits are a log ratio rejects by its logits; other
                models are exported without rejection sampling.
            labels: int64 [n], the reals' classes, for a conditional model.

        Returns:
            The version's folder.
        """
        return ganzoo.export_model(self, directory, reals, labels)

    def get_config(self) -> dict:
        return super().get_config() | {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "GenerativeModel":
        networks = ("generator", "discriminator")
        built = {key: keras.saving.deserialize_keras_object(config[key], custom_objects) for key in networks}
        return cls(**config | built)


def with_labels(batch: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor | list[tf.Tensor]:
    """The input of a network: latents or samples alone, or in a list with their labels."""
    return [batch, *labels] if labels else batch


def layers_in_order(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers of a network and of networks in it, as they are computed; Keras's own walk reverses nested ones."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from layers_in_order(layer)
        else:
            yield layer


def layers_with_weights(network: keras.Model) -> list[keras.layers.Layer]:
    """The layers that hold weights, from the inputs on, each once; those of a network within it one by one."""
    return [*dict.fromkeys(layer for layer in layers_in_order(network) if layer.weights)]
