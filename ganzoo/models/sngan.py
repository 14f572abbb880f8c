"""Spectrally normalised GAN.

Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018,
https://arxiv.org/abs/1802.05957, Algorithm 1, with the hinge loss of its equations 16 and 17.
"""

import keras
import tensorflow as tf

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.errors import GanzooError
from ganzoo.losses import adversarial as losses
from ganzoo.networks.layers.spectral import SpectralLayer, power_iteration
from ganzoo.zoo.registry import register


@register("sngan")
class SpectralNormalizationGAN(AdversarialModel):
    """Hinge loss, and a discriminator whose every kernel is divided by its largest singular value.

    The normalisation is in the networks (`ganzoo.networks.layers.spectral`). This class takes one step of its power
    iteration in each discriminator step. Passes through the discriminator leave the iteration's vectors unchanged.

    Raises:
        GanzooError: if a layer of the discriminator has weights without spectral normalisation.
    """

    logged = ("discriminator_loss", "generator_loss", "real_logits", "fake_logits")

    def __init__(self, *networks, **base):
        super().__init__(*networks, **base)
        free = [
            layer.name
            for layer in self.discriminator.layers
            if layer.trainable_weights and not isinstance(layer, SpectralLayer | keras.Model)
        ]
        if free:
            raise GanzooError(
                f"the discriminator's layers {', '.join(free)} are not spectrally normalised. Use "
                "--config.model.network=spectral_mlp for points, and norm='spectral' for pictures."
            )

    def train_step(self, reals):
        """One generator step after `n_critic` discriminator steps, each on a fresh real batch.

        Args:
            reals: float32 [n_critic * batch, ...] in [-1, 1].

        Returns:
            The epoch's running means by metric name.
        """

        def discriminator_step(draw, real):
            fake = self.generate(draw, like=real)
            power_iteration(self.discriminator)
            with tf.GradientTape() as tape:
                real_logits = self.discriminate_reals(draw, real)
                fake_logits = self.discriminate_fakes(draw, fake)
                discriminator_loss = losses.hinge_discriminator(real_logits, fake_logits)
            self.update_discriminator(tape, discriminator_loss)
            return dict(discriminator_loss=discriminator_loss, real_logits=real_logits, fake_logits=fake_logits)

        logged = self.critic_steps(discriminator_step, reals)
        with tf.GradientTape() as tape:
            fake = self.generate(self.n_critic, like=self.critic_batches(reals)[-1])
            generator_loss = -tf.reduce_mean(self.discriminate_fakes(self.n_critic, fake))
        self.update_generator(tape, generator_loss)

        return self.log(generator_loss=generator_loss, **logged)
