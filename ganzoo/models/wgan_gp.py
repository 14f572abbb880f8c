"""Wasserstein GAN with gradient penalty.

Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017, https://arxiv.org/abs/1704.00028, Algorithm 1.
"""

import tensorflow as tf

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.losses import adversarial as losses
from ganzoo.losses.penalties import gradient_norms, gradient_penalty, interpolate, refuse_batch_norm
from ganzoo.zoo.registry import register


@register("wgan_gp")
class WassersteinGANGP(AdversarialModel):
    """Critic with a penalty on its gradient's norm, equation 3.

    Args:
        gradient_penalty_weight: lambda of equation 3.
        one_sided: penalise only norms above 1 (appendix of the paper).

    Raises:
        GanzooError: if the critic has batch normalisation (`penalties.refuse_batch_norm`).
    """

    logged = ("critic_loss", "generator_loss", "wasserstein", "gradient_norm", "real_logits", "fake_logits")
    logits_have_zero = False

    def __init__(self, *networks, gradient_penalty_weight: float, one_sided: bool, **base):
        super().__init__(*networks, **base)
        refuse_batch_norm(self.discriminator)
        self.gradient_penalty_weight = gradient_penalty_weight
        self.one_sided = one_sided

    def train_step(self, reals):
        """One generator step after `n_critic` critic steps, each on a fresh real batch.

        Args:
            reals: float32 [n_critic * batch, ...] in [-1, 1].

        Returns:
            The epoch's running means by metric name.
        """

        def critic_step(draw, real):
            real, fake = self.augment_reals(draw, real), self.augment_fakes(draw, self.generate(draw, like=real))
            between = interpolate(real, fake, self.uniforms(draw, like=real))
            with tf.GradientTape() as tape:
                norms = gradient_norms(self.discriminate, between)
                real_logits, fake_logits = self.discriminate(real), self.discriminate(fake)
                wasserstein = losses.wasserstein(real_logits, fake_logits)
                penalty = gradient_penalty(norms, one_sided=self.one_sided)
                critic_loss = self.gradient_penalty_weight * penalty - wasserstein
            self.update_discriminator(tape, critic_loss)
            return dict(
                critic_loss=critic_loss,
                wasserstein=wasserstein,
                gradient_norm=norms,
                real_logits=real_logits,
                fake_logits=fake_logits,
            )

        logged = self.critic_steps(critic_step, reals)
        with tf.GradientTape() as tape:
            fake = self.generate(self.n_critic, like=self.critic_batches(reals)[-1])
            generator_loss = -tf.reduce_mean(self.discriminate_fakes(self.n_critic, fake))
        self.update_generator(tape, generator_loss)

        return self.log(generator_loss=generator_loss, **logged)

    def get_config(self) -> dict:
        own = {"gradient_penalty_weight": self.gradient_penalty_weight, "one_sided": self.one_sided}
        return super().get_config() | own
