"""What a trained model of the zoo does: sample, be saved and be exported, always by its averaged weights."""

import functools

import keras
import numpy as np
import tensorflow as tf

from ganzoo import noise
from ganzoo.sampling.proposals import generate


class GenerativeModel(keras.Model):
    """A generator with the moving average of its weights, and its discriminator. How they learn is a subclass's matter.

    Args:
        generator: built Keras model, latents float32 [batch, d] to samples float32 [batch, ...].
        discriminator: built Keras model, samples to logits float32 [batch].
    """

    def __init__(self, generator: keras.Model, discriminator: keras.Model, *, name: str | None = None):
        super().__init__(name=name)
        self.generator = generator
        self.discriminator = discriminator
        self.ema_generator = type(generator).from_config(generator.get_config())
        self.ema_generator.set_weights(generator.get_weights())
        self.ema_generator.trainable = False

    def latents(self, seed: tf.Tensor, rows: int | tf.Tensor, *, first_row: int | tf.Tensor = 0) -> tf.Tensor:
        """Rows of the stream of latents of a seed (int32 [2]), float32 [rows, d], standard normal."""
        return noise.normal(seed, rows, self.generator.input_shape[-1], first_row=first_row)

    def call(self, latents: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Latents float32 [batch, d] to samples float32 [batch, ...]."""
        return self.ema_generator(latents, training=training)

    def propose(self, seed: tf.Tensor, first_row: tf.Tensor, rows: int) -> tf.Tensor:
        """Draws of p_g: the samples of rows `first_row`, `first_row + 1`, ... of the seed's stream of latents."""
        return self(self.latents(seed, rows, first_row=first_row))

    def sample(self, num_samples: int, *, seed: int | tf.Tensor = 0) -> np.ndarray:
        """Samples float32 [num_samples, ...]; pictures are in [-1, 1]. The same seed gives the same samples.

        Args:
            num_samples: at least 1.
            seed: a number, or a stream's int32 [2]; the number n is the stream [n, 0].

        >>> model.sample(16, seed=1).shape
        (16, 28, 28, 1)
        """
        stream = tf.constant([seed, 0]) if isinstance(seed, int) else seed
        return self._draw(num_samples, stream, min(num_samples, 256)).numpy()

    @functools.cached_property
    def _draw(self):
        """Traced once for each number of samples."""
        return tf.function(lambda n, seed, rows: generate(self.propose, n, seed=seed, batch_size=rows), autograph=False)

    def export(self, directory: str, reals: np.ndarray | None = None) -> str:
        """Writes the next version of a SavedModel that samples by rejection; see `ganzoo.saved_model.export`.

        Args:
            directory: the version becomes its subfolder 1, 2, ...
            reals: float32 [n, ...] held out from training (pictures in [-1, 1]), a thousand or more, on which the
                density ratio is fitted. Without them an objective whose logits are a log ratio uses those; the others
                export no rejection sampling.

        Returns:
            The version's folder.
        """
        from ganzoo import density_ratio, saved_model

        return saved_model.export(self, directory, ratio=density_ratio.for_export(self, reals))

    def get_config(self) -> dict:
        return {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "GenerativeModel":
        networks = ("generator", "discriminator")
        built = {key: keras.saving.deserialize_keras_object(config[key], custom_objects) for key in networks}
        return cls(**config | built)
