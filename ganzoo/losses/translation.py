"""Losses of translators: pure functions on pictures and on patch logits."""

import tensorflow as tf


def l1(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """E|x - y| over pictures and pixels; the pixels are in [-1, 1]."""
    return tf.reduce_mean(tf.abs(x - y))


def patch_mean(logits: tf.Tensor) -> tf.Tensor:
    """The mean of a patch discriminator's logits, float32 [batch, height, width], for each picture: [batch]."""
    return tf.reduce_mean(logits, axis=[1, 2])
