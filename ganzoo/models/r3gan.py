"""R3GAN, the relativistic GAN with two gradient penalties.

Huang et al., "The GAN is dead; long live the GAN! A Modern Baseline GAN", NeurIPS 2024,
https://arxiv.org/abs/2501.05441, section 2. The relativistic pairing loss comes from Jolicoeur-Martineau 2019
(https://arxiv.org/abs/1807.00734), and R1 from Mescheder et al. 2018 (https://arxiv.org/abs/1801.04406).
"""

import functools

import keras
import tensorflow as tf

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.errors import GanzooError
from ganzoo.losses import adversarial as losses
from ganzoo.losses.penalties import logits_and_squared_gradients, refuse_batch_norm
from ganzoo.zoo.registry import register


@register("r3gan")
class R3GAN(AdversarialModel):
    """Each real's logit is compared with a fake's; zero-centred gradient penalties on reals (R1) and fakes (R2).

    Every discriminator step has the penalties: the paper's authors found that training fails if they are taken lazily.
    The generator's step reuses the pairs of the last discriminator step, as in `gan`.

    Args:
        gamma: weight of R1 and of R2, each halved, at the first step (gamma / 2 E|grad D|^2).
        gamma_end: weight from step `gamma_steps` on. In between the weight follows half a cosine, as in the authors'
            schedule.
        gamma_steps: number of generator steps.
        ema_half_life: generator steps in which the moving average forgets half of its past, after the burn-in; 0 uses
            `ema_decay` instead. The authors count pictures, and a step has a batch of pictures.
        ema_burn_in: generator steps in which the half-life grows from 0, by half a cosine.

    Raises:
        GanzooError: if the discriminator has batch normalisation (`penalties.refuse_batch_norm`), or if the half-life
            is negative.
    """

    logged = (
        "discriminator_loss",
        "generator_loss",
        "relativistic_loss",
        "r1",
        "r2",
        "real_logits",
        "fake_logits",
    )
    logits_are_log_ratio = True  # plus a constant, which cancels in the samplers
    logits_have_zero = False

    def __init__(
        self,
        *networks,
        gamma: float,
        gamma_end: float,
        gamma_steps: int,
        ema_half_life: float,
        ema_burn_in: int,
        **base,
    ):
        super().__init__(*networks, **base)
        refuse_batch_norm(self.discriminator)
        if ema_half_life < 0:
            raise GanzooError(f"ema_half_life is {ema_half_life}, expected 0 or more.")
        self.gamma, self.gamma_end, self.gamma_steps = gamma, gamma_end, gamma_steps
        self.ema_half_life, self.ema_burn_in = ema_half_life, ema_burn_in
        self.way_to_go = keras.optimizers.schedules.CosineDecay(1.0, gamma_steps)
        self.burn_in_to_go = keras.optimizers.schedules.CosineDecay(1.0, ema_burn_in)

    def train_step(self, reals):
        """One generator step after `n_critic` discriminator steps, each on a fresh real batch.

        Args:
            reals: float32 [n_critic * batch, ...] in [-1, 1].

        Returns:
            The epoch's running means by metric name.
        """
        gamma = self.gamma_at(self.step)
        for draw, real in enumerate(self.critic_batches(reals)):
            with tf.GradientTape() as generator_tape:
                fake = self.generate(draw, like=real)
            with tf.GradientTape() as tape:
                pairs = tf.concat([real, tf.stop_gradient(fake)], 0)
                logits, penalties = logits_and_squared_gradients(functools.partial(self.judge, draw), pairs)
                (real_logits, fake_logits), (r1, r2) = tf.split(logits, 2), tf.split(penalties, 2)
                relativistic_loss = losses.relativistic(real_logits, fake_logits)
                discriminator_loss = relativistic_loss + gamma / 2 * tf.reduce_mean(r1 + r2)
            self.update_discriminator(tape, discriminator_loss)

        real_logits = self.discriminate_reals(self.n_critic, real)
        with generator_tape:
            fake_logits = self.discriminate_fakes(self.n_critic, fake)
            generator_loss = losses.relativistic(fake_logits, real_logits)
        self.update_generator(generator_tape, generator_loss)

        return self.log(
            discriminator_loss=discriminator_loss,
            generator_loss=generator_loss,
            relativistic_loss=relativistic_loss,
            r1=r1,
            r2=r2,
            real_logits=real_logits,
            fake_logits=fake_logits,
        )

    def judge(self, draw: int, pairs: tf.Tensor) -> tf.Tensor:
        """The logits float32 [2 batch] of reals and then of as many fakes, in one pass."""
        if self.augmentation is not None:
            real, fake = tf.split(pairs, 2)
            pairs = tf.concat([self.augment_reals(draw, real), self.augment_fakes(draw, fake)], 0)
        return self.discriminate(pairs)

    def gamma_at(self, step: int | tf.Tensor) -> tf.Tensor:
        """The weight of the penalties at a generator step, float32 []."""
        return self.gamma_end + (self.gamma - self.gamma_end) * self.way_to_go(step)

    def ema_decay_at(self, steps: tf.Tensor) -> tf.Tensor:
        """The decay in the generator's step number `steps`: 2^(-1 / half-life), or 0 for half-life 0; float32 []."""
        if not self.ema_half_life:
            return super().ema_decay_at(steps)
        half_life = self.ema_half_life * (1.0 - self.burn_in_to_go(steps))
        return tf.pow(0.5, 1.0 / tf.maximum(half_life, 1e-8))

    def get_config(self) -> dict:
        gamma = {"gamma": self.gamma, "gamma_end": self.gamma_end, "gamma_steps": self.gamma_steps}
        ema = {"ema_half_life": self.ema_half_life, "ema_burn_in": self.ema_burn_in}
        return super().get_config() | gamma | ema
