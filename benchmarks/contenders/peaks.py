"""The peak of this machine: the fastest matrix products and convolutions of TensorFlow, measured between trainings.

It is run like a contender. A "step" is one operation of one kind, in one precision.
"""

import numpy as np
import tensorflow as tf

from benchmarks.contenders import Training

SIDE = 1024  # rows and columns of the matrices
BATCH, PIXELS, CHANNELS, KERNEL = 64, 28, 64, 3  # sizes of the convolution


def build(work: str, arrays: dict[str, np.ndarray], precision: str) -> Training:
    """`work` is "matmul" or "convolution"."""
    del arrays
    dtype = tf.bfloat16 if precision == "mixed_bfloat16" else tf.float32

    def normal(*shape):
        return tf.cast(tf.random.stateless_normal(shape, [1, 2]), dtype)

    if work == "matmul":
        operation, operands, flops = tf.matmul, (normal(SIDE, SIDE), normal(SIDE, SIDE)), 2 * SIDE**3
    else:
        operands = normal(BATCH, PIXELS, PIXELS, CHANNELS), normal(KERNEL, KERNEL, CHANNELS, CHANNELS)
        operation = lambda x, kernel: tf.nn.conv2d(x, kernel, 1, "SAME")  # noqa: E731
        flops = 2 * BATCH * PIXELS**2 * CHANNELS**2 * KERNEL**2
    call = tf.function(lambda *values: tf.reduce_max(operation(*values)), autograph=False)

    def run(steps):
        for _ in range(steps):
            call(*operands).numpy()

    return Training(run, 0, lambda: float(flops))
