"""What Python callers hand to `fit` and `evaluate`: checked before the first step, in the dtypes of the networks."""

import sys
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ganzoo.data import reals
from ganzoo.errors import GanzooError

REFUSED = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)


def check_callbacks(callbacks: Any) -> None:
    """
    Raises:
        GanzooError: for a callback of Keras that changes the rate of `model.optimizer`: there are two optimizers.
    """
    for callback in callbacks if isinstance(callbacks, Sequence) else [callbacks]:
        if isinstance(callback, REFUSED):
            raise GanzooError(
                f"{type(callback).__name__} changes the learning rate of one optimizer, and a model of the zoo has "
                "two. Give schedules to both: compile(keras.optimizers.Adam(RATE), ...)."
            )


def check_steps(steps: int | None, steps_per_execution: int) -> None:
    """
    Raises:
        GanzooError: if an epoch would end within a call of `steps_per_execution` steps; Keras would take further steps.
    """
    if steps is not None and steps % steps_per_execution:
        raise GanzooError(
            f"an epoch of {steps} steps cannot be taken in calls of steps_per_execution = {steps_per_execution}. Give "
            "a multiple, or compile with a divisor."
        )


def prepared(x: Any, y: Any, batch_size: int | None, *, shape: tuple, num_labels: int | None, shared: int) -> tuple:
    """The arguments `x` and `y` of `fit`, checked.

    Args:
        x: samples as an array, a dataset of batches, or any other source of Keras's, which passes unchecked.
        y: labels, or a translator's second pictures; None if there are none.
        batch_size: of arrays; None is Keras's 32.
        shape: one sample's; None is a side of any length.
        num_labels: labels are 0, ..., num_labels - 1; None if the model takes none.
        shared: a batch is split into so many equal parts.

    Returns:
        x and y, float32 and int64. Samples at the end of an epoch that cannot be split are left out.

    Raises:
        GanzooError: as `reals.checked`, and for labels that are missing or out of range, and for a batch that cannot be
            split.
    """
    if isinstance(x, tf.data.Dataset):
        if y is not None:
            raise GanzooError("a dataset has its labels in it: give (samples, labels) as its elements, and no y.")
        return _of_dataset(x, shape, num_labels, shared), None
    if x is None or not (hasattr(x, "__array__") or isinstance(x, list)):
        return x, y  # a generator, a PyDataset
    x = reals.checked(x, shape, "reals")
    if num_labels is not None:
        y = checked_labels(y, len(x), num_labels)
    elif y is not None:
        y = reals.checked(y, shape, "targets")
    batch = min(batch_size or 32, len(x))
    _check_shared(batch, shared)
    left_over = len(x) % batch
    if left_over % shared == 0:
        return x, y
    note = (
        f"{left_over} of {len(x)} samples are left out of each epoch: a batch is shared by {shared} discriminator steps"
    )
    print(f"ganzoo: {note}.", file=sys.stderr)
    arrays = (x,) if y is None else (x, y)
    rows = tf.data.Dataset.range(len(x)).shuffle(len(x)).batch(batch, drop_remainder=True)

    def take(rows: tf.Tensor) -> tf.Tensor | tuple[tf.Tensor, ...]:
        taken = tf.numpy_function(lambda rows: [array[rows] for array in arrays], [rows], [a.dtype for a in arrays])
        shaped = [tf.ensure_shape(t, (batch, *a.shape[1:])) for t, a in zip(taken, arrays, strict=True)]
        return tuple(shaped) if len(shaped) > 1 else shaped[0]

    return rows.map(take), None


def checked_labels(labels: Any, count: int, num_labels: int) -> np.ndarray:
    """Labels that a Python caller hands over, int64 [count].

    Raises:
        GanzooError: for labels that are missing, of another number or no whole numbers, or out of range.
    """
    if labels is None:
        raise GanzooError(
            f"the model learns to make samples of a class: give labels, {count} numbers below {num_labels}."
        )
    labels = np.asarray(labels)
    if labels.shape != (count,) or not np.issubdtype(labels.dtype, np.integer):
        raise GanzooError(
            f"labels are an array {list(labels.shape)} of {labels.dtype}, expected [{count}] whole numbers: one for "
            "each sample."
        )
    if labels.min() < 0 or labels.max() >= num_labels:
        raise GanzooError(
            f"labels reach from {labels.min()} to {labels.max()}, expected 0 to {num_labels - 1}: the model has "
            f"{num_labels} classes."
        )
    return labels.astype(np.int64)


def _check_shared(batch: int, shared: int) -> None:
    if batch % shared:
        raise GanzooError(
            f"a batch of {batch} reals cannot be shared among n_critic = {shared} discriminator steps. Give a "
            f"batch_size that is a multiple of {shared}, and at least as many reals."
        )


def _of_dataset(dataset: tf.data.Dataset, shape: tuple, num_labels: int | None, shared: int) -> tf.data.Dataset:
    spec = dataset.element_spec
    parts = spec if isinstance(spec, tuple) else (spec,)
    if not all(isinstance(part, tf.TensorSpec) for part in parts):
        return dataset
    if num_labels is not None and len(parts) < 2:
        raise GanzooError("the model learns to make samples of a class: give a dataset of (samples, labels).")
    pictures = [part.shape.rank == len(shape) + 1 for part in parts]
    if not pictures[0]:
        raise GanzooError(
            f"a dataset's elements have samples of shape {list(parts[0].shape)}, expected batches [n, "
            f"{', '.join('any' if side is None else str(side) for side in shape)}]: give dataset.batch(n)."
        )
    for first in dataset.take(1):
        values = first if isinstance(first, tuple) else (first,)
        for value, is_picture in zip(values, pictures, strict=True):
            if is_picture:
                reals.checked(value.numpy(), shape, "reals")
        if num_labels is not None:
            checked_labels(values[1].numpy(), len(values[0]), num_labels)
        _check_shared(len(values[0]), shared)
    if any(part.dtype == tf.uint8 for part in parts):
        dataset = dataset.map(lambda *each: _floats(each, pictures))
    if shared > 1 and parts[0].shape[0] is None:  # the last batch of an epoch may be a shorter one
        dataset = dataset.filter(lambda *each: tf.shape(each[0])[0] % shared == 0)
    return dataset


def _floats(values: tuple[tf.Tensor, ...], pictures: list[bool]) -> Any:
    floats = [
        reals.to_float(value) if is_picture else value for value, is_picture in zip(values, pictures, strict=True)
    ]
    return floats[0] if len(floats) == 1 else tuple(floats)
