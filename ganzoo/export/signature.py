"""A signature of an export: graph code and its inputs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import tensorflow as tf

from ganzoo.export.inputs import Input
from ganzoo.networks.layers.basic import exporting


@dataclass(frozen=True, eq=False)
class Signature:
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

    @cached_property
    def graph(self) -> tf.types.experimental.ConcreteFunction:
        """The function as it is exported, on tensors of the specs; traced once, however many servables it is in."""
        with exporting():
            return tf.function(self.function, input_signature=self.specs, autograph=False).get_concrete_function()

    @property
    def is_of_rows(self) -> bool:
        """Whether each input takes any number of rows, so that one call can hold the rows of several requests."""
        return all(one.has_rows for one in self.inputs)


Signatures = dict[str, Signature]
