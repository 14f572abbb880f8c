"""The base of models whose latents hold codes, and which learn to tell the codes from a sample."""

import functools
import math

import keras
import tensorflow as tf

from ganzoo import noise
from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.bases.generative import Codes
from ganzoo.errors import GanzooError
from ganzoo.networks.layers.basic import cut, leaky_relu
from ganzoo.networks.layers.norms import normalisation

RECOGNITION_WIDTH = 128  # Chen et al. 2016, https://arxiv.org/abs/1606.03657, appendix C.1


class CodedModel(AdversarialModel):
    """A model in training with codes in its latents, and with the network Q, whose trunk is the discriminator's.

    The latents are noise, a one-hot category and continuous codes, in this order. The noise is normal. The
    discriminator's optimizer also moves Q.

    Args:
        categories: K, the number of categories of the categorical code.
        continuous: the number of continuous codes, each U(-1, 1).
        recognition: Q's head; None makes a new one.

    Raises:
        GanzooError: if there are fewer than two categories or no continuous code.
    """

    def __init__(self, *networks, categories: int, continuous: int, recognition: keras.Model | None = None, **base):
        super().__init__(*networks, **base)
        if categories < 2 or continuous < 1:
            raise GanzooError(f"categories is {categories} and continuous {continuous}; expected at least 2 and 1.")
        self.codes = Codes(categories, continuous)
        self.recognition = recognition or recognition_head(self.trunk_and_tail[0].output_shape[1:], self.codes)

    @classmethod
    def for_shape(cls, image_shape, *, latent_dim: int, categories: int, continuous: int, **options) -> "CodedModel":
        """Builds both networks; `latent_dim` counts the noise alone."""
        codes = dict(categories=categories, continuous=continuous)
        return super().for_shape(image_shape, latent_dim=latent_dim + categories + continuous, **codes, **options)

    def latents(self, seed, row_count, *, first_row=0):
        """Rows of a seed's (int32 [2]) stream of latents, float32 [row_count, d]: noise, one-hot category, U(-1, 1)."""
        numbers = noise.normal(seed, row_count, self.noise_dim + 1 + self.codes.continuous, first_row=first_row)
        normal, codes = numbers[:, : self.noise_dim], tf.math.erf(numbers[:, self.noise_dim :] / math.sqrt(2.0))
        category = tf.cast(tf.floor((codes[:, 0] + 1.0) / 2.0 * self.codes.categories), tf.int32)
        category = tf.minimum(category, self.codes.categories - 1)
        return tf.concat([normal, tf.one_hot(category, self.codes.categories), codes[:, 1:]], 1)

    def latents_of(self, seed: tf.Tensor, categories: tf.Tensor, continuous: tf.Tensor) -> tf.Tensor:
        """Latents with the given codes, int [rows] and float32 [rows, continuous], and the noise of a seed's stream."""
        normal = noise.normal(seed, tf.size(categories), self.noise_dim)
        return tf.concat([normal, tf.one_hot(categories, self.codes.categories), continuous], 1)

    def recognise(self, samples: tf.Tensor, training: bool) -> list[tf.Tensor]:
        """Q(c | x): the category's logits [batch, K] and the continuous codes' means [batch, c], float32."""
        return self.recognition(self.trunk_and_tail[0](samples, training=training), training=training)

    @property
    def noise_dim(self) -> int:
        """The number of latents that are noise."""
        return self.latent_dim - sum(self.codes)

    @property
    def discriminator_variables(self) -> list:
        return [*self.discriminator.trainable_variables, *self.recognition.trainable_variables]

    @functools.cached_property
    def trunk_and_tail(self) -> tuple[keras.Model, keras.Model]:
        """The discriminator's part that Q shares, and the rest of it."""
        return cut(self.discriminator)

    def get_config(self) -> dict:
        recognition = keras.saving.serialize_keras_object(self.recognition)
        return super().get_config() | self.codes._asdict() | {"recognition": recognition}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        recognition = keras.saving.deserialize_keras_object(config["recognition"], custom_objects)
        return super().from_config(config | {"recognition": recognition}, custom_objects)


def recognition_head(shape: tuple[int, ...], codes: Codes) -> keras.Model:
    """Features to [category logits [batch, K], means of the continuous codes [batch, c]], float32."""
    features = keras.Input(shape)
    x = keras.layers.Dense(RECOGNITION_WIDTH, use_bias=False)(keras.layers.Flatten()(features))
    for layer in normalisation("batch"):
        x = layer(x)
    x = keras.layers.Activation(leaky_relu)(x)
    widths = dict(category_logits=codes.categories, mean=codes.continuous)
    return keras.Model(features, [keras.layers.Dense(n, dtype="float32", name=name)(x) for name, n in widths.items()])
