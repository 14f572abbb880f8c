#!/usr/bin/env bash
# tensorflow 2.21.0, keras 3.15.1, jax 0.10.2, Python 3.11, on a CPU.
#
# Guess: uniform numbers in bfloat16 are those of float32, rounded. So Dropout(rate) drops that share in bfloat16, too, and
# rejection by "uniform < p" accepts with probability p.
#
# What happens: TensorFlow draws a uniform bfloat16 from 7 random bits. There are 128 of them, and one draw in 128 is 0.
# Keras's Dropout draws in the dtype of its inputs: so it does under `mixed_bfloat16`. It drops the next multiple of 1/128
# and divides by 1 - rate nevertheless. The same function with jit_compile draws finer numbers, and is right. So is the
# same layer with JAX for a backend.
#
#   Dropout of ones in bfloat16     dropped             with jit_compile     mean of the outputs
#   rate 0.001                      0.0079              0.0010               0.992
#   rate 0.01                       0.0157              0.0102               0.992
#   rate 0.1                        0.1016              0.1003               0.997
#   rate 0.3                        0.3045              0.3010               0.994
#   rate 0.5                        0.5                 0.5                  1
#
#   accepted by uniform < p         in bfloat16         in float32
#   p = 0.0005                      0.0078              0.0005
#   p = 0.003                       0.0078              0.003
#   p = 0.1                         0.1016              0.1
#
# Why it matters: rejection sampling in bfloat16 lets through every 128th sample, however bad it is, and -log(uniform) is
# infinite as often. A rate of dropout below 0.008 cannot be had. What to do: draw in float32, and give Dropout
# dtype="float32" where its rate is no multiple of 1/128.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q keras==3.15.1 tensorflow==2.21.0 jax==0.10.2

cat > "$work/find.py" <<'PYTHON'
import sys

import keras
import numpy as np
import tensorflow as tf

COUNT = 2_000_000
ONES = tf.ones([COUNT], tf.bfloat16)


def dropped(rate, jit_compile):
    """The share of outputs that are 0, and the mean of all."""
    layer = keras.layers.Dropout(rate, seed=1, dtype="mixed_bfloat16")
    outputs = tf.function(lambda x: layer(x, training=True), jit_compile=jit_compile)(ONES)
    outputs = tf.cast(outputs, tf.float64).numpy()
    return float(np.mean(outputs == 0)), float(outputs.mean())


def accepted(p, dtype):
    draws = tf.random.stateless_uniform([COUNT], [1, 2], dtype=dtype)
    return float(tf.reduce_mean(tf.cast(draws < tf.cast(p, dtype), tf.float64)))


changed = False


def compare(what, seen, expected, tolerance=0.0015):  # 4 standard errors of a share of 2 million
    global changed
    print(what, [round(value, 5) for value in seen])
    changed = changed or not np.allclose(seen, expected, rtol=0, atol=tolerance)


draws = tf.random.stateless_uniform([COUNT], [1, 2], dtype=tf.bfloat16)
kinds, counts = np.unique(tf.cast(draws, tf.float64).numpy(), return_counts=True)
print(len(kinds), "kinds of uniform numbers in bfloat16;", counts[0] / COUNT, "of the draws are", kinds[0])
changed = not (len(kinds) == 128 and kinds[0] == 0)

for rate, share in {0.001: 1 / 128, 0.01: 2 / 128, 0.1: 13 / 128, 0.3: 39 / 128, 0.5: 0.5}.items():
    found, mean = dropped(rate, jit_compile=False)
    compare(f"rate {rate}: dropped, mean", [found], [share])
    compare(f"rate {rate}: mean", [mean], [(1 - share) / (1 - rate)], 0.005)  # 1 / (1 - rate) is rounded
    compare(f"rate {rate}: dropped with jit_compile", [dropped(rate, jit_compile=True)[0]], [rate], 0.0021)
for p, share in {0.0005: 1 / 128, 0.003: 1 / 128, 0.1: 13 / 128}.items():
    compare(f"p {p}: accepted in bfloat16, in float32", [accepted(p, t) for t in (tf.bfloat16, tf.float32)], [share, p])
if changed:
    sys.exit("Changed: see the opening comment.")
print("As stated: one uniform bfloat16 in 128 is 0, and Dropout drops multiples of 1/128.")
PYTHON

cat > "$work/other.py" <<'PYTHON'
import keras
import numpy as np

ones = keras.ops.ones([2_000_000], "bfloat16")
for rate in (0.001, 0.01, 0.3):
    outputs = keras.layers.Dropout(rate, seed=1, dtype="mixed_bfloat16")(ones, training=True)
    dropped = np.mean(np.asarray(keras.ops.cast(outputs, "float32")) == 0)
    print(f"rate {rate}: dropped with JAX {dropped:.5f}")
    assert abs(dropped - rate) < 0.0015, "Changed: see the opening comment."
PYTHON

export TF_CPP_MIN_LOG_LEVEL=3
"$work/venv/bin/python" "$work/find.py"
KERAS_BACKEND=jax "$work/venv/bin/python" "$work/other.py"
