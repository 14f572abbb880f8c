"""Progressive growing of GANs.

Karras et al., "Progressive Growing of GANs for Improved Quality, Stability, and Variation", ICLR 2018,
https://arxiv.org/abs/1710.10196, sections 2 to 4 and appendix A.
"""

import functools

import tensorflow as tf

from ganzoo.bases import replicas
from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.errors import GanzooError
from ganzoo.losses import adversarial as losses
from ganzoo.losses.penalties import gradient_norms, gradient_penalty, interpolate, refuse_batch_norm
from ganzoo.networks import progressive
from ganzoo.zoo.registry import register

MEMORY = 0.99  # decay per step of the discriminator's average of minibatch deviations


@register("pggan")
class ProgressiveGAN(AdversarialModel):
    """Wasserstein loss with gradient penalty, on pictures whose resolution doubles as the training goes on.

    A level trains alone for `stable_images` reals, then the next one is faded in over `fade_images` (figure 2), and so
    on; the last level has the rest of the training. The phase is a function of the step and the batch size alone. The
    networks are those of `ganzoo.networks.progressive`; any others, as for points, are a single level. A training that
    ends earlier leaves pictures of the final size that show the level it had got to. Unlike in the authors' code the
    optimizers are not reset at a new level.

    Args:
        gradient_penalty_weight: lambda of WGAN-GP, the paper's 10.
        drift_weight: of E[D(x)^2] over reals, which holds the critic's outputs near 0; the paper's .001.
        stable_images: reals shown at each level but the last; the paper's 600,000.
        fade_images: reals shown while a level is faded in; the paper's 600,000.

    Raises:
        GanzooError: if the critic has batch normalisation, if the networks differ in their levels, and for phases of
            fewer than 0 pictures.
    """

    logged = ("critic_loss", "generator_loss", "wasserstein", "gradient_norm", "real_logits", "fake_logits", "level")

    def __init__(
        self,
        *networks,
        gradient_penalty_weight: float,
        drift_weight: float,
        stable_images: int,
        fade_images: int,
        **base,
    ):
        super().__init__(*networks, **base)
        refuse_batch_norm(self.discriminator)
        if min(stable_images, fade_images) < 0:
            raise GanzooError(f"phases of {stable_images} and {fade_images} pictures; they have at least 0.")
        self.gradient_penalty_weight, self.drift_weight = gradient_penalty_weight, drift_weight
        self.stable_images, self.fade_images = stable_images, fade_images
        self.levels = progressive.Levels(self.generator, self.discriminator)
        self.grow(0)

    def train_step(self, reals):
        """One generator step after `n_critic` critic steps, at the level and blend that the step has reached.

        Args:
            reals: float32 [n_critic * batch, ...] in [-1, 1], always as many.

        Returns:
            The epoch's running means by metric name.
        """
        batches = self.critic_batches(reals)
        level = self.grow(self.images_seen(batches))
        for draw, real in enumerate(batches):
            step = functools.partial(self.critic_step, draw=draw, real=self.levels.show(real))
            gradients, deviations, logged = self.levels.at_current(step)
            self.apply_to_discriminator(gradients)
            for stddev in self.levels.stddevs:
                stddev.observe(replicas.mean(tf.reduce_mean(deviations)), MEMORY)

        step = functools.partial(self.generator_step, draw=self.n_critic, like=real)
        gradients, generator_loss = self.levels.at_current(step)
        self.apply_to_generator(gradients)

        return self.log(generator_loss=generator_loss, level=level, **logged)

    def critic_step(self, generator, critic, *, draw: int, real: tf.Tensor):
        """Gradients of the critic's loss, the minibatch deviations and what is logged, by the networks of one level."""
        fake = generator(self.step_latents(draw, like=real), training=True)
        between = interpolate(real, fake, self.uniforms(draw, like=real))
        with tf.GradientTape() as tape:
            norms = gradient_norms(lambda samples: critic(samples, training=True)[0], between)
            real_logits, *real_deviations = critic(real, training=True)
            fake_logits, *fake_deviations = critic(fake, training=True)
            wasserstein = losses.wasserstein(real_logits, fake_logits)
            penalty, drift = gradient_penalty(norms), tf.reduce_mean(tf.square(real_logits))
            critic_loss = self.gradient_penalty_weight * penalty + self.drift_weight * drift - wasserstein
        gradients = _gradients(tape, critic_loss, self.discriminator.trainable_variables)
        logged = dict(critic_loss=critic_loss, wasserstein=wasserstein, gradient_norm=norms)
        logged |= dict(real_logits=real_logits, fake_logits=fake_logits)
        return gradients, real_deviations + fake_deviations, logged

    def generator_step(self, generator, critic, *, draw: int, like: tf.Tensor):
        """Gradients of the generator's loss, and the loss, by the networks of one level."""
        with tf.GradientTape() as tape:
            fake = generator(self.step_latents(draw, like), training=True)
            loss = -tf.reduce_mean(critic(fake, training=True)[0])
        return _gradients(tape, loss, self.generator.trainable_variables), loss

    def images_seen(self, batches: list[tf.Tensor]) -> tf.Tensor:
        """Reals shown before this step by all replicas, int64 []."""
        rows = [batch.shape[0] for batch in batches]
        if self.levels.fades and None in rows:
            raise GanzooError("phases are counted in pictures: give batches of one size, and drop the remainder.")
        return self.step * sum(rows) * replicas.count() if self.levels.fades else 0

    def alphas(self, images: int | tf.Tensor) -> list[tf.Tensor]:
        """How far the levels 1, 2, ... are faded in once a number of reals has been shown: float32 in [0, 1]."""
        phase, fade = self.stable_images + self.fade_images, max(self.fade_images, 1)
        begins = [self.stable_images + level * phase for level in range(len(self.levels.fades))]
        return [tf.cast(tf.clip_by_value(images - begin, 0, fade), tf.float32) / fade for begin in begins]

    def grow(self, images: int | tf.Tensor) -> tf.Tensor:
        """Sets the blends of all networks for a number of reals shown; returns the level, 1.5 half-way into level 2."""
        alphas = self.alphas(images)
        for network in (self.generator, self.discriminator, self.ema_generator):
            for fade, alpha in zip(progressive.fades(network), alphas, strict=True):
                fade.alpha.assign(alpha)
        return tf.add_n(alphas) if alphas else tf.constant(0.0)

    def get_config(self) -> dict:
        return super().get_config() | {
            "gradient_penalty_weight": self.gradient_penalty_weight,
            "drift_weight": self.drift_weight,
            "stable_images": self.stable_images,
            "fade_images": self.fade_images,
        }


def _gradients(tape: tf.GradientTape, loss: tf.Tensor, variables: list) -> list[tf.Tensor]:
    """Zeros for the layers of other levels, which Adam then leaves where they are."""
    found = tape.gradient(loss, variables)
    return [tf.zeros_like(v) if g is None else g for g, v in zip(found, variables, strict=True)]
