"""InfoGAN.

Chen et al., "InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets",
NeurIPS 2016, https://arxiv.org/abs/1606.03657, equation 6.
"""

import functools
import math

import tensorflow as tf

from ganzoo import noise
from ganzoo.bases import replicas, transforms
from ganzoo.bases.coded import CodedModel
from ganzoo.losses import adversarial as losses
from ganzoo.losses import information
from ganzoo.losses.penalties import logits_and_r1, refuse_batch_norm
from ganzoo.zoo.registry import register

MOVES = ("translation", "scale", "rotation")  # under which a real keeps its category
LARGEST_TURN = math.pi / 6  # so that a 6 stays a 6


@register("infogan")
class InfoGAN(CodedModel):
    """Part of the latents are codes. Generator and discriminator maximise the information on the codes in a sample.

    In the authors' code the noise is uniform in (-1, 1), not normal. Q's head gives the category's logits and the mean
    of each continuous code; the standard deviation is 1, as in the authors' code. (A learned standard deviation shrinks
    until only the continuous codes count: it doubled the Frechet distance on digits.) The bound L_I is part of both
    losses.

    Args:
        information_weight: lambda of equation 6.
        invariance_weight: weight of `information.self_augmented` at reals, which the paper does not have; 0 leaves it
            out. Q then sorts reals into kinds that stay when a picture is moved: shifted, scaled, or turned by at most
            30 degrees. Q is also asked for the category of moved fakes, lest the category be a mark that Q alone sees.
            Each replica has shares of its own.
        r1_weight: weight of `penalties.logits_and_r1`, which the paper does not have; 0 leaves the penalty out.

    Raises:
        GanzooError: if the discriminator has batch normalisation and `r1_weight` is not 0, and if points are to be
            invariant.
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
        information_weight: float,
        r1_weight: float,
        invariance_weight: float = 0.0,  # models that were saved before have none
        **coded,
    ):
        super().__init__(*networks, **coded)
        if r1_weight:
            refuse_batch_norm(self.discriminator)
        if invariance_weight:
            transforms.refuse_points("model.invariance_weight", invariance_weight, 0, self.sample_shape)
        self.information_weight, self.r1_weight = information_weight, r1_weight
        self.invariance_weight = invariance_weight

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
        trunk, tail = self.trunk_and_tail
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
        seed, first_row = self.step_seed(purpose, draw), replicas.first_row(tf.shape(pictures)[0])
        return transforms.at_random(pictures, seed, first_row, 1.0, MOVES, largest_turn=LARGEST_TURN)

    def get_config(self) -> dict:
        own = {"information_weight": self.information_weight, "invariance_weight": self.invariance_weight}
        return super().get_config() | own | {"r1_weight": self.r1_weight}
