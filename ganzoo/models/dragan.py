"""DRAGAN: the original game with a gradient penalty around the reals.

Kodali et al., "On Convergence and Stability of GANs", 2017, https://arxiv.org/abs/1705.07215, section 2.5.
"""

import math

import tensorflow as tf

from ganzoo import noise
from ganzoo.bases import replicas
from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.losses import adversarial as losses
from ganzoo.losses.penalties import gradient_norms, gradient_penalty, interpolate, refuse_batch_norm
from ganzoo.zoo.registry import register


@register("dragan")
class DRAGAN(AdversarialModel):
    """Non-saturating GAN whose discriminator has gradients of norm 1 in the neighbourhood of reals alone.

    The paper leaves the size of the neighbourhood open. As in the authors' code, a neighbour is a random point on the
    line from a real to a perturbed real. The perturbation of each number is uniform, up to `perturbation` standard
    deviations of the batch.

    Args:
        gradient_penalty_weight: lambda; 10 in the paper.
        perturbation: .5 in the authors' code.

    Raises:
        GanzooError: if the discriminator has batch normalisation (`penalties.refuse_batch_norm`).
    """

    logged = ("discriminator_loss", "generator_loss", "gradient_norm", "real_logits", "fake_logits")
    logits_are_log_ratio = True  # up to the penalty, which only bounds the logits' slope

    def __init__(self, *networks, gradient_penalty_weight: float, perturbation: float, **base):
        super().__init__(*networks, **base)
        refuse_batch_norm(self.discriminator)
        self.gradient_penalty_weight = gradient_penalty_weight
        self.perturbation = perturbation

    def train_step(self, reals):
        """One generator step after `n_critic` discriminator steps, each on a fresh real batch.

        Args:
            reals: float32 [n_critic * batch, ...] in [-1, 1].

        Returns:
            The epoch's running means by metric name.
        """
        for draw, real in enumerate(self.critic_batches(reals)):
            with tf.GradientTape() as generator_tape:
                fake = self.generate(draw, like=real)
            real = self.augment_reals(draw, real)
            neighbours = self.neighbours(draw, real)
            with tf.GradientTape() as tape:
                norms = gradient_norms(self.discriminate, neighbours)
                real_logits = self.discriminate(real)
                fake_logits = self.discriminate_fakes(draw, tf.stop_gradient(fake))
                discriminator_loss = losses.bce_discriminator(real_logits, fake_logits)
                discriminator_loss += self.gradient_penalty_weight * gradient_penalty(norms)
            self.update_discriminator(tape, discriminator_loss)

        with generator_tape:
            generator_loss = losses.non_saturating_generator(self.discriminate_fakes(self.n_critic, fake))
        self.update_generator(generator_tape, generator_loss)

        return self.log(
            discriminator_loss=discriminator_loss,
            generator_loss=generator_loss,
            gradient_norm=norms,
            real_logits=real_logits,
            fake_logits=fake_logits,
        )

    def neighbours(self, draw: int, real: tf.Tensor) -> tf.Tensor:
        """A point near each real, float32 [batch, ...]."""
        seed = self.step_seed(noise.Purpose.PERTURBATIONS, draw)
        row_count = tf.shape(real)[0]
        numbers = noise.uniforms(seed, row_count, math.prod(real.shape[1:]), first_row=replicas.first_row(row_count))
        deviation = replicas.standard_deviation(real)
        perturbed = real + self.perturbation * deviation * tf.reshape(numbers, tf.shape(real))
        return interpolate(perturbed, real, self.uniforms(draw, like=real))

    def get_config(self) -> dict:
        own = {"gradient_penalty_weight": self.gradient_penalty_weight, "perturbation": self.perturbation}
        return super().get_config() | own
