"""Fits the logits that tell reals from fakes, with the generator frozen.

The best classifier of reals against equally many fakes has the logit log p_data/p_g, so cross-entropy fits the ratio
whatever objective the model was trained by.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from ganzoo import noise
from ganzoo.bases.generative import GenerativeModel, with_labels
from ganzoo.losses import adversarial as losses

AVERAGE = 0.998  # decay per step of the moving average over the head's weights; the average is what is kept
CHECKS = 20  # how often, in all, the held-out loss is looked at

Rows = tuple[np.ndarray, ...]  # samples float32 [n, ...] and, for a conditional model, their labels int64 [n]


def fit_classifier(
    model: GenerativeModel,
    trunk: Callable[..., tf.Tensor],
    head: keras.Model,
    reals: Rows,
    stop_reals: Rows,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    mismatched: float,
    seed: int,
) -> keras.Model:
    """Cross-entropy on reals against fresh fakes; the weights kept are those where the held-out loss was lowest.

    Of a conditional model, reals under another label than their own may be shown as fakes besides (Sinha et al.,
    "Negative Data Augmentation", ICLR 2021, https://arxiv.org/abs/2102.05113): the fit then goes to
    log p_data / (p_g + w p_other), p_other a class's reals under the other labels. Where classes do not overlap that
    is the same ratio wherever there are reals, and lower where fakes are of another class than they should be, of
    which there are too few to learn it from.

    Args:
        model: its averaged generator makes the fakes.
        trunk: samples [rows, ...] (and labels) to the frozen features that the head takes in.
        head: features, or [features, labels], to logits [batch]; fitted in place.
        reals: to fit on.
        stop_reals: decide where to stop, against as many fakes.
        steps: of Adam, with a cosine schedule to 0.
        batch_size: reals, and as many fakes, in each.
        learning_rate: at the start.
        mismatched: w, the weight of reals under other labels; 0 is none, and a model without classes has none.
        seed: of the fakes and of the order of the reals.

    Returns:
        The fitted head, with the averaged weights.
    """
    average = keras.models.clone_model(head)
    average.set_weights(head.get_weights())
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps), 0.9, 0.99)
    optimizer.build(head.trainable_variables)

    samples, *labels = reals
    count = max(len(stop_reals[0]), batch_size)
    stop_fakes = fakes_like(model, stop_reals, count, seed=noise.fold_in([seed, 0], noise.Fitting.STOP_FAKES))
    held_out = [stop_reals, stop_fakes]
    augmented = bool(labels and mismatched)
    if augmented:
        held_out.append((stop_reals[0], other_labels(tf.constant(stop_reals[1]), model.num_classes, [seed, 1])))
    train = in_batches(trunk, *reals)
    held_out = [with_labels(in_batches(trunk, *rows), *map(tf.constant, rows[1:])) for rows in held_out]
    fake_seed = noise.fold_in([seed, 0], noise.Fitting.FAKES)

    def loss_of(real, fake, *wrong):
        shown_besides = [mismatched * tf.reduce_mean(tf.nn.softplus(logits)) for logits in wrong]
        return losses.bce_discriminator(real, fake) + sum(shown_besides)

    @tf.function(autograph=False)
    def train_step(step):
        index = noise.uniform(noise.fold_in([seed, 0], noise.Fitting.INDICES, step), batch_size)
        index = tf.cast(index * len(samples), tf.int32)
        given = [tf.gather(of_all, index) for of_all in labels]  # fakes have the labels of the reals beside them
        fake = trunk(model.propose(fake_seed, step * batch_size, batch_size, *given), *given, training=False)
        features = tf.concat([tf.gather(train, index), fake], 0)
        with tf.GradientTape() as tape:
            logits = head(with_labels(features, *(tf.tile(of_both, [2]) for of_both in given)), training=True)
            wrong = []
            if augmented:
                other = other_labels(
                    *given, model.num_classes, noise.fold_in([seed, 0], noise.Fitting.MISMATCHES, step)
                )
                of_other = trunk(tf.gather(samples, index), other, training=False)
                wrong = [head([of_other, other], training=True)]
            loss = loss_of(logits[:batch_size], logits[batch_size:], *wrong)
        optimizer.apply(tape.gradient(loss, head.trainable_variables), head.trainable_variables)
        taken = tf.cast(step, tf.float32)
        decay = tf.minimum(AVERAGE, (1.0 + taken) / (10.0 + taken))  # lest a short fit averages over its beginning
        for mean, weight in zip(average.weights, head.weights, strict=True):
            mean.assign(weight + tf.cast(decay, weight.dtype) * (mean - weight))

    @tf.function(autograph=False)
    def held_out_loss():
        return loss_of(*(average(features, training=False) for features in held_out))

    best, best_weights = float(held_out_loss()), average.get_weights()
    for step in range(steps):
        train_step(tf.constant(step))
        if (step + 1) % max(steps // CHECKS, 1) == 0 and (loss := float(held_out_loss())) < best:
            best, best_weights = loss, average.get_weights()
    average.set_weights(best_weights)
    return average


def fakes_like(model: GenerativeModel, reals: Rows, count: int, *, seed: tf.Tensor) -> Rows:
    """As many fakes, with the reals' labels in turn where they have some."""
    labels = [np.resize(of_reals, count) for of_reals in reals[1:]]
    return (model.sample(count, seed=seed, labels=labels[0] if labels else None), *labels)


def other_labels(labels: tf.Tensor, num_classes: int, seed: tf.Tensor) -> tf.Tensor:
    """Of each label, int64 [rows], one of the others, all of them equally likely."""
    shift = noise.uniform(seed, tf.size(labels)) * (num_classes - 1.0)
    return (labels + 1 + tf.cast(shift, labels.dtype)) % num_classes


def in_batches(network: Callable[..., tf.Tensor], *rows: np.ndarray, at_once: int = 256) -> tf.Tensor:
    """What a network gives for many samples (and labels), [n, ...], a bounded number of them at a time."""
    firsts = range(0, len(rows[0]), at_once)
    return tf.concat(
        [network(*(tf.constant(of[first : first + at_once]) for of in rows), training=False) for first in firsts], 0
    )
