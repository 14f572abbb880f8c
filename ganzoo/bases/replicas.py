"""Operations over all replicas of a distribution strategy, which make their joint step equal the step of one device.

A strategy runs `train_step` once on each device, a replica, on a share of the batch. With R replicas of b rows each,
replica r has the rows r b, ..., (r + 1) b - 1. Call these functions inside the step only. With one replica every
function gives the same bits as without a strategy.
"""

from collections.abc import Iterator, Sequence

import keras
import tensorflow as tf


def count() -> int:
    """The number of replicas that take the step together; 1 without a strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def first_row(row_count: int | tf.Tensor) -> int | tf.Tensor:
    """The position of this replica's first row in the joined batch, int32 [], if each replica has `row_count` rows."""
    if count() == 1:
        return 0
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    return tf.cast(replica, tf.int32) * tf.cast(row_count, tf.int32)


def mean(value: tf.Tensor) -> tf.Tensor:
    """The mean of the replicas' values, which all have the same shape."""
    if count() == 1:
        return value
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, value)


def standard_deviation(x: tf.Tensor) -> tf.Tensor:
    """The standard deviation of all numbers in the joined batch, float32 []. It cannot be differentiated."""
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
    row_count = tf.shape(x)[0] // count()
    begin = first_row(row_count)
    return x[begin : begin + row_count]


def shares(gradients: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
    """The gradients for an optimizer, divided by the number of replicas.

    The optimizer sums over the replicas, but the gradient of the joined batch is the mean. Sparse gradients, as of an
    embedding, become dense, because the replicas have different rows of them.
    """
    if count() == 1:
        return gradients
    return [tf.convert_to_tensor(gradient) / count() for gradient in gradients]


def logs(means: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """A step's result for `fit`: on several hosts Keras reduces logs over an axis, so each scalar gets one."""
    if isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
        return {name: tf.reshape(value, [1]) for name, value in means.items()}
    return means


def synchronize_batch_norm(model: keras.Model) -> None:
    """Makes every batch norm of a model use the moments of the joined batch if there are several replicas."""
    if count() > 1:
        for layer in _batch_norms(model):
            layer.synchronized = True


def _batch_norms(model: keras.Model) -> Iterator[keras.layers.BatchNormalization]:
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            yield layer
        elif isinstance(layer, keras.Model):
            yield from _batch_norms(layer)
