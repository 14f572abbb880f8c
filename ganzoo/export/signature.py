"""A signature of an export: graph code and its inputs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import tensorflow as tf

from ganzoo.export.inputs import Input
from ganzoo.networks.layers.basic import exporting, is_exporting


def spec(one: Input) -> tf.TensorSpec:
    """The shape, the dtype and the name of a settled input."""
    return tf.TensorSpec(one.shape, tf.as_dtype(one.dtype), one.name)


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
        return [*map(spec, self.inputs)]

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


class Shared:
    """Graph code that an export holds once, however many signatures call it; outside an export a plain function.

    A request runs as fast as by code in each signature, because TensorFlow puts the code back in its place. A loaded
    export has fewer operations to read.

    Args:
        function: graph code on tensors, which reads nothing of the trace that it is called in.
        specs: the shapes and dtypes of its inputs.
    """

    def __init__(self, function: Callable, *specs: tf.TensorSpec):
        self._function, self._specs = function, specs

    def __call__(self, *inputs):
        return (self._traced if is_exporting() else self._function)(*inputs)

    @cached_property
    def _traced(self) -> Callable:
        with exporting() as stored:
            traced = tf.function(self._function, input_signature=self._specs, autograph=False)
            traced.get_concrete_function().graph.stored = stored  # as in `Signature.graph`
        return traced


Signatures = dict[str, Signature]
