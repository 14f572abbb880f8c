"""Minibatch deviations in a training: discriminators that give them, and the average that scores use in their place."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from ganzoo.bases import replicas
from ganzoo.networks.layers.equalized import MinibatchStddev, minibatch_stddevs

MEMORY = 0.99  # decay per step of the average


def with_deviations(discriminator: keras.Model) -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """In training mode samples -> [logits, *minibatch deviations], each float32 [batch]."""
    stddevs = minibatch_stddevs(discriminator)
    if not stddevs:
        return lambda samples: [discriminator(samples, training=True)]
    deviations = [stddev.output[:, 0, 0, -1] for stddev in stddevs]
    both = keras.Model(discriminator.input, [discriminator.output, *deviations])
    return lambda samples: both(samples, training=True)


def observe(stddevs: Sequence[MinibatchStddev], deviations: Sequence[tf.Tensor]) -> None:
    """Moves the layers' average towards the mean of this step's deviations, on all replicas."""
    for stddev in stddevs:
        stddev.observe(replicas.mean(tf.reduce_mean(deviations)), MEMORY)
