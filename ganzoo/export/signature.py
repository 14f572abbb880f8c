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
        with exporting() as stored:
            function = tf.function(self.function, input_signature=self.specs, autograph=False).get_concrete_function()
        function.graph.stored = stored  # a graph holds the variables that it reads only weakly
        return function

    @property
    def variables(self) -> list[tf.Variable]:
        """The variables that the graph reads; TensorFlow's own list also has the sources of `from_weights`."""
        captured = {id(handle) for handle in self.graph.captured_inputs}
        return [variable for variable in self.graph.variables if id(variable.handle) in captured]

    @property
    def is_of_rows(self) -> bool:
        """Whether each input takes any number of rows, so that one call can hold the rows of several requests."""
        return all(one.has_rows for one in self.inputs)


Signatures = dict[str, Signature]
