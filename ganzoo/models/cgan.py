"""Conditional GAN.

Mirza and Osindero, "Conditional Generative Adversarial Nets", 2014, https://arxiv.org/abs/1411.1784, equation 2. The
projection discriminator comes from Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018,
https://arxiv.org/abs/1802.05637.
"""

import functools

import tensorflow as tf

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.losses import adversarial as losses
from ganzoo.losses.penalties import logits_and_r1, refuse_batch_norm
from ganzoo.networks import labelled
from ganzoo.zoo.registry import register


@register("cgan")
class ConditionalGAN(AdversarialModel):
    """The game of `gan` played within each class: both networks see the label.

    The fakes of a batch have the labels of its reals. The best discriminator's logits are log p_data(x | y)/p_g(x | y).
    The generator's step reuses the fakes of the last discriminator step, with the non-saturating loss.

    Args:
        num_classes: labels are 0, 1, ..., num_classes - 1.
        r1_weight: weight of `penalties.logits_and_r1`, which the papers do not have; 0 leaves the penalty out. Without
            it a generator that learns from a few hundred reals per class collapses to one sample per class.

    Raises:
        GanzooError: if the discriminator has batch normalisation and `r1_weight` is not 0.
    """

    logged = ("discriminator_loss", "generator_loss", "r1", "real_logits", "fake_logits")
    logits_are_log_ratio = True

    def __init__(self, *networks, num_classes: int, r1_weight: float, **base):
        super().__init__(*networks, **base)
        if r1_weight:
            refuse_batch_norm(self.discriminator)
        self.num_classes, self.r1_weight = num_classes, r1_weight

    @classmethod
    def for_shape(
        cls,
        image_shape: tuple[int, ...],
        *,
        network: str,
        latent_dim: int,
        generator: dict,
        discriminator: dict,
        conditioning: str,
        num_classes: int,
        latent_categories: int = 0,
        **objective,
    ) -> "ConditionalGAN":
        """Builds both networks of a family with labels as inputs; `conditioning` is "concatenated" or "projection"."""
        build = labelled.discriminator(conditioning)
        classes = dict(num_classes=num_classes, latent_categories=latent_categories)
        return cls(
            labelled.generator(network, latent_dim, tuple(image_shape), **classes, **generator),
            build(network, tuple(image_shape), num_classes=num_classes, **discriminator),
            num_classes=num_classes,
            **objective,
        )

    def train_step(self, data):
        """One generator step after `n_critic` discriminator steps, each on a fresh real batch.

        Args:
            data: reals float32 [n_critic * batch, ...] in [-1, 1], and their labels int64 [n_critic * batch].

        Returns:
            The epoch's running means by metric name.
        """
        for draw, (real, label) in enumerate(self.labelled_batches(data)):
            with tf.GradientTape() as generator_tape:
                fake = self.generate(draw, real, label)
            with tf.GradientTape() as tape:
                judge = functools.partial(self._judge_reals, draw, label)
                real_logits, r1 = logits_and_r1(judge, real, self.r1_weight)
                fake_logits = self.discriminate_fakes(draw, tf.stop_gradient(fake), label)
                discriminator_loss = losses.bce_discriminator(real_logits, fake_logits) + r1
            self.update_discriminator(tape, discriminator_loss)

        with generator_tape:
            generator_loss = losses.non_saturating_generator(self.discriminate_fakes(self.n_critic, fake, label))
        self.update_generator(generator_tape, generator_loss)

        return self.log(
            discriminator_loss=discriminator_loss,
            generator_loss=generator_loss,
            r1=r1,
            real_logits=real_logits,
            fake_logits=fake_logits,
        )

    def _judge_reals(self, draw: int, label: tf.Tensor, real: tf.Tensor) -> tf.Tensor:
        return self.discriminate_reals(draw, real, label)

    def get_config(self) -> dict:
        return super().get_config() | {"num_classes": self.num_classes, "r1_weight": self.r1_weight}
