"""Losses of translators: pure functions on pictures and on patch logits."""

import tensorflow as tf


def l1(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """E|x - y| over pictures and pixels; the pixels are in [-1, 1]."""
    return tf.reduce_mean(tf.abs(x - y))


def patch_nce(queries: tf.Tensor, keys: tf.Tensor, temperature: float) -> tf.Tensor:
    """The cross entropy of finding each query's own key among all keys of its picture; float32 [batch], in nats.

    Park et al. 2020, equations 3 and 4, as a mean over the places.

    Args:
        queries: float32 [batch, places, d], of length 1.
        keys: likewise; the key at a query's own place is the positive, and keys at other places are the negatives.
        temperature: tau; logits are cosines divided by it.
    """
    logits = tf.matmul(queries, keys, transpose_b=True) / temperature
    own = tf.linalg.diag_part(logits)
    return tf.reduce_mean(tf.reduce_logsumexp(logits, axis=2) - own, axis=1)


def patch_mean(logits: tf.Tensor) -> tf.Tensor:
    """The mean of a patch discriminator's logits, float32 [batch, height, width], for each picture: [batch]."""
    return tf.reduce_mean(logits, axis=[1, 2])
