"""The checks of a request, as assertions in the graph. TensorFlow raises InvalidArgumentError if one fails.

The table of inputs (`ganzoo.export.inputs`) gives the bounds of each input.
"""

from collections.abc import Callable, Iterator, Sequence

import tensorflow as tf

from ganzoo.export.inputs import Input


def checked(function: Callable[..., dict[str, tf.Tensor]], inputs: Sequence[Input]) -> Callable:
    """The function behind the checks of its inputs, of each input by itself and of all together.

    A value of an input with `one_of` reaches the function as its position in that list. An output of the same name
    goes back to the list's value.

    Args:
        function: graph code that takes the inputs in their order.
        inputs: settled inputs.
    """

    def call(*values: tf.Tensor) -> dict[str, tf.Tensor]:
        each = [check for one, value in zip(inputs, values, strict=True) for check in input_checks(one, value)]
        with after_checks(*each, *row_checks(inputs, values)):
            answers = function(*(_position(one, tf.identity(value)) for one, value in zip(inputs, values, strict=True)))
            lists = {one.name: one.one_of for one in inputs if one.one_of is not None}
            return {
                name: tf.gather(tf.constant(lists[name], answer.dtype), answer) if name in lists else answer
                for name, answer in answers.items()
            }

    return call


def after_checks(*assertions: tf.Operation | None):
    """A context in which every computation waits for the assertions."""
    return tf.control_dependencies([assertion for assertion in assertions if assertion is not None])


def input_checks(one: Input, value: tf.Tensor) -> Iterator[tf.Operation | None]:
    """The checks of an input by itself: its shape, that its rows are not too many, its numbers finite and in bounds."""
    if any(side is not None for side in one.shape):
        # TensorFlow's loader takes any size for these, and a kernel that gets another one says what it cannot do.
        sides, expected = tf.shape(value), tf.constant([-1 if side is None else side for side in one.shape])
        words = ", ".join("any" if side is None else str(side) for side in one.shape)
        fits = tf.reduce_all((sides == expected) | (expected < 0))
        yield tf.debugging.Assert(fits, [f"{one.name} must have the shape [{words}], got", sides], len(one.shape))
    if one.limit is not None:
        # At least 1 row, since convolutions give an empty batch a wrong shape.
        yield is_in_range(row_count(value), 1, one.limit, f"the number of {one.counted}")
    if one.one_of is not None:
        known = tf.constant(one.one_of, value.dtype)
        fits = tf.reduce_all(tf.reduce_any(value[:, None] == known, axis=1))
        words = ", ".join(map(str, one.one_of[:20])) + (", ..." if len(one.one_of) > 20 else "")
        yield tf.debugging.Assert(fits, [f"{one.name} must be among {words}, got", value])
        return
    upper = one.at_most if one.below is None else one.below
    if value.dtype.is_floating and (one.at_least is None or upper is None):
        yield is_finite(value, one.name)
    if one.at_least is None and upper is None:
        return
    last = one.below - 1 if one.below is not None and value.dtype.is_integer else one.at_most
    if one.below is not None and not value.dtype.is_integer:
        words = f"in [{one.least}, {one.below})" if one.at_least is not None else f"below {one.below}"
    elif one.at_least is None or last is None:
        words = f"at least {one.at_least}" if last is None else f"at most {last}"
    else:
        words = f"in {one.at_least} .. {last}"
    fits = tf.constant(True)
    if one.at_least is not None:
        fits &= tf.reduce_all(value >= one.at_least)
    if upper is not None:
        fits &= tf.reduce_all(value < one.below if one.below is not None else value <= one.at_most)
    yield tf.debugging.Assert(fits, [f"{one.name} must be {words}, got", value])


def _position(one: Input, value: tf.Tensor) -> tf.Tensor:
    """The value's places in the input's `one_of`, int64; the value itself if there is no such list."""
    if one.one_of is None:
        return value
    return tf.argmax(value[:, None] == tf.constant(one.one_of, value.dtype), axis=1)


def row_checks(inputs: Sequence[Input], values: Sequence[tf.Tensor]) -> Iterator[tf.Operation | None]:
    """The checks on numbers of rows: each input with rows has `num_samples` rows, or as many as the first input."""
    named = {one.name: value for one, value in zip(inputs, values, strict=True)}
    of_rows = [one for one in inputs if one.has_rows]
    if "num_samples" in named:
        first, expected = None, named["num_samples"]
    elif of_rows:
        first = of_rows.pop(0)
        expected = row_count(named[first.name])
    for one in of_rows:
        count = row_count(named[one.name])
        if one.each is None and first is not None:
            words = [f"{first.name} and {one.name} must have as many rows as each other."]
        else:
            row, things = one.each or (f"row of {one.name}", "samples")
            words = [f"there must be a {row} for each of", expected, f"{things}, got", count]
        yield tf.debugging.Assert(count == expected, words)


def is_in_range(value: tf.Tensor, low: float, high: float, name: str) -> tf.Operation | None:
    """Asserts `low` <= value <= `high`. The message names both bounds; NaN fails."""
    return tf.debugging.Assert((value >= low) & (value <= high), [f"{name} must be in {low} .. {high}, got", value])


def is_finite(values: tf.Tensor, name: str) -> tf.Operation | None:
    """Asserts that no value is NaN or infinite."""
    return tf.debugging.Assert(tf.reduce_all(tf.math.is_finite(values)), [f"{name} must be finite numbers."])


def row_count(values: tf.Tensor) -> tf.Tensor:
    """The number of rows, int32 []."""
    return tf.shape(values)[0]


def finite(answer: tf.Tensor, name: str) -> tf.Tensor:
    """The answer behind a check that it is finite: a network may overflow even on finite inputs."""
    words = f"{name} would not be finite: the request's numbers are too large for the network."
    with after_checks(tf.debugging.Assert(tf.reduce_all(tf.math.is_finite(answer)), [words])):
        return tf.identity(answer)
