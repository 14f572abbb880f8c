"""Losses of translators: pure functions on pictures and on patch logits."""

import tensorflow as tf


def l1(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """E|x - y| over pictures and pixels, which are in [-1, 1]."""
    return tf.reduce_mean(tf.abs(x - y))


def patch_mean(logits: tf.Tensor) -> tf.Tensor:
    """A patch discriminator's float32 [batch, height, width] as one logit for each picture, [batch]."""
    return tf.reduce_mean(logits, axis=[1, 2])
