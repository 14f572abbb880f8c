"""What a training step computes of all replicas of a distribution strategy together, so that it is the step of one.

A strategy runs `train_step` once on each device, a replica, on a share of the batch: with R replicas of b rows each,
replica r has the rows r b, ..., (r + 1) b - 1. Everything here is to be called inside the step. With one replica each
function is what stands there without a strategy, bit for bit.
"""

from collections.abc import Iterator, Sequence

import keras
import tensorflow as tf


def count() -> int:
    """How many replicas take the step together; 1 without a strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def first_row(rows: int | tf.Tensor) -> int | tf.Tensor:
    """Where in the joined batch this replica's rows begin if each replica has so many; int32 []."""
    if count() == 1:
        return 0
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    return tf.cast(replica, tf.int32) * tf.cast(rows, tf.int32)


def mean(value: tf.Tensor) -> tf.Tensor:
    """The mean of what the replicas have, of the shape of each."""
    if count() == 1:
        return value
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, value)


def standard_deviation(x: tf.Tensor) -> tf.Tensor:
    """That of all numbers in the joined batch, float32 []; not to be differentiated."""
    if count() == 1:
        return tf.math.reduce_std(x)
    centred = x - mean(tf.reduce_mean(x))
    return tf.sqrt(mean(tf.reduce_mean(tf.square(centred))))


def joined(x: tf.Tensor) -> tf.Tensor:
    """The rows of all replicas, [b, ...] to [R b, ...]."""
    if count() == 1:
        return x
    return tf.distribute.get_replica_context().all_gather(x, axis=0)


def own(x: tf.Tensor) -> tf.Tensor:
    """This replica's rows of a joined batch, [R b, ...] to [b, ...]."""
    if count() == 1:
        return x
    rows = tf.shape(x)[0] // count()
    begin = first_row(rows)
    return x[begin : begin + rows]


def shares(gradients: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
    """What an optimizer is to be given: it sums over the replicas, and the gradient of the joined batch is the mean.

    Sparse gradients, as of an embedding, become dense: replicas have other rows of them.
    """
    if count() == 1:
        return gradients
    return [tf.convert_to_tensor(gradient) / count() for gradient in gradients]


def logs(means: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """A step's result as `fit` can take it: on several hosts Keras reduces logs over an axis, which scalars lack."""
    if isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
        return {name: tf.reshape(value, [1]) for name, value in means.items()}
    return means


def synchronize_batch_norm(model: keras.Model) -> None:
    """Has every batch norm in a model take the moments of the joined batch, where there is more than one replica."""
    if count() > 1:
        for layer in _batch_norms(model):
            layer.synchronized = True


def _batch_norms(model: keras.Model) -> Iterator[keras.layers.BatchNormalization]:
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            yield layer
        elif isinstance(layer, keras.Model):
            yield from _batch_norms(layer)
