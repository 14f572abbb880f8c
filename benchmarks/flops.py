"""Floating-point operations of a traced function. Only its matrix products and convolutions are counted."""

import math
from collections.abc import Callable, Iterator

import tensorflow as tf


def of_step(step: Callable, spec: tf.TypeSpec) -> float:
    """The operations of one call of a training step: forward, backward, and the backward pass of a penalty.

    Args:
        step: a training step such as `model.train_step`; it is traced once more.
        spec: the spec of the step's data, with a static batch.
    """
    return of_graph(traced(step, spec))


def traced(step: Callable, spec: tf.TypeSpec) -> tf.Graph:
    """The graph of one call of a training step; the arguments are those of `of_step`."""
    return tf.function(step, autograph=False).get_concrete_function(spec).graph


def of_graph(graph: tf.Graph) -> float:
    """The operations of a graph. A multiplication and an addition count as two.

    The bodies of calls are left out. The body of a loop counts as often as the loop may run.

    Raises:
        ValueError: for a shape that is not static, and for a loop without `maximum_iterations`.
    """
    return float(sum(times * _COUNTS[op.type](op) for op, times in counted(graph)))


def counted(graph: tf.Graph) -> Iterator[tuple[tf.Operation, int]]:
    """The matrix products and convolutions that `of_graph` counts, and how often each runs.

    Raises:
        ValueError: for a loop without `maximum_iterations`.
    """
    for op in graph.get_operations():
        if op.type in ("While", "StatelessWhile"):
            body = op.graph._get_function(op.get_attr("body").name).graph
            yield from ((inner, _bound(op) * times) for inner, times in counted(body))
        elif op.type in _COUNTS:
            yield op, 1


def _bound(loop: tf.Operation) -> int:
    most = tf.get_static_value(loop.inputs[1])  # the inputs are a counter, its bound and the loop's variables
    if most is None or most < 0:
        raise ValueError(f"the loop {loop.name} has no bound; give it maximum_iterations.")
    return int(most)


def _of_product(op: tf.Operation) -> int:
    """The operations of [m, k] x [k, n], with or without batches in front."""
    rows, columns = _shape(op, op.inputs[0])[-2:]
    inner = rows if _is_transposed(op) else columns
    return 2 * math.prod(_shape(op, op.outputs[0])) * inner


def _is_transposed(op: tf.Operation) -> bool:
    return op.get_attr("transpose_a") if op.type == "MatMul" else op.get_attr("adj_x")


def _of_convolution(op: tf.Operation) -> int:
    """For an output [batch, h, w, out] and kernels [kh, kw, in, out], each number of the output sums kh kw in terms."""
    return 2 * math.prod(_shape(op, op.outputs[0])) * math.prod(_shape(op, op.inputs[1])[:-1])


def _of_input_gradient(op: tf.Operation) -> int:
    """As many operations as the convolution whose gradient it is; a transposed convolution is such a gradient, too."""
    return 2 * math.prod(_shape(op, op.inputs[2])) * math.prod(_shape(op, op.inputs[1])[:-1])


def _of_kernel_gradient(op: tf.Operation) -> int:
    kernel = tf.get_static_value(op.inputs[1])
    kernel = _shape(op, op.outputs[0]) if kernel is None else [int(side) for side in kernel]
    return 2 * math.prod(_shape(op, op.inputs[2])) * math.prod(kernel[:-1])


def _shape(op: tf.Operation, tensor: tf.Tensor) -> list[int]:
    if not tensor.shape.is_fully_defined():
        raise ValueError(f"the shape {tensor.shape} at {op.name} is not static; give a static batch.")
    return tensor.shape.as_list()


_COUNTS = {
    "MatMul": _of_product,
    "BatchMatMulV2": _of_product,
    "Conv2D": _of_convolution,
    "Conv2DBackpropInput": _of_input_gradient,
    "Conv2DBackpropFilter": _of_kernel_gradient,
}
