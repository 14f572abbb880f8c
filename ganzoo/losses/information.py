"""Information of a picture on its code, in nats: logits float32 [batch, K] in, a scalar out. More is better."""

import math

import tensorflow as tf


def of_category(logits: tf.Tensor, category: tf.Tensor) -> tf.Tensor:
    """H(c) + E[log Q(c | x)] of a uniform one-hot category float32 [batch, K]: Chen et al. 2016, equation 5."""
    log_q = tf.reduce_sum(category * tf.nn.log_softmax(logits), axis=1)
    return math.log(logits.shape[1]) + tf.reduce_mean(log_q)


def of_continuous(mean: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
    """As `of_category`, for codes float32 [batch, c] from U(-1, 1) and a normal Q of standard deviation 1."""
    log_q = -0.5 * tf.square(codes - mean) - 0.5 * math.log(2 * math.pi)
    return tf.reduce_mean(tf.reduce_sum(math.log(2.0) + log_q, axis=1))


def self_augmented(logits: tf.Tensor, moved_logits: tf.Tensor) -> tf.Tensor:
    """.1 (4 H(mean of p) - mean of H(p)) - E[CE(p, p of the moved picture)]: pictures without labels fall into classes.

    Hu et al. 2017, "Learning Discrete Representations via Information Maximizing Self-Augmented Training", ICML 2017,
    https://arxiv.org/abs/1702.08720, equations 4 and 6 with the authors' lambda of .1 and mu of 4. A picture keeps its
    class when it is moved, each picture has one class, and the classes have equal shares of the batch. The gradient
    does not pass through p where it is the target.
    """
    p, log_p = tf.nn.softmax(logits), tf.nn.log_softmax(logits)
    share = tf.reduce_mean(p, axis=0)
    of_shares = -tf.reduce_sum(share * tf.math.log(share + 1e-8))
    of_each = -tf.reduce_mean(tf.reduce_sum(p * log_p, axis=1))
    crossed = -tf.reduce_mean(tf.reduce_sum(tf.stop_gradient(p) * tf.nn.log_softmax(moved_logits), axis=1))
    return 0.1 * (4.0 * of_shares - of_each) - crossed
