"""The base of every model that samples from latents. A model's `train_step` then holds only its paper's algorithm."""

from collections.abc import Sequence
from typing import ClassVar

import keras
import tensorflow as tf

from ganzoo import networks, noise
from ganzoo.bases import replicas
from ganzoo.bases.generative import GenerativeModel, with_labels
from ganzoo.bases.stepped import TwoOptimizerModel
from ganzoo.errors import GanzooError
from ganzoo.networks import categories


class AdversarialModel(GenerativeModel, TwoOptimizerModel):
    """A generative model in training, with the moving average of its generator.

    Args:
        generator: built Keras model, latents float32 [batch, d] to samples float32 [batch, ...].
        discriminator: built Keras model, samples to logits float32 [batch].
        n_critic: discriminator steps for each generator step, each on a fresh batch of reals.
        ema_decay: decay per step of the moving average over the generator's weights, in [0, 1); 0 keeps no memory. The
            decay rises as (1 + step) / (10 + step) at first, so that a short run forgets its beginning.
        seed: the seed of all randomness in training.
    """

    latent_distribution: ClassVar[str] = "normal"  # or "uniform" on [-1, 1]
    logits_are_log_ratio: ClassVar[bool] = False  # whether the best discriminator gives log p_data/p_g + constant

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        n_critic: int,
        ema_decay: float,
        seed: int = 0,
        name: str | None = None,
    ):
        super().__init__(generator, discriminator, n_critic=n_critic, seed=seed, name=name)
        if not 0.0 <= ema_decay < 1.0:
            raise GanzooError(f"ema_decay is {ema_decay}, expected 0 <= ema_decay < 1.")
        self.ema_decay = ema_decay

    @classmethod
    def for_shape(
        cls,
        image_shape: tuple[int, ...],
        *,
        network: str,
        latent_dim: int,
        generator: dict,
        discriminator: dict,
        latent_categories: int = 0,
        **objective,
    ) -> "AdversarialModel":
        """Builds both networks of a family for one sample shape; `objective` goes to the constructor."""
        shape = tuple(image_shape)
        generator = generator | {"latent_categories": latent_categories, "distribution": cls.latent_distribution}
        return cls(
            categories.generator(network, latent_dim, shape, **generator),
            networks.family(network).discriminator(shape, **discriminator),
            **objective,
        )

    @property
    def generator_variables(self) -> list:
        return self.generator.trainable_variables

    @property
    def discriminator_variables(self) -> list:
        return self.discriminator.trainable_variables

    @property
    def recipe_dataset(self) -> str:
        return "gaussians25" if len(self.generator.output_shape) == 2 else "mnist_5k"

    def generate(self, draw: int, like: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        """Fakes from the latents of this step's draw number `draw` (and with `labels`), one for each row of `like`."""
        return self.generator(with_labels(self.step_latents(draw, like), *labels), training=True)

    def step_latents(self, draw: int, like: tf.Tensor) -> tf.Tensor:
        """The latents of this step's draw number `draw`, one for each row of `like`; float32 [batch, d]."""
        row_count = tf.shape(like)[0]
        seed = self.step_seed(noise.Purpose.LATENTS, draw)
        return self.latents(seed, row_count, first_row=replicas.first_row(row_count))

    def discriminate(self, samples: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        """The discriminator's logits float32 [batch], in training mode."""
        return self.discriminator(with_labels(samples, *labels), training=True)

    def apply_to_generator(self, gradients: Sequence[tf.Tensor]) -> None:
        """Takes one step of the generator's optimizer and of the moving average of the generator's weights."""
        super().apply_to_generator(gradients)
        decay = self.ema_decay_at(tf.cast(self.generator_optimizer.iterations, tf.float32))
        for average, weight in zip(self.ema_generator.weights, self.generator.weights, strict=True):
            average.assign(weight + decay * (average - weight))  # including batch norm's statistics

    def ema_decay_at(self, steps: tf.Tensor) -> tf.Tensor:
        """The decay of the moving average in the generator's step number `steps`, counted from 1; float32 []."""
        return tf.minimum(self.ema_decay, (1.0 + steps) / (10.0 + steps))

    def get_config(self) -> dict:
        return super().get_config() | {"ema_decay": self.ema_decay}
