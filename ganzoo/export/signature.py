"""A signature of an export: graph code, and the inputs that it takes."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from ganzoo.export.inputs import Input


class Signature(NamedTuple):
    """What an export offers under a name.

    Attributes:
        function: graph code, tensors to {name: tensor}; it checks its inputs.
        inputs: what it takes, in its order; settled.
    """

    function: Callable[..., dict[str, tf.Tensor]]
    inputs: tuple[Input, ...]

    @property
    def specs(self) -> list[tf.TensorSpec]:
        """The inputs' shapes, dtypes and names."""
        return [tf.TensorSpec(one.shape, tf.as_dtype(one.dtype), one.name) for one in self.inputs]

    @property
    def is_of_rows(self) -> bool:
        """Whether each input is any number of rows, so that the rows of several requests can be put into one."""
        return all(one.has_rows for one in self.inputs)


Signatures = dict[str, Signature]
