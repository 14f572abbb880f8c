"""Progressive growing of GANs.

Karras et al., "Progressive Growing of GANs for Improved Quality, Stability, and Variation", ICLR 2018,
https://arxiv.org/abs/1710.10196, sections 2 to 4 and appendix A.
"""

import functools

import tensorflow as tf

from ganzoo.bases import replicas
from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.bases.deviations import observe
from ganzoo.bases.gradients import gradients
from ganzoo.errors import GanzooError
from ganzoo.losses import adversarial as losses
from ganzoo.losses.penalties import gradient_norms, gradient_penalty, interpolate, refuse_batch_norm
from ganzoo.networks import progressive
from ganzoo.zoo.registry import register


@register("pggan")
class ProgressiveGAN(AdversarialModel):
    """Wasserstein loss with gradient penalty, on pictures whose resolution doubles during the training.

    A level trains alone for `stable_images` reals; then the next level fades in over `fade_images` (figure 2). The last
    level has the rest of the training. The phase depends only on the step and the batch size. Networks from
    `ganzoo.networks.progressive` have several levels; other networks, as for points, have one. If a training ends
    early, pictures have the final size and the detail of the current level.

    Unlike in the authors' code, the optimizers keep their state at a new level. The moments of its layers are then 0
    while Adam's bias correction is spent, so that their first steps are 8 to 10 times the learning rate. Resetting the
    state at each level was tried and was worse (fd_digits10k 245 against 146, one seed).

    Args:
        gradient_penalty_weight: lambda of WGAN-GP; 10 in the paper.
        drift_weight: weight of E[D(x)^2] over reals, which keeps the critic's outputs near 0; .001 in the paper.
        stable_images: reals shown at each level except the last; 600,000 in the paper.
        fade_images: reals shown while a level fades in; 600,000 in the paper.

    Raises:
        GanzooError: if the critic has batch normalisation, if the networks differ in their levels, or if a phase has a
            negative number of pictures.
    """

    logged = ("critic_loss", "generator_loss", "wasserstein", "gradient_norm", "real_logits", "fake_logits", "level")
    logits_have_zero = False  # the drift term alone moves them there, and weakly

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
        """One generator step after `n_critic` critic steps, at the step's level and blend.

        Args:
            reals: float32 [n_critic * batch, ...] in [-1, 1], the same number in every step.

        Returns:
            The epoch's running means by metric name.
        """
        batches = self.critic_batches(reals)
        level = self.grow(self.images_seen(batches))
        for draw, real in enumerate(batches):
            shown = self.augment_reals(draw, self.levels.show(real))
            step = functools.partial(self.critic_step, draw=draw, real=shown)
            by_loss, deviations, logged = self.levels.at_current(step)
            self.apply_to_discriminator(by_loss)
            observe(self.levels.stddevs, deviations)

        step = functools.partial(self.generator_step, draw=self.n_critic, like=real)
        by_loss, generator_loss = self.levels.at_current(step)
        self.apply_to_generator(by_loss)

        return self.log(generator_loss=generator_loss, level=level, **logged)

    def critic_step(self, generator, critic, *, draw: int, real: tf.Tensor):
        """Gradients of the critic's loss, the minibatch deviations and the values to log, for one level's networks."""
        with self.layer_noise(draw, like=real):
            fake = self.augment_fakes(draw, generator(self.step_latents(draw, like=real), training=True))
        between = interpolate(real, fake, self.uniforms(draw, like=real))
        with tf.GradientTape() as tape:
            norms = gradient_norms(lambda samples: critic(samples, training=True)[0], between)
            real_logits, *real_deviations = critic(real, training=True)
            fake_logits, *fake_deviations = critic(fake, training=True)
            wasserstein = losses.wasserstein(real_logits, fake_logits)
            penalty, drift = gradient_penalty(norms), tf.reduce_mean(tf.square(real_logits))
            critic_loss = self.gradient_penalty_weight * penalty + self.drift_weight * drift - wasserstein
        by_loss = gradients(tape, critic_loss, self.discriminator.trainable_variables)
        logged = dict(critic_loss=critic_loss, wasserstein=wasserstein, gradient_norm=norms)
        logged |= dict(real_logits=real_logits, fake_logits=fake_logits)
        return by_loss, real_deviations + fake_deviations, logged

    def generator_step(self, generator, critic, *, draw: int, like: tf.Tensor):
        """Gradients of the generator's loss, and the loss, for one level's networks."""
        with tf.GradientTape() as tape, self.layer_noise(draw, like):
            fake = generator(self.step_latents(draw, like), training=True)
            loss = -tf.reduce_mean(critic(self.augment_fakes(draw, fake), training=True)[0])
        return gradients(tape, loss, self.generator.trainable_variables), loss

    def images_seen(self, batches: list[tf.Tensor]) -> tf.Tensor:
        """Reals shown before this step by all replicas, int64 []."""
        batch_sizes = [batch.shape[0] for batch in batches]
        if self.levels.fades and None in batch_sizes:
            raise GanzooError("phases are counted in pictures: give batches of one size, and drop the remainder.")
        return self.step * sum(batch_sizes) * replicas.count() if self.levels.fades else 0

    def alphas(self, images: int | tf.Tensor) -> list[tf.Tensor]:
        """The blends of the levels 1, 2, ..., float32 in [0, 1], after `images` reals."""
        phase, fade = self.stable_images + self.fade_images, max(self.fade_images, 1)
        begins = [self.stable_images + level * phase for level in range(len(self.levels.fades))]
        return [tf.cast(tf.clip_by_value(images - begin, 0, fade), tf.float32) / fade for begin in begins]

    def grow(self, images: int | tf.Tensor) -> tf.Tensor:
        """Sets the blends of all networks after `images` reals and returns the level; 1.5 is half-way into level 2."""
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
