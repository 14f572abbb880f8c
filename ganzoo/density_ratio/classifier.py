"""Fits the logits that tell reals from fakes, with the generator frozen.

The best classifier of reals against equally many fakes has the logit log p_data/p_g. Cross-entropy therefore fits the
ratio for a model of any objective.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from ganzoo import noise
from ganzoo.bases.generative import GenerativeModel, with_labels
from ganzoo.losses import adversarial as losses

AVERAGE = 0.998  # decay per step of the moving average over the head's weights; the fit returns the average
CHECKS = 20  # times that the held-out loss is computed during a fit

AT_ONCE = 256  # rows of a pass outside the fit
Labelled = tuple[np.ndarray, ...]  # samples float32 [n, ...] and, for a conditional model, their labels int64 [n]


def fit_classifier(
    model: GenerativeModel,
    trunk: Callable[..., tf.Tensor],
    head: keras.Model,
    reals: Labelled,
    stop_reals: Labelled,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    mismatched: float,
    seed: int,
) -> keras.Model:
    """Cross-entropy on reals against fresh fakes; keeps the weights with the lowest held-out loss.

    For a conditional model, reals with a wrong label can be added as fakes (Sinha et al., "Negative Data Augmentation",
    ICLR 2021, https://arxiv.org/abs/2102.05113). The fit then converges to log p_data / (p_g + w p_other), where
    p_other is the distribution of reals with wrong labels. If classes do not overlap, the ratio is the same at reals.
    It is lower at fakes of the wrong class, which are too rare to learn the ratio from.

    Args:
        model: its averaged generator makes the fakes.
        trunk: samples [rows, ...] (and labels) to the frozen features that the head takes.
        head: features, or [features, labels], to logits [batch]; fitted in place.
        reals: the samples to fit on.
        stop_reals: the held-out samples; with as many fakes they decide which weights are kept.
        steps: the number of Adam's steps, with a cosine schedule to 0.
        batch_size: the number of reals in a step, and of fakes.
        learning_rate: the rate at the start.
        mismatched: w, the weight of reals with wrong labels; 0 leaves them out. A model without classes ignores it.
        seed: the seed of the fakes and of the order of the reals.

    Returns:
        The fitted head, with the averaged weights.
    """
    average = keras.models.clone_model(head)
    average.set_weights(head.get_weights())
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps), 0.9, 0.99)
    optimizer.build(head.trainable_variables)

    samples, *labels = reals
    count = max(len(stop_reals[0]), batch_size)
    stop_fakes = fakes_like(model, stop_reals, count, seed=noise.root(seed, noise.Purpose.STOP_FAKES))
    held_out = [stop_reals, stop_fakes]
    augmented = bool(labels and mismatched)
    if augmented:
        mismatch_seed = noise.root(seed, noise.Purpose.STOP_MISMATCHES)
        other = other_labels(tf.constant(stop_reals[1]), model.num_classes, mismatch_seed)
        held_out.append((stop_reals[0], other))
    train = in_batches(trunk, *reals)
    held_out = [with_labels(in_batches(trunk, *part), *map(tf.constant, part[1:])) for part in held_out]
    fake_seed = noise.root(seed, noise.Purpose.FIT_FAKES)

    def loss_of(real, fake, *wrong):
        mismatched_losses = [mismatched * tf.reduce_mean(tf.nn.softplus(logits)) for logits in wrong]
        return losses.bce_discriminator(real, fake) + sum(mismatched_losses)

    @tf.function(autograph=False)
    def train_step(step):
        index = noise.uniform(noise.fold_in(noise.root(seed, noise.Purpose.FIT_INDICES), step), batch_size)
        index = tf.cast(index * len(samples), tf.int32)
        drawn = [tf.gather(all_labels, index) for all_labels in labels]  # a batch's reals and fakes share their labels
        fake = trunk(model.propose(fake_seed, step * batch_size, batch_size, *drawn), *drawn, training=False)
        features = tf.concat([tf.gather(train, index), fake], 0)
        with tf.GradientTape() as tape:
            logits = head(with_labels(features, *(tf.tile(half, [2]) for half in drawn)), training=True)
            wrong = []
            if augmented:
                other = other_labels(
                    *drawn, model.num_classes, noise.fold_in(noise.root(seed, noise.Purpose.FIT_MISMATCHES), step)
                )
                other_features = trunk(tf.gather(samples, index), other, training=False)
                wrong = [head([other_features, other], training=True)]
            loss = loss_of(logits[:batch_size], logits[batch_size:], *wrong)
        optimizer.apply(tape.gradient(loss, head.trainable_variables), head.trainable_variables)
        taken = tf.cast(step, tf.float32)
        decay = tf.minimum(AVERAGE, (1.0 + taken) / (10.0 + taken))  # a short fit forgets its beginning
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


def fakes_like(model: GenerativeModel, reals: Labelled, count: int, *, seed: tf.Tensor) -> Labelled:
    """`count` fakes, with the reals' labels in turn if the reals have labels."""
    labels = [np.resize(real_labels, count) for real_labels in reals[1:]]
    return (model.sample(count, seed=seed, labels=labels[0] if labels else None), *labels)


def other_labels(labels: tf.Tensor, num_classes: int, seed: tf.Tensor) -> tf.Tensor:
    """Replaces each label, int64 [rows], by one of the other labels, each equally likely."""
    shift = noise.uniform(seed, tf.size(labels)) * (num_classes - 1.0)
    return (labels + 1 + tf.cast(shift, labels.dtype)) % num_classes


def in_batches(network: Callable[..., tf.Tensor], *arrays: np.ndarray) -> tf.Tensor:
    """The network's output for n samples (and labels), [n, ...], computed for `AT_ONCE` rows at a time."""
    parts = [[array[first : first + AT_ONCE] for array in arrays] for first in range(0, len(arrays[0]), AT_ONCE)]
    return tf.concat([network(*map(tf.constant, part), training=False) for part in parts], 0)
