"""Fits log p_data/p_g with the generator frozen.

The best classifier of reals against equally many fakes has the logit log p_data/p_g, so cross-entropy fits the ratio
whatever objective the model was trained by; a Wasserstein critic's own values are no log ratio. The reals must be held
out from training: on reals that the discriminator has seen, the ratio would be that of memorised pictures.
"""

import keras
import numpy as np
import tensorflow as tf

from ganzoo import losses, noise
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.errors import GanzooError
from ganzoo.models.base import AdversarialModel

AVERAGE = 0.99  # decay per step of the moving average over the head's weights; the average is what is kept
CHECKS = 20  # how often, in all, the held-out loss is looked at
INDICES, FAKES, HELD_OUT_FAKES = 0, 1, 2  # what random numbers are drawn for


def refit(
    model: AdversarialModel,
    reals: np.ndarray,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    width: int,
    dropout: float,
    held_out: float,
    seed: int = 0,
) -> DensityRatio:
    """A fresh head by cross-entropy on reals against fresh fakes, stopped where the held-out loss is lowest.

    On pictures the head stands on the discriminator's frozen trunk; on points it is a network of its own on random
    Fourier features, since a plain multilayer perceptron is too smooth for narrow modes.

    Args:
        model: trained; its averaged generator makes the fakes.
        reals: float32 [n, ...] that training has not seen.
        steps: of Adam, with a cosine schedule to 0.
        batch_size: reals, and as many fakes, in each.
        learning_rate: at the start.
        width: units of the head's hidden layers.
        dropout: rate before and after the head's hidden layer on pictures.
        held_out: share of the reals that decides when to stop.
        seed: of the split, the fakes and the head.

    Returns:
        The head's logits as a log ratio, and those of the held-out reals.

    Raises:
        GanzooError: if there are fewer than two reals.
    """
    if len(reals) < 2:
        raise GanzooError(f"{len(reals)} held-out reals cannot be fitted and checked; some hundreds are wanted.")
    trunk = fourier_features(model.generator.output_shape[1:], seed) if reals.ndim == 2 else frozen_trunk(model)
    head = fourier_head(trunk, width, seed) if reals.ndim == 2 else dropout_head(trunk, width, dropout, seed)
    average = keras.models.clone_model(head)
    average.set_weights(head.get_weights())
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps), 0.9, 0.99)
    optimizer.build(head.trainable_variables)

    count = min(int(len(reals) * (1.0 - held_out)), len(reals) - 1)
    order = np.random.default_rng(seed).permutation(len(reals))
    train, held = (_in_batches(trunk, reals[part]) for part in (order[:count], order[count:]))
    fake_seed = noise.fold_in([seed, 0], FAKES)
    held_fakes = trunk(model.propose(noise.fold_in([seed, 0], HELD_OUT_FAKES), 0, max(len(held), batch_size)))

    @tf.function(autograph=False)
    def train_step(step):
        index = noise.uniform(noise.fold_in([seed, 0], INDICES, step), batch_size)
        real = tf.gather(train, tf.cast(index * count, tf.int32))
        fake = trunk(model.propose(fake_seed, step * batch_size, batch_size))
        with tf.GradientTape() as tape:
            logits = head(tf.concat([real, fake], 0), training=True)
            loss = losses.bce_discriminator(logits[:batch_size], logits[batch_size:])
        optimizer.apply(tape.gradient(loss, head.trainable_variables), head.trainable_variables)
        for mean, weight in zip(average.weights, head.weights, strict=True):
            mean.assign(weight + AVERAGE * (mean - weight))

    @tf.function(autograph=False)
    def held_out_loss():
        return losses.bce_discriminator(average(held, training=False), average(held_fakes, training=False))

    best, best_weights = float(held_out_loss()), average.get_weights()
    for step in range(steps):
        train_step(tf.constant(step))
        if (step + 1) % max(steps // CHECKS, 1) == 0 and (loss := float(held_out_loss())) < best:
            best, best_weights = loss, average.get_weights()
    average.set_weights(best_weights)
    return DensityRatio(lambda samples: average(trunk(samples), training=False), average(held, training=False))


def frozen_trunk(model: AdversarialModel) -> keras.Model:
    """The discriminator up to what its last layer with weights takes in; that layer is what the fresh head replaces.

    It shares the discriminator's weights and is called with `training=False`.
    """
    last = [layer for layer in model.discriminator.layers if layer.weights][-1]
    return keras.Model(model.discriminator.input, keras.layers.Flatten()(last.input))


def dropout_head(trunk: keras.Model, width: int, dropout: float, seed: int) -> keras.Model:
    """One hidden layer between two dropouts: a thousand held-out pictures are enough for it."""
    initializer = keras.initializers.HeNormal(seed)
    x = features = keras.Input(trunk.output_shape[1:])
    x = keras.layers.LayerNormalization(dtype="float32")(x)
    x = keras.layers.Dropout(dropout, seed=seed)(x)
    x = keras.layers.Dense(width, activation="relu", kernel_initializer=initializer)(x)
    x = keras.layers.Dropout(dropout, seed=seed + 1)(x)
    x = keras.layers.Dense(1, kernel_initializer="zeros", dtype="float32")(x)
    return keras.Model(features, keras.layers.Reshape(())(x))


def fourier_features(shape: tuple[int], seed: int) -> keras.Model:
    """Points and the sines and cosines of random frequencies at three scales (Tancik et al. 2020, arXiv 2006.10739)."""
    scales = np.repeat([1.0, 4.0, 10.0], [16, 32, 32])
    frequencies = np.random.default_rng(seed).normal(size=(*shape, len(scales))) * scales
    x = points = keras.Input(shape)
    angles = keras.layers.Dense(len(scales), use_bias=False, trainable=False, name="frequencies")
    projected = angles(x)
    angles.set_weights([frequencies.astype(np.float32)])
    return keras.Model(points, keras.layers.Concatenate()([x, keras.ops.sin(projected), keras.ops.cos(projected)]))


def fourier_head(trunk: keras.Model, width: int, seed: int) -> keras.Model:
    """Three hidden layers."""
    x = features = keras.Input(trunk.output_shape[1:])
    for layer in range(3):
        x = keras.layers.Dense(width, activation="relu", kernel_initializer=keras.initializers.HeNormal(seed + layer))(
            x
        )
    x = keras.layers.Dense(1, kernel_initializer="zeros", dtype="float32")(x)
    return keras.Model(features, keras.layers.Reshape(())(x))


def _in_batches(network: keras.Model, samples: np.ndarray, rows: int = 256) -> tf.Tensor:
    forward = tf.function(lambda batch: network(batch, training=False), reduce_retracing=True)
    return tf.concat([forward(tf.constant(samples[first : first + rows])) for first in range(0, len(samples), rows)], 0)
