#!/usr/bin/env bash
# tensorflow 2.21.0, keras 3.15.1, Python 3.11, on a CPU.
#
# Guess: sums of bfloat16 numbers are added up in float32 and rounded once, as tf.reduce_sum and tf.matmul do.
#
# What happens: the gradient of a bias is added up in bfloat16. From 256 on, adding 1 changes nothing, so the sum of
# 16,384 ones is 256. Under `mixed_bfloat16` a bias so gets a gradient that is 60 to 250 times too small. The gradient
# of the kernel beside it is right.
#
#   16,384 ones in bfloat16                               sum
#   tf.reduce_sum, tf.matmul                              16,384
#   tf.raw_ops.BiasAddGrad (2 channels)                   256
#   tf.math.unsorted_segment_sum                          256
#
#   d mean(output) / d bias, bfloat16 as a share of float32, 2 channels
#                     eager   tf.function   jit_compile   tf.function without oneDNN
#   Dense             .016    .016          .016          .016
#   Conv2D            .016    1.0           .016          .016
#   Conv2DTranspose   .004    .004          .004          .004
#   x + bias          1.0     1.0           1.0           1.0
#
# oneDNN computes the bias's gradient of a Conv2D together with the kernel's, in float32; nothing else does. Where the
# gradients behind a bias have both signs, the error was a percent or less. Where they have one sign, it is a factor,
# as for a generator that should make all its pictures lighter.
#
# Why it matters: under `mixed_bfloat16` on a CPU such biases hardly learn, without a warning, unlike in float32. What
# to do: in own layers write `x + bias`, whose gradient is a tf.reduce_sum, instead of tf.nn.bias_add; dtype="float32"
# for last layers; no bias in front of a normalisation. Count by segment in float32.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tensorflow==2.21.0 keras==3.15.1

cat > "$work/find.py" <<'PYTHON'
import os
import sys

import keras
import numpy as np
import tensorflow as tf

ones = tf.ones([16384], tf.bfloat16)
sums = {
    "reduce_sum": tf.reduce_sum(ones),
    "matmul": tf.matmul(ones[None], ones[:, None])[0, 0],
    "BiasAddGrad": tf.raw_ops.BiasAddGrad(out_backprop=tf.ones([16384, 2], tf.bfloat16))[0],
    "unsorted_segment_sum": tf.math.unsorted_segment_sum(ones, tf.zeros([16384], tf.int32), 1)[0],
}
sums = {name: float(value) for name, value in sums.items()}

pictures = np.random.default_rng(0).normal(size=(64, 16, 16, 8)).astype("float32")


class Plus(keras.layers.Layer):
    """A 1 x 1 convolution that adds its bias by `+`."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 2))
        self.bias = self.add_weight(shape=(2,))

    def call(self, x):
        return tf.matmul(x, self.kernel) + self.bias


LAYERS = {
    "x + bias": lambda dtype: Plus(dtype=dtype),
    "Dense": lambda dtype: keras.layers.Dense(2, dtype=dtype),
    "Conv2D": lambda dtype: keras.layers.Conv2D(2, 3, padding="same", dtype=dtype),
    "Conv2DTranspose": lambda dtype: keras.layers.Conv2DTranspose(2, 4, 2, padding="same", dtype=dtype),
}


def gradients(name, dtype, mode):
    """The gradients of mean(output) in kernel and bias."""
    keras.utils.set_random_seed(0)
    layer = LAYERS[name](dtype)
    layer.build(pictures.shape)

    def compute(x):
        with tf.GradientTape() as tape:
            mean = tf.reduce_mean(tf.cast(layer(x), tf.float32))
        return tape.gradient(mean, layer.trainable_variables)

    compute = {"eager": compute, "graph": tf.function(compute), "jit": tf.function(compute, jit_compile=True)}[mode]
    return [np.asarray(each) for each in compute(pictures)]


changed = sums != {"reduce_sum": 16384.0, "matmul": 16384.0, "BiasAddGrad": 256.0, "unsorted_segment_sum": 256.0}
print(sums)
for name in LAYERS:
    for mode in ("eager", "graph", "jit"):
        exact, mixed = (gradients(name, dtype, mode) for dtype in ("float32", "mixed_bfloat16"))
        kernel, bias = (np.linalg.norm(m) / np.linalg.norm(e) for m, e in zip(mixed, exact, strict=True))
        print(f"{name}, {mode}: kernel {kernel:.3f}, bias {bias:.3f} of its size in float32")
        fused = name == "Conv2D" and mode == "graph" and os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"
        changed |= not (0.95 < bias < 1.05 if fused or name == "x + bias" else bias < 0.05) or not 0.95 < kernel < 1.05
if changed:
    sys.exit("Changed: see the opening comment.")
PYTHON

for onednn in 1 0; do
  echo "TF_ENABLE_ONEDNN_OPTS=$onednn"
  TF_CPP_MIN_LOG_LEVEL=3 TF_ENABLE_ONEDNN_OPTS=$onednn "$work/venv/bin/python" "$work/find.py"
done
echo "As stated: the gradient of a bias is added up in bfloat16."
