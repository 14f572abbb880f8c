"""The original GAN.

Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, https://arxiv.org/abs/1406.2661, Algorithm 1.
"""

import tensorflow as tf

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.errors import GanzooError, did_you_mean
from ganzoo.losses import adversarial as losses
from ganzoo.zoo.registry import register

GENERATOR_LOSSES = {
    "minimax": losses.minimax_generator,
    "non_saturating": losses.non_saturating_generator,
}


@register("gan")
class GAN(AdversarialModel):
    """The discriminator minimises cross-entropy; the generator minimises equation 1 or its non-saturating form.

    `n_critic` is the paper's k. The networks work with logits; `real_probability` and `fake_probability` are the
    paper's D(x) and D(G(z)). The generator's step reuses the fakes of the last discriminator step, which saves one pass
    of the generator and leaves the objective unchanged.

    Args:
        loss: "minimax" or "non_saturating".
    """

    logged = (
        "discriminator_loss",
        "generator_loss",
        "real_probability",
        "fake_probability",
        "real_logits",
        "fake_logits",
    )
    logits_are_log_ratio = True  # the best D is p_data / (p_data + p_g), Proposition 1

    def __init__(self, *networks, loss: str, **base):
        super().__init__(*networks, **base)
        if loss not in GENERATOR_LOSSES:
            raise GanzooError(
                f"no generator loss '{loss}'.{did_you_mean(loss, GENERATOR_LOSSES)} "
                f"There are: {', '.join(GENERATOR_LOSSES)}."
            )
        self.generator_loss = loss

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
            with tf.GradientTape() as tape:
                real_logits = self.discriminate_reals(draw, real)
                fake_logits = self.discriminate_fakes(draw, tf.stop_gradient(fake))
                discriminator_loss = losses.bce_discriminator(real_logits, fake_logits)
            self.update_discriminator(tape, discriminator_loss)

        with generator_tape:
            generator_loss = GENERATOR_LOSSES[self.generator_loss](self.discriminate_fakes(self.n_critic, fake))
        self.update_generator(generator_tape, generator_loss)

        return self.log(
            discriminator_loss=discriminator_loss,
            generator_loss=generator_loss,
            real_probability=tf.sigmoid(real_logits),
            fake_probability=tf.sigmoid(fake_logits),
            real_logits=real_logits,
            fake_logits=fake_logits,
        )

    def get_config(self) -> dict:
        return super().get_config() | {"loss": self.generator_loss}
