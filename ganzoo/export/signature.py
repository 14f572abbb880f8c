"""A signature of an export: graph code and its inputs."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from ganzoo.export.inputs import Input


class Signature(NamedTuple):
    """A signature, without its name.

    Attributes:
        function: graph code, tensors to {name: tensor}, which checks its inputs.
        inputs: the function's inputs, settled, in its order.
    """

    function: Callable[..., dict[str, tf.Tensor]]
    inputs: tuple[Input, ...]

    @property
    def specs(self) -> list[tf.TensorSpec]:
        """The inputs' shapes, dtypes and names."""
        return [tf.TensorSpec(one.shape, tf.as_dtype(one.dtype), one.name) for one in self.inputs]

    @property
    def is_of_rows(self) -> bool:
        """Whether each input takes any number of rows, so that one call can hold the rows of several requests."""
        return all(one.has_rows for one in self.inputs)


Signatures = dict[str, Signature]
