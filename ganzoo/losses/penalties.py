"""Keeps a critic within its Lipschitz bound: gradient penalties and clipped weights."""

import math
from collections.abc import Callable, Iterable

import keras
import tensorflow as tf

from ganzoo.errors import GanzooError


def interpolate(reals: tf.Tensor, fakes: tf.Tensor, uniforms: tf.Tensor) -> tf.Tensor:
    """Points on the lines between reals and fakes, one uniform number for a whole sample.

    Gulrajani et al. 2017, Algorithm 1, line 6.

    Args:
        reals: float32 [batch, ...].
        fakes: float32, of the same shape.
        uniforms: float32 [batch], in [0, 1).
    """
    weight = tf.reshape(uniforms, [-1] + [1] * (reals.shape.rank - 1))
    return weight * reals + (1.0 - weight) * fakes


def gradient_norms(critic: Callable[[tf.Tensor], tf.Tensor], samples: tf.Tensor) -> tf.Tensor:
    """Euclidean norm of the critic's gradient at each sample, float32 [batch].

    The small number under the root keeps its derivative finite where the gradient is 0 (a dead critic).
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(samples)
        logits = critic(samples)
    gradients = tf.cast(tape.gradient(logits, samples), tf.float32)
    return tf.sqrt(tf.reduce_sum(tf.square(gradients), axis=range(1, gradients.shape.rank)) + 1e-12)


def gradient_penalty(norms: tf.Tensor, *, one_sided: bool = False) -> tf.Tensor:
    """E[(|grad f| - 1)^2], or E[max(0, |grad f| - 1)^2] if only norms above 1 are penalised.

    Gulrajani et al. 2017, equation 3 and, for the one-sided form, its appendix.
    """
    excess = norms - 1.0
    return tf.reduce_mean(tf.square(tf.nn.relu(excess) if one_sided else excess))


def logits_and_squared_gradients(
    discriminator: Callable[[tf.Tensor], tf.Tensor], samples: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The logits, and |grad D|^2 at each sample, from one pass; both float32 [batch].

    The mean of |grad D|^2 over reals is R1 (Mescheder et al. 2018, equation 9), and over fakes R2.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(samples)
        logits = discriminator(samples)
    gradients = tf.cast(tape.gradient(logits, samples), tf.float32)
    return logits, tf.reduce_sum(tf.square(gradients), axis=range(1, gradients.shape.rank))


def logits_and_r1(
    discriminator: Callable[[tf.Tensor], tf.Tensor], reals: tf.Tensor, weight: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """The reals' logits float32 [batch], and weight / 2 E|grad D|^2 at the reals. A weight of 0 costs nothing.

    Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", https://arxiv.org/abs/1801.04406,
    equation 9.
    """
    if not weight:
        return discriminator(reals), tf.constant(0.0)
    logits, squared = logits_and_squared_gradients(discriminator, reals)
    return logits, weight / 2 * tf.reduce_mean(squared)


def path_lengths(generator: Callable[[tf.Tensor], tf.Tensor], styles: tf.Tensor, directions: tf.Tensor) -> tf.Tensor:
    """|J^T y| for the Jacobian J of a generator by its styles and a random picture y, float32 [batch].

    Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", https://arxiv.org/abs/1912.04958,
    section 3.2. As in the authors' code y has a variance of 1 / (height * width), so that lengths do not grow with
    the resolution, and the squares of layers with styles of their own are averaged.

    Args:
        generator: styles -> samples float32 [batch, ...].
        styles: float32 [batch, layers, d].
        directions: float32, standard normal numbers in the shape of the samples.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(styles)
        samples = generator(styles)
        pixels = math.prod(samples.shape[1:3]) if samples.shape.rank == 4 else 1
        projected = tf.reduce_sum(samples * directions) / math.sqrt(pixels)
    gradients = tf.cast(tape.gradient(projected, styles), tf.float32)
    squares = tf.reduce_mean(tf.reduce_sum(tf.square(gradients), axis=2), axis=1)
    return tf.sqrt(squares + 1e-12)  # its derivative is finite where the gradient is 0


def refuse_batch_norm(critic: keras.Model) -> None:
    """Refuses a critic with batch normalisation.

    A gradient penalty needs each sample's own gradient. With batch normalisation a logit depends on the other samples,
    too (Gulrajani et al. 2017, section 4).

    Raises:
        GanzooError: if the critic has batch normalisation.
    """
    for layer in critic.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            raise GanzooError("a critic with a gradient penalty cannot have batch norm; use norm='layer' or 'none'.")
        if isinstance(layer, keras.Model):
            refuse_batch_norm(layer)


def clip_weights(variables: Iterable[tf.Variable], limit: float) -> None:
    """Moves every weight into [-limit, limit]; Arjovsky et al. 2017, Algorithm 1, line 7."""
    for variable in variables:
        variable.assign(tf.clip_by_value(variable, -limit, limit))
