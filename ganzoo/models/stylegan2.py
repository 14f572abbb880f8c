"""StyleGAN2: the non-saturating game with lazy regularisation, on style-based networks.

Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020, https://arxiv.org/abs/1912.04958,
sections 3.1, 3.2 and appendix B. R1 comes from Mescheder et al. 2018 (https://arxiv.org/abs/1801.04406).
"""

import functools
import math
from collections.abc import Callable

import tensorflow as tf

from ganzoo import noise
from ganzoo.bases import replicas
from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.bases.deviations import observe
from ganzoo.bases.gradients import gradients, is_due, regularised_lazily
from ganzoo.losses import adversarial as losses
from ganzoo.losses.penalties import logits_and_r1, path_lengths, refuse_batch_norm
from ganzoo.networks import style
from ganzoo.networks.layers.equalized import minibatch_stddevs, with_deviations
from ganzoo.zoo.registry import register

LENGTH_MEMORY = 0.99  # decay of the mean path length at each of the steps that regularise


@register("stylegan2")
class StyleGAN2(AdversarialModel):
    """R1 at every `r1_interval`-th step, path lengths at every `path_length_interval`-th, and mixed styles.

    A generator of another family, as for points, has one style: its latents.

    The authors' optimizers take an extra step for a regulariser, and scale their constants for it. Here the
    regulariser, times its interval, is part of that step's loss, because a distribution strategy allows no optimizer in
    a branch. The authors regularise path lengths on half of the batch; here it is the whole batch, so that a step does
    not depend on the number of devices.

    Args:
        r1_weight: gamma, halved (gamma / 2 E|grad D|^2); on average over the steps.
        r1_interval: generator steps from one R1 to the next; 16 in the paper.
        path_length_weight: weight of E(|J^T y| - a)^2, on average over the steps; 2 in the authors' code.
        path_length_interval: generator steps from one path length to the next; 8 in the paper.
        style_mixing: the probability that a fake has two styles in training; .9 in the paper.

    Raises:
        GanzooError: if the discriminator has batch normalisation (`penalties.refuse_batch_norm`).
    """

    logged = ("discriminator_loss", "generator_loss", "r1", "path_length", "real_logits", "fake_logits")
    logits_are_log_ratio = True  # up to R1, which only bounds the logits' slope

    def __init__(
        self,
        *networks,
        r1_weight: float,
        r1_interval: int,
        path_length_weight: float,
        path_length_interval: int,
        style_mixing: float,
        **base,
    ):
        super().__init__(*networks, **base)
        refuse_batch_norm(self.discriminator)
        self.r1_weight, self.r1_interval = r1_weight, r1_interval
        self.path_length_weight, self.path_length_interval = path_length_weight, path_length_interval
        self.style_mixing = style_mixing
        self.path_length = self.add_weight(  # a, the moving mean of the lengths
            name="path_length", shape=(), initializer="zeros", trainable=False, aggregation="only_first_replica"
        )

    def train_step(self, reals):
        """One generator step after `n_critic` discriminator steps, each on a fresh real batch.

        Args:
            reals: float32 [n_critic * batch, ...] in [-1, 1].

        Returns:
            The epoch's running means by metric name. `r1` is 0 in steps without R1.
        """
        for draw, real in enumerate(self.critic_batches(reals)):
            fake = self.generate(draw, like=real)
            with tf.GradientTape() as tape:
                real_logits, *real_deviations = self.judge(self.augment_reals(draw, real), training=True)
                fake_logits, *fake_deviations = self.judge(self.augment_fakes(draw, fake), training=True)
                discriminator_loss = losses.bce_discriminator(real_logits, fake_logits)
            variables = self.discriminator_variables
            by_loss, r1 = regularised_lazily(
                gradients(tape, discriminator_loss, variables),
                variables,
                self.step,
                self.r1_interval if self.r1_weight else 0,
                functools.partial(self.r1, draw, real),
            )
            self.apply_to_discriminator(by_loss)
            observe(minibatch_stddevs(self.discriminator), real_deviations + fake_deviations)

        with tf.GradientTape() as tape:
            fake = self.generate(self.n_critic, like=real)
            generator_loss = losses.non_saturating_generator(self.discriminate_fakes(self.n_critic, fake))
        variables = self.generator_variables
        by_loss, length = regularised_lazily(
            gradients(tape, generator_loss, variables),
            variables,
            self.step,
            self.path_length_interval if self.path_length_weight else 0,
            functools.partial(self.path_regulariser, self.n_critic + 1, fake),
        )
        self.apply_to_generator(by_loss)
        if self.path_length_weight:
            mean = LENGTH_MEMORY * self.path_length + (1.0 - LENGTH_MEMORY) * replicas.mean(length)
            self.path_length.assign(tf.where(is_due(self.step, self.path_length_interval), mean, self.path_length))

        return self.log(
            discriminator_loss=discriminator_loss,
            generator_loss=generator_loss,
            r1=r1,
            path_length=self.path_length,
            real_logits=real_logits,
            fake_logits=fake_logits,
        )

    def generate(self, draw: int, like: tf.Tensor) -> tf.Tensor:
        """Fakes of this step's draw number `draw`, one for each row of `like`; some have two styles."""
        with self.layer_noise(draw, like):
            return self.parts.synthesis(self.styles(draw, like), training=True)

    def styles(self, draw: int, like: tf.Tensor) -> tf.Tensor:
        """The styles of this step's draw number `draw`, float32 [batch, layers, style_dim]."""
        mapping, _, layers = self.parts
        coarse = mapping(self.step_latents(draw, like))
        if not self.style_mixing or layers == 1:
            return tf.repeat(coarse[:, None], layers, axis=1)
        row_count = tf.shape(like)[0]
        fine = mapping(self.step_latents(draw, like, noise.Purpose.FINE_LATENTS))
        seed, first_row = self.step_seed(noise.Purpose.CROSSOVERS, draw), replicas.first_row(row_count)
        uniforms = noise.uniforms(seed, row_count, 2, first_row=first_row)
        return style.mixed(coarse, fine, style.crossovers(uniforms, self.style_mixing, layers), layers)

    def r1(self, draw: int, real: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """gamma / 2 E|grad D|^2 at the reals, twice: as a loss and to log."""
        _, r1 = logits_and_r1(functools.partial(self.discriminate_reals, draw), real, self.r1_weight)
        return r1, r1

    def path_regulariser(self, draw: int, like: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The weighted E(|J^T y| - a)^2 over fresh latents, and the mean length; `a` is the mean of earlier steps."""
        row_count = tf.shape(like)[0]
        seed, first_row = self.step_seed(noise.Purpose.PATH_DIRECTIONS, draw), replicas.first_row(row_count)
        directions = noise.normal(seed, row_count, math.prod(like.shape[1:]), first_row=first_row)
        with self.layer_noise(draw, like):
            synthesis = functools.partial(self.parts.synthesis, training=True)
            lengths = path_lengths(synthesis, self.styles(draw, like), tf.reshape(directions, tf.shape(like)))
        return self.path_length_weight * tf.reduce_mean(tf.square(lengths - self.path_length)), tf.reduce_mean(lengths)

    @functools.cached_property
    def parts(self) -> style.Parts:
        """The generator's mapping and synthesis."""
        whole = style.Parts(tf.identity, lambda styles, training: self.generator(styles[:, 0], training=training), 1)
        return style.parts(self.generator) or whole

    @functools.cached_property
    def judge(self) -> Callable[..., list[tf.Tensor]]:
        return with_deviations(self.discriminator)

    def get_config(self) -> dict:
        r1 = {"r1_weight": self.r1_weight, "r1_interval": self.r1_interval}
        lengths = {"path_length_weight": self.path_length_weight, "path_length_interval": self.path_length_interval}
        return super().get_config() | r1 | lengths | {"style_mixing": self.style_mixing}
