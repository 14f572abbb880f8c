"""Least squares GAN.

Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, https://arxiv.org/abs/1611.04076, section 3.
"""

import tensorflow as tf

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.errors import GanzooError
from ganzoo.losses import adversarial as losses
from ganzoo.zoo.registry import register


@register("lsgan")
class LeastSquaresGAN(AdversarialModel):
    """Both networks minimise the squared distance of the discriminator's outputs from targets, equation 2.

    The best discriminator is D(x) = (b p_data + a p_g) / (p_data + p_g), equation 5. Its outputs have no sigmoid. The
    generator's step reuses the fakes of the last discriminator step, as in `gan`.

    Args:
        targets: a, b and c of the paper: the discriminator's target for fakes, its target for reals, and the
            generator's target for fakes. (0, 1, 1) is equation 9. (-1, 1, 0) is equation 8; the generator then
            minimises Pearson's chi^2 divergence between p_data + p_g and 2 p_g, equation 7.
    """

    logged = ("discriminator_loss", "generator_loss", "real_logits", "fake_logits")
    logits_have_zero = False  # reals and fakes are divided halfway between their targets

    def __init__(self, *networks, targets: tuple[float, float, float], **base):
        super().__init__(*networks, **base)
        if len(targets) != 3 or targets[0] == targets[1]:
            raise GanzooError(
                f"targets are {tuple(targets)}, expected one for fakes, another for reals and one for the generator, "
                "such as (0, 1, 1) or (-1, 1, 0)."
            )
        self.targets = tuple(targets)

    def train_step(self, reals):
        """One generator step after `n_critic` discriminator steps, each on a fresh real batch.

        Args:
            reals: float32 [n_critic * batch, ...] in [-1, 1].

        Returns:
            The epoch's running means by metric name.
        """
        a, b, c = self.targets
        for draw, real in enumerate(self.critic_batches(reals)):
            with tf.GradientTape() as generator_tape:
                fake = self.generate(draw, like=real)
            with tf.GradientTape() as tape:
                real_logits = self.discriminate_reals(draw, real)
                fake_logits = self.discriminate_fakes(draw, tf.stop_gradient(fake))
                discriminator_loss = losses.least_squares(real_logits, b) + losses.least_squares(fake_logits, a)
            self.update_discriminator(tape, discriminator_loss)

        with generator_tape:
            generator_loss = losses.least_squares(self.discriminate_fakes(self.n_critic, fake), c)
        self.update_generator(generator_tape, generator_loss)

        return self.log(
            discriminator_loss=discriminator_loss,
            generator_loss=generator_loss,
            real_logits=real_logits,
            fake_logits=fake_logits,
        )

    def get_config(self) -> dict:
        return super().get_config() | {"targets": self.targets}
