"""Adversarial losses on logits: small pure functions, float32 [batch] in, a scalar out.

The discriminator's loss takes the logits of reals and of fakes, the generator's loss the logits of fakes. Both losses
are minimised.
"""

import tensorflow as tf


def bce_discriminator(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """-E[log D(x)] - E[log(1 - D(G(z)))] with D = sigmoid(logit); Goodfellow et al. 2014, equation 1, negated."""
    return tf.reduce_mean(tf.nn.softplus(-real_logits)) + tf.reduce_mean(tf.nn.softplus(fake_logits))


def minimax_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """E[log(1 - D(G(z)))]: the generator's side of equation 1. Its gradient vanishes where D(G(z)) is near 0."""
    return -tf.reduce_mean(tf.nn.softplus(fake_logits))


def non_saturating_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """-E[log D(G(z))]: the fixed point of `minimax_generator` with a strong gradient early on (section 3)."""
    return tf.reduce_mean(tf.nn.softplus(-fake_logits))


def wasserstein(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """E[f(x)] - E[f(G(z))]: for the best 1-Lipschitz critic f the distance W1 (Arjovsky et al. 2017, equation 2)."""
    return tf.reduce_mean(real_logits) - tf.reduce_mean(fake_logits)


def least_squares(outputs: tf.Tensor, target: float) -> tf.Tensor:
    """E[(D(x) - target)^2] / 2: each of the three terms of Mao et al. 2017, equation 2. D has no sigmoid."""
    return tf.reduce_mean(tf.square(outputs - target)) / 2.0


def hinge_discriminator(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]; Miyato et al. 2018, equation 16, negated.

    Reals with D >= 1 and fakes with D <= -1 have no gradient. The generator's loss is -E[D(G(z))], equation 17.
    """
    return tf.reduce_mean(tf.nn.relu(1.0 - real_logits)) + tf.reduce_mean(tf.nn.relu(1.0 + fake_logits))


def relativistic(winning_logits: tf.Tensor, losing_logits: tf.Tensor) -> tf.Tensor:
    """E[softplus(-(winning - losing))], pair by pair: the discriminator wants reals to win, the generator fakes.

    Jolicoeur-Martineau 2019, section 4 (the pairing form, RpGAN); Huang et al. 2024, equation 2.
    """
    return tf.reduce_mean(tf.nn.softplus(losing_logits - winning_logits))
