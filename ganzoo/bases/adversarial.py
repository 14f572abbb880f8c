"""The base of every model that samples from latents. A model's `train_step` then holds only its paper's algorithm."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import keras
import tensorflow as tf

from ganzoo import networks, noise
from ganzoo.bases import replicas, transforms
from ganzoo.bases.augmentation import Augmentation
from ganzoo.bases.generative import GenerativeModel, layers_with_weights, with_labels
from ganzoo.bases.stepped import TwoOptimizerModel
from ganzoo.errors import GanzooError
from ganzoo.networks import categories
from ganzoo.networks.layers.modulated import fresh_noise
from ganzoo.zoo import values

# The values that each policy that augments logs: the paper's p, and its r_t, the mean sign of the reals' logits.
AUGMENTATION_LOGS = {"fixed": ("augment_probability",), "ada": ("augment_probability", "real_sign")}


class AdversarialModel(GenerativeModel, TwoOptimizerModel):
    """A generative model in training, with the moving average of its generator.

    Args:
        generator: built Keras model, latents float32 [batch, d] to samples float32 [batch, ...].
        discriminator: built Keras model, samples to logits float32 [batch].
        n_critic: discriminator steps for each generator step, each on a fresh batch of reals.
        ema_decay: decay per step of the moving average over the generator's weights, in [0, 1); 0 keeps no memory. The
            decay rises as (1 + step) / (10 + step) at first, so that a short run forgets its beginning.
        seed: the seed of all randomness in training.
        augment: the options of `augmentation.Augmentation`, as in a recipe's `config.augment`: random transforms of the
            pictures that the discriminator sees in training. None and the policies "none" and "auto" are without them:
            `auto` is decided by the number of pictures, which a run knows and a model does not.
        freeze_discriminator: the number of the discriminator's first layers with weights that do not train (FreezeD: Mo
            et al. 2020, "Freeze the Discriminator", https://arxiv.org/abs/2002.10964). They hold what a discriminator
            that was trained before knows of pictures; few pictures cannot teach it again. Embeddings of labels are not
            counted. A frozen batch norm keeps its moving averages and uses them.

    Raises:
        GanzooError: for a decay out of its range, for augmentation of points, for adaptive augmentation of a model that
            does not log its logits, and if no layer of the discriminator is left to train.
    """

    latent_distribution: ClassVar[str] = "normal"  # or "uniform" on [-1, 1]
    logits_are_log_ratio: ClassVar[bool] = False  # whether the best discriminator gives log p_data/p_g + constant
    logits_have_zero: ClassVar[bool] = True  # whether logit 0 divides reals from fakes; else only differences count

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        n_critic: int,
        ema_decay: float,
        seed: int = 0,
        augment: Mapping | None = None,
        freeze_discriminator: int = 0,
        name: str | None = None,
    ):
        options = {"policy": "none"} if augment is None else dict(augment)
        values.check({"augment": options})
        also_logged = AUGMENTATION_LOGS.get(options["policy"], ())
        base = dict(n_critic=n_critic, seed=seed, name=name, also_logged=also_logged)
        super().__init__(generator, discriminator, **base)
        self.augmentation = self._augmentation(options)
        if not 0.0 <= ema_decay < 1.0:
            raise GanzooError(f"ema_decay is {ema_decay}, expected 0 <= ema_decay < 1.")
        self.ema_decay = ema_decay
        self.freeze_discriminator = freeze_discriminator
        count = len(self._layers_of_samples())
        if freeze_discriminator and freeze_discriminator >= count:
            raise GanzooError(
                f"freeze_discriminator is {freeze_discriminator}, and the discriminator has {count} layers with "
                f"weights, of which the last must train: give at most {count - 1}."
            )
        for layer in self.frozen_layers:
            layer.trainable = False

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

    def _augmentation(self, options: Mapping) -> Augmentation | None:
        if options["policy"] not in AUGMENTATION_LOGS:
            return None
        transforms.refuse_points("augment.policy", options["policy"], "none", self.sample_shape)
        if options["policy"] == "ada" and not {"real_logits", "fake_logits"} <= set(self.logged):
            raise GanzooError(
                f"config.augment.policy is 'ada', which reads real_logits and fake_logits, and {type(self).__name__} "
                "does not log them. Add both to `logged` and to `log`, or set config.augment.policy=fixed."
            )
        return Augmentation(**options)

    @property
    def frozen_layers(self) -> list[keras.layers.Layer]:
        """The layers of the discriminator that do not train."""
        return self._layers_of_samples()[: self.freeze_discriminator]

    def _layers_of_samples(self) -> list[keras.layers.Layer]:
        """The discriminator's layers with weights. An embedding knows the classes of its data, nothing of pictures."""
        return [
            layer for layer in layers_with_weights(self.discriminator) if not isinstance(layer, keras.layers.Embedding)
        ]

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
        with self.layer_noise(draw, like):
            return self.generator(with_labels(self.step_latents(draw, like), *labels), training=True)

    def layer_noise(self, draw: int | tf.Tensor, like: tf.Tensor) -> contextlib.AbstractContextManager:
        """The context of a generator's pass in training: layers with noise draw it for this step and draw."""
        first_row = replicas.first_row(tf.shape(like)[0])
        return fresh_noise(noise.stream(self.step_seed(noise.Purpose.LAYER_NOISE, draw), first_row))

    def step_latents(self, draw: int, like: tf.Tensor, purpose: noise.Purpose = noise.Purpose.LATENTS) -> tf.Tensor:
        """The latents of this step's draw number `draw`, one for each row of `like`; float32 [batch, d]."""
        row_count = tf.shape(like)[0]
        seed = self.step_seed(purpose, draw)
        return self.latents(seed, row_count, first_row=replicas.first_row(row_count))

    def discriminate(self, samples: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        """The discriminator's logits float32 [batch], in training mode, of samples as they are.

        Objectives use `discriminate_reals` and `discriminate_fakes`, and this where samples are augmented already.
        """
        return self.discriminator(with_labels(samples, *labels), training=True)

    def discriminate_reals(self, draw: int | tf.Tensor, reals: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        """The logits float32 [batch] of reals, augmented by this step's draw number `draw`."""
        return self.discriminate(self.augment_reals(draw, reals), *labels)

    def discriminate_fakes(self, draw: int | tf.Tensor, fakes: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        """The logits float32 [batch] of fakes, augmented by this step's draw number `draw`."""
        return self.discriminate(self.augment_fakes(draw, fakes), *labels)

    def augment_reals(self, draw: int | tf.Tensor, reals: tf.Tensor) -> tf.Tensor:
        """Reals as the discriminator sees them; without augmentation the reals themselves."""
        return self._augmented(noise.Purpose.AUGMENTED_REALS, draw, reals)

    def augment_fakes(self, draw: int | tf.Tensor, fakes: tf.Tensor) -> tf.Tensor:
        """Fakes as the discriminator sees them: transformed as reals are, by other random numbers."""
        return self._augmented(noise.Purpose.AUGMENTED_FAKES, draw, fakes)

    def _augmented(self, purpose: noise.Purpose, draw: int | tf.Tensor, samples: tf.Tensor) -> tf.Tensor:
        if self.augmentation is None:
            return samples
        self.augmentation.is_used = True
        first_row = replicas.first_row(tf.shape(samples)[0])
        return self.augmentation.augment(samples, self.step_seed(purpose, draw), first_row)

    def critic_steps(self, step: Callable[..., dict[str, tf.Tensor]], *data: tf.Tensor) -> dict[str, tf.Tensor]:
        """As in `TwoOptimizerModel`; the signs of the reals' logits are taken within the loop."""
        return super().critic_steps(lambda draw, *batch: self._with_signs(step(draw, *batch)), *data)

    def log(self, **logged: tf.Tensor) -> dict[str, tf.Tensor]:
        """As in `TwoOptimizerModel`; the probability of augmentation adapts to the step."""
        if self.augmentation is None:
            return super().log(**logged)
        if not self.augmentation.is_used:
            raise GanzooError(
                f"config.augment.policy is not none, and {type(self).__name__} augments nothing: let its `train_step` "
                "call `discriminate_reals` and `discriminate_fakes` in place of `discriminate`."
            )
        logged = self._with_signs(logged) | {"augment_probability": self.augmentation.probability}
        if self.augmentation.is_adaptive:
            images = self.n_critic * replicas.count() * logged.pop("real_count")
            logged["real_sign"] = replicas.mean(tf.reduce_mean(logged["real_sign"]))
            self.augmentation.adapt(logged["real_sign"], self.step, images)
        return super().log(**logged)

    def _with_signs(self, logged: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """A discriminator step's values with the signs of its reals' logits and their number, unless they have them."""
        if self.augmentation is None or not self.augmentation.is_adaptive or "real_sign" in logged:
            return logged
        logits = logged["real_logits"] if self.logits_have_zero else logged["real_logits"] - logged["fake_logits"]
        return logged | {"real_sign": tf.sign(logits), "real_count": tf.cast(tf.size(logits), tf.float32)}

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
        augment = {} if self.augmentation is None else {"augment": self.augmentation.options}
        own = {"ema_decay": self.ema_decay, "freeze_discriminator": self.freeze_discriminator}
        return super().get_config() | own | augment
