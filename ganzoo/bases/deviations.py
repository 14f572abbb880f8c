"""The average of minibatch deviations, which scores use in the place of a batch's own."""

from collections.abc import Sequence

import tensorflow as tf

from ganzoo.bases import replicas
from ganzoo.networks.layers.equalized import MinibatchStddev

MEMORY = 0.99  # decay per step of the average


def observe(stddevs: Sequence[MinibatchStddev], deviations: Sequence[tf.Tensor]) -> None:
    """Moves the layers' average towards the mean of this step's deviations, on all replicas."""
    for stddev in stddevs:
        stddev.observe(replicas.mean(tf.reduce_mean(deviations)), MEMORY)
