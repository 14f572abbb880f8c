"""Wasserstein GAN with clipped weights.

Arjovsky et al., "Wasserstein GAN", ICML 2017, https://arxiv.org/abs/1701.07875, Algorithm 1. The schedule of
extra critic steps comes from the author's code.
"""

import tensorflow as tf

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.losses import adversarial as losses
from ganzoo.losses.penalties import clip_weights
from ganzoo.zoo.registry import register

EXTRA_CRITIC_STEPS = 100  # critic steps before one generator step of the schedule, instead of n_critic
EXTRA_AT_FIRST = 25  # so many generator steps at the start have the extra critic steps
EXTRA_EVERY = 500  # after that, every 500th generator step has them


@register("wgan")
class WassersteinGAN(AdversarialModel):
    """Critic whose weights are clipped to [-clip, clip] after each of its steps.

    Args:
        clip: c of Algorithm 1.
        extra_critic_steps: train the critic for about 100 steps (100 rounded up to a multiple of `n_critic`) before
            each of the first 25 generator steps and before every 500th. A call of `train_step` still takes `n_critic`
            critic steps; the generator waits until the extra steps are done.
    """

    logged = ("critic_loss", "generator_loss", "wasserstein", "real_logits", "fake_logits")
    logits_have_zero = False

    def __init__(self, *networks, clip: float, extra_critic_steps: bool, **base):
        super().__init__(*networks, **base)
        self.clip = clip
        self.extra_critic_steps = extra_critic_steps
        self.rounds = self.add_weight(name="rounds", shape=(), dtype="int64", initializer="zeros", trainable=False)

    def train_step(self, reals):
        """One generator step after `n_critic` critic steps, each on a fresh real batch.

        Args:
            reals: float32 [n_critic * batch, ...] in [-1, 1].

        Returns:
            The epoch's running means by metric name.
        """

        def critic_step(draw, real):
            fake = self.generate(draw, like=real)
            with tf.GradientTape() as tape:
                real_logits = self.discriminate_reals(draw, real)
                fake_logits = self.discriminate_fakes(draw, fake)
                wasserstein = losses.wasserstein(real_logits, fake_logits)
                critic_loss = -wasserstein
            self.update_discriminator(tape, critic_loss)
            clip_weights(self.discriminator.trainable_variables, self.clip)
            return dict(
                critic_loss=critic_loss, wasserstein=wasserstein, real_logits=real_logits, fake_logits=fake_logits
            )

        logged = self.critic_steps(critic_step, reals)
        with tf.GradientTape() as tape:
            fake = self.generate(self.n_critic, like=self.critic_batches(reals)[-1])
            generator_loss = -tf.reduce_mean(self.discriminate_fakes(self.n_critic, fake))
        if self.extra_critic_steps:
            self.update_generator_when_due(tape, generator_loss)
        else:
            self.update_generator(tape, generator_loss)

        return self.log(generator_loss=generator_loss, **logged)

    def update_generator_when_due(self, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        """Takes the generator's step only after the critic steps of the author's schedule."""
        taken = self.generator_optimizer.iterations
        is_long = tf.logical_or(taken < EXTRA_AT_FIRST, taken % EXTRA_EVERY == 0)
        due = tf.where(is_long, -(-EXTRA_CRITIC_STEPS // self.n_critic), 1)
        rounds = self.rounds.assign_add(1)

        # A distribution strategy allows no optimizer in a branch, so every step is taken, and undone if it is not due.
        is_due = rounds >= tf.cast(due, tf.int64)
        moved = [*self.generator.variables, *self.ema_generator.variables, *self.generator_optimizer.variables]
        before = [tf.identity(variable) for variable in moved]
        self.update_generator(tape, loss)
        for variable, value in zip(moved, before, strict=True):
            variable.assign(tf.where(is_due, variable, value))
        self.rounds.assign(tf.where(is_due, tf.zeros_like(rounds), rounds))

    def get_config(self) -> dict:
        return super().get_config() | {"clip": self.clip, "extra_critic_steps": self.extra_critic_steps}
