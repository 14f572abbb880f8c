"""InfoGAN.

Chen et al., "InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets",
NeurIPS 2016, https://arxiv.org/abs/1606.03657, equation 6.
"""

import functools
import math

import keras
import tensorflow as tf

from ganzoo import noise
from ganzoo.bases import replicas, transforms
from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.bases.generative import Codes
from ganzoo.errors import GanzooError
from ganzoo.losses import adversarial as losses
from ganzoo.losses import information
from ganzoo.losses.penalties import logits_and_r1, refuse_batch_norm
from ganzoo.networks.layers.basic import cut, leaky_relu
from ganzoo.networks.layers.norms import normalisation
from ganzoo.zoo.registry import register

RECOGNITION_WIDTH = 128  # appendix C.1
MOVES = ("translation", "scale", "rotation")  # under which a real keeps its category
LARGEST_TURN = math.pi / 6  # so that a 6 stays a 6


@register("infogan")
class InfoGAN(AdversarialModel):
    """Part of the latents are codes. Generator and discriminator maximise the information on the codes in a sample.

    The latents are noise, a one-hot category and continuous codes, in this order. The noise is normal; in the authors'
    code it is uniform in (-1, 1). Q shares the discriminator's trunk.
    Q's head gives the category's logits and the mean of each continuous code; the standard deviation is 1, as in the
    authors' code. (A learned standard deviation shrinks until only the continuous codes count: it doubled the Frechet
    distance on digits.) The bound L_I is part of both losses, and the discriminator's optimizer also moves Q.

    Args:
        categories: K, the number of categories of the categorical code.
        continuous: the number of continuous codes, each U(-1, 1).
        information_weight: lambda of equation 6.
        invariance_weight: weight of `information.self_augmented` at reals, which the paper does not have; 0 leaves it
            out. Q then sorts reals into kinds that stay when a picture is moved: shifted, scaled, or turned by at most
            30 degrees. Q is also asked for the category of moved fakes, lest the category be a mark that Q alone sees.
            Each replica has shares of its own.
        r1_weight: weight of `penalties.logits_and_r1`, which the paper does not have; 0 leaves the penalty out.
        recognition: Q's head; None makes a new one.

    Raises:
        GanzooError: if there are fewer than two categories or no continuous code, if the discriminator has batch
            normalisation and `r1_weight` is not 0, and if points are to be invariant.
    """

    logged = (
        "discriminator_loss",
        "generator_loss",
        "category_information",
        "continuous_information",
        "real_logits",
        "fake_logits",
    )
    logits_are_log_ratio = True  # as in `gan`

    def __init__(
        self,
        *networks,
        categories: int,
        continuous: int,
        information_weight: float,
        r1_weight: float,
        invariance_weight: float = 0.0,  # models that were saved before have none
        recognition: keras.Model | None = None,
        **base,
    ):
        super().__init__(*networks, **base)
        if categories < 2 or continuous < 1:
            raise GanzooError(f"categories is {categories} and continuous {continuous}; expected at least 2 and 1.")
        self.codes = Codes(categories, continuous)
        if r1_weight:
            refuse_batch_norm(self.discriminator)
        if invariance_weight and len(self.sample_shape) != 3:
            raise GanzooError(
                f"invariance_weight is {invariance_weight}, which moves pictures, but the samples are points of "
                f"{self.sample_shape[0]} numbers. Give --config.model.invariance_weight=0."
            )
        self.information_weight, self.invariance_weight = information_weight, invariance_weight
        self.r1_weight = r1_weight
        self.recognition = recognition or recognition_head(self._cut[0].output_shape[1:], self.codes)

    @classmethod
    def for_shape(cls, image_shape, *, latent_dim: int, categories: int, continuous: int, **options) -> "InfoGAN":
        """Builds both networks; `latent_dim` counts the noise alone."""
        codes = dict(categories=categories, continuous=continuous)
        return super().for_shape(image_shape, latent_dim=latent_dim + categories + continuous, **codes, **options)

    def train_step(self, reals):
        """One generator step after `n_critic` discriminator steps, each on a fresh real batch.

        Args:
            reals: float32 [n_critic * batch, ...] in [-1, 1].

        Returns:
            The epoch's running means by metric name.
        """
        for draw, real in enumerate(self.critic_batches(reals)):
            latents = self.step_latents(draw, like=real)
            with tf.GradientTape() as generator_tape, self.layer_noise(draw, like=real):
                fake = self.generator(latents, training=True)
            with tf.GradientTape() as tape:
                real_logits, r1 = logits_and_r1(functools.partial(self.discriminate_reals, draw), real, self.r1_weight)
                fake_logits, category_info, continuous_info = self.judge(draw, tf.stop_gradient(fake), latents)
                discriminator_loss = losses.bce_discriminator(real_logits, fake_logits)
                loss = discriminator_loss + r1 - self.information_weight * (category_info + continuous_info)
                if self.invariance_weight:
                    loss -= self.invariance_weight * self.invariance(draw, real)
            self.update_discriminator(tape, loss)

        with generator_tape:
            logits, category_info, continuous_info = self.judge(self.n_critic, fake, latents)
            generator_loss = losses.non_saturating_generator(logits)
            loss = generator_loss - self.information_weight * (category_info + continuous_info)
        self.update_generator(generator_tape, loss)

        return self.log(
            discriminator_loss=discriminator_loss,
            generator_loss=generator_loss,
            category_information=category_info,
            continuous_information=continuous_info,
            real_logits=real_logits,
            fake_logits=fake_logits,
        )

    def judge(self, draw: int, fakes: tf.Tensor, latents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The fakes' logits [batch], and L_I of the category and of the continuous codes in nats (equation 5).

        L_I is H(c) plus the mean of log Q(c | x) at the fakes' own codes. With an `invariance_weight` Q sees moved
        fakes for the category. What they tell of it is a lower bound of what the fakes tell.
        """
        trunk, tail = self._cut
        fakes = self.augment_fakes(draw, fakes)
        features = trunk(fakes, training=True)
        category_logits, mean = self.recognition(features, training=True)
        if self.invariance_weight:
            moved = self._moved(noise.Purpose.MOVED_FAKES, draw, fakes)
            category_logits, _ = self.recognise(moved, training=True)
        _, category, continuous = tf.split(latents, [-1, *self.codes], axis=1)
        category_info = information.of_category(category_logits, category)
        return tail(features, training=True), category_info, information.of_continuous(mean, continuous)

    def invariance(self, draw: int, reals: tf.Tensor) -> tf.Tensor:
        """`information.self_augmented` of reals and of the same reals moved; in nats, a scalar."""
        moved = self._moved(noise.Purpose.MOVED_REALS, draw, reals)
        logits, _ = self.recognise(tf.concat([reals, moved], 0), training=True)
        return information.self_augmented(*tf.split(logits, 2))

    def _moved(self, purpose: noise.Purpose, draw: int, pictures: tf.Tensor) -> tf.Tensor:
        """Pictures moved by this step's draw number `draw`."""
        row_count = tf.shape(pictures)[0]
        seed, first_row = self.step_seed(purpose, draw), replicas.first_row(row_count)
        uniforms = noise.uniforms(seed, row_count, transforms.NUMBERS, first_row=first_row)
        return transforms.transformed(pictures, uniforms, 1.0, MOVES, largest_turn=LARGEST_TURN)

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
        return self.recognition(self._cut[0](samples, training=training), training=training)

    @property
    def noise_dim(self) -> int:
        """The number of latents that are noise."""
        return self.latent_dim - sum(self.codes)

    @property
    def discriminator_variables(self) -> list:
        return [*self.discriminator.trainable_variables, *self.recognition.trainable_variables]

    @functools.cached_property
    def _cut(self) -> tuple[keras.Model, keras.Model]:
        return cut(self.discriminator)

    def get_config(self) -> dict:
        own = {"information_weight": self.information_weight, "invariance_weight": self.invariance_weight}
        own |= {"r1_weight": self.r1_weight, **self.codes._asdict()}
        return super().get_config() | own | {"recognition": keras.saving.serialize_keras_object(self.recognition)}

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
