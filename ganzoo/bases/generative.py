"""What a trained model of the zoo does: sample, be saved and be exported, always by its averaged weights."""

import functools
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

import ganzoo
from ganzoo import noise
from ganzoo.sampling.proposals import generate


class Codes(NamedTuple):
    """The latent codes that a model's samples can be made from: one categorical, and some continuous in [-1, 1]."""

    categories: int
    continuous: int


class GenerativeModel(keras.Model):
    """A generator with the moving average of its weights, and its discriminator. How they learn is a subclass's matter.

    A conditional model's two networks take lists, [latents, labels] and [samples, labels]; labels are int64 [batch].

    Args:
        generator: built Keras model, latents float32 [batch, d] to samples float32 [batch, ...].
        discriminator: built Keras model, samples to logits float32 [batch].
        **training: of the class beside this one, `SteppedModel`.

    Attributes:
        num_classes: of a conditional model's labels 0, 1, ...; None for the others.
        codes: of a model whose latents hold some; None for the others.
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
    def latent_dim(self) -> int:
        """d of the latents."""
        shape = self.generator.input_shape
        return shape[-1] if self.num_classes is None else shape[0][-1]

    def latents(self, seed: tf.Tensor, rows: int | tf.Tensor, *, first_row: int | tf.Tensor = 0) -> tf.Tensor:
        """Rows of the stream of latents of a seed (int32 [2]), float32 [rows, d], standard normal."""
        return noise.normal(seed, rows, self.latent_dim, first_row=first_row)

    def call(self, latents: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Latents float32 [batch, d] (of a conditional model [latents, labels]) to samples float32 [batch, ...]."""
        return self.ema_generator(latents, training=training)

    def propose(self, seed: tf.Tensor, first_row: tf.Tensor, rows: int, *labels: tf.Tensor) -> tf.Tensor:
        """Draws of p_g: the samples of rows `first_row`, `first_row + 1`, ... of the seed's stream of latents, with the
        labels int64 [rows] of a conditional model."""
        return self(with_labels(self.latents(seed, rows, first_row=first_row), *labels))

    def sample(self, num_samples: int, *, seed: int | tf.Tensor = 0, labels: np.ndarray | None = None) -> np.ndarray:
        """Samples float32 [num_samples, ...]; pictures are in [-1, 1]. The same seed gives the same samples.

        Args:
            num_samples: at least 1.
            seed: a number, or a stream's int32 [2]; the number n is the stream [n, 0].
            labels: of a conditional model, int64 [num_samples]; None takes its classes in turn.

        >>> model.sample(16, seed=1).shape
        (16, 28, 28, 1)
        """
        stream = tf.constant([seed, 0]) if np.ndim(seed) == 0 else seed
        if self.num_classes is not None:
            labels = tf.constant(np.arange(num_samples) % self.num_classes if labels is None else labels, tf.int64)
        return self._draw(tf.constant(num_samples), stream, min(num_samples, 256), labels).numpy()

    @functools.cached_property
    def _draw(self):
        """Traced once for numbers of samples from 256 on, and once for each that is smaller."""
        return tf.function(
            lambda n, seed, rows, labels: generate(self.propose, n, seed=seed, batch_size=rows, labels=labels),
            autograph=False,
        )

    def export(self, directory: str, reals: np.ndarray | None = None, labels: np.ndarray | None = None) -> str:
        """Writes the next version of a SavedModel that samples by rejection: `ganzoo.export_model`.

        Args:
            directory: the version becomes its subfolder 1, 2, ...
            reals: float32 [n, ...] held out from training (pictures in [-1, 1]), a thousand or more, on which the
                density ratio is fitted. Without them an objective whose logits are a log ratio uses those; the others
                export no rejection sampling.
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


def with_labels(rows: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor | list[tf.Tensor]:
    """What a network is called with: latents or samples alone, or in a list with their labels."""
    return [rows, *labels] if labels else rows
