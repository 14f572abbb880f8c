"""What a request must be, as assertions in the graph: TensorFlow raises them as InvalidArgumentError."""

import tensorflow as tf


def under(*assertions: tf.Operation | None):
    """What is computed under it waits for the assertions."""
    return tf.control_dependencies([assertion for assertion in assertions if assertion is not None])


def is_in_range(value: tf.Tensor, low: float, high: float, name: str) -> tf.Operation | None:
    """`low` <= value <= `high`, both of which the message names; NaN is not."""
    return tf.debugging.Assert((value >= low) & (value <= high), [f"{name} must be in {low} .. {high}, got", value])


def is_finite(values: tf.Tensor, name: str) -> tf.Operation | None:
    """No value is NaN or infinite."""
    return tf.debugging.Assert(tf.reduce_all(tf.math.is_finite(values)), [f"{name} must be finite numbers."])


def rows_fit(values: tf.Tensor, limit: int, name: str = "the number of rows") -> tf.Operation | None:
    """Between 1 row, since convolutions give none a wrong shape, and the limit."""
    return is_in_range(rows(values), 1, limit, name)


def rows(values: tf.Tensor) -> tf.Tensor:
    """How many rows there are, int32 []."""
    return tf.shape(values)[0]


def finite(answer: tf.Tensor, name: str) -> tf.Tensor:
    """An answer, once it is found to be finite: inputs that are finite may still be beyond what a network can count."""
    said = f"{name} would not be finite: the request's numbers are too large for the network."
    with under(tf.debugging.Assert(tf.reduce_all(tf.math.is_finite(answer)), [said])):
        return tf.identity(answer)
