"""The convolutions and matrix products of ganzoo's own step, and nothing else.

They are taken from the graph of the step, by the walk that counts their operations, and run one after the other on
random operands of the same shapes. Tensors that several operations of the step read are one operand here, too. It is
run like a contender; the rest of ganzoo's time is everything that is not a convolution or a matrix product.
"""

import numpy as np
import tensorflow as tf

from benchmarks import flops
from benchmarks.contenders import Training, ganzoo_fit


def build(work: str, arrays: dict[str, np.ndarray], precision: str) -> Training:
    """The operations of a step of `ganzoo_fit`, whose arguments it takes."""
    _, model, data = ganzoo_fit.prepared(work, arrays, precision)
    call = alone(flops.traced(model.train_step, data.element_spec))

    def run(steps):
        for _ in range(steps):
            call()

    return Training(run, 0, lambda: flops.of_graph(call.get_concrete_function().graph))


def alone(graph: tf.Graph) -> tf.types.experimental.PolymorphicFunction:
    """A function that runs what `flops.counted` finds in a graph, each operation with all cores to itself."""
    counted = list(flops.counted(graph))
    operands = {}  # by the name of their tensor in the graph; constants are sizes, which are made in the function
    for op, _ in counted:
        for tensor in op.inputs:
            if tensor.dtype.is_floating:
                normal = tf.random.stateless_normal(tensor.shape, [1, 2])
                operands.setdefault((op.graph, tensor.name), tf.cast(normal, tensor.dtype))

    def run_all():
        results = []
        for op, times in counted:
            for _ in range(times):
                with tf.control_dependencies(results[-1:]):  # each operation waits for the one before
                    results.append(_again(op, operands))
        # One number of each result is read. TensorFlow leaves out operations whose results nothing reads.
        return [tf.reshape(result, [-1])[0] for result in results]

    return tf.function(run_all, autograph=False)


def _again(op: tf.Operation, operands: dict) -> tf.Tensor:
    """The result of the same operation in the graph that is being traced; an input that is no operand is its shape."""
    shape = op.outputs[0].shape.as_list()
    inputs = [
        operands[op.graph, tensor.name] if tensor.dtype.is_floating else tf.constant(shape) for tensor in op.inputs
    ]
    types = [tensor.dtype for tensor in op.outputs]
    graph = tf.compat.v1.get_default_graph()
    return graph.create_op(op.type, inputs, types, attrs=dict(op.node_def.attr)).outputs[0]
