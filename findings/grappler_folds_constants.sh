#!/usr/bin/env bash
# tensorflow 2.21.0, keras 3.15.1, Python 3.11, x86-64 Linux.
#
# Guess: tf.function rounds as eager code does, up to the last digits, and turns no finite result into 0.
#
# What happens: the graph optimizer reorders neighbouring additions, and neighbouring products and divisions, to join
# their constants. The joined constant may overflow, or undo what the order of the operations was for. In x - m - c it
# adds c to m first, although m is no constant.
#
#                                      eager     tf.function   without constant_folding   jit_compile
#   x - m - 1e-8 at x = m = 5          -1e-8     0             -1e-8                      -1e-8
#   x / 1e30 / 1e10 at 1e30            1e-10     0             1e-10                      0
#   1e-30 * (x / 1e10) at 1e30         1e-10     0             1e-10                      1e-10
#   (x + 12582912) - 12582912 at 1.3   1         1.3           1                          1.3
#   12582912 - (12582912 - x) at 1.3   1         1.3           1                          1
#   x * 1e30 * 1e-30 at 1e20           inf       1e20          1e20                       1e20
#   Keras layers Rescaling(1e-30) and Rescaling(1e-10) at 1e30: called 1e-10, by `predict` 0
#
# The fourth and fifth lines round to a whole number, as quantisers do; in the graph they round nothing. The sixth
# becomes inf again only without the graph optimizer as a whole.
#
# Why it matters: a formula that is written in a safe order gives 0, whose logarithm is -inf, once it is in a
# tf.function or a SavedModel, while the eager test of the same function passes. The first line is from rejection
# sampling: log(1 - exp(x - max - epsilon)) is -inf for the best sample. What to do: test in a tf.function; keep an
# epsilon out of sums that have other terms than its own; or switch constant_folding off.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tensorflow==2.21.0 keras==3.15.1

cat > "$work/find.py" <<'PYTHON'
import sys

import keras
import numpy as np
import tensorflow as tf

five, large, between, huge = (tf.constant([value] * 3, tf.float32) for value in (5.0, 1e30, 1.3, 1e20))
formulas = {
    "x - m - 1e-8": (lambda x, m: x - m - 1e-8, five, five),
    "x / 1e30 / 1e10": (lambda x: x / 1e30 / 1e10, large),
    "1e-30 * (x / 1e10)": (lambda x: 1e-30 * (x / 1e10), large),
    "(x + c) - c": (lambda x: (x + 12582912.0) - 12582912.0, between),
    "c - (c - x)": (lambda x: 12582912.0 - (12582912.0 - x), between),
    "x * 1e30 * 1e-30": (lambda x: x * 1e30 * 1e-30, huge),
}


def rounded(values):
    return float(f"{np.ravel(values)[0]:.3g}")


def in_graph(formula, inputs, folding=True, **options):
    tf.config.optimizer.set_experimental_options({"constant_folding": folding})
    return rounded(tf.function(formula, **options)(*inputs))


seen = {
    name: (
        rounded(formula(*inputs)),
        in_graph(formula, inputs),
        in_graph(formula, inputs, folding=False),
        in_graph(formula, inputs, jit_compile=True),
    )
    for name, (formula, *inputs) in formulas.items()
}
tf.config.optimizer.set_experimental_options({"constant_folding": True})
rescaled = keras.Sequential([keras.Input([3]), keras.layers.Rescaling(1e-30), keras.layers.Rescaling(1e-10)])
rows = np.full((1, 3), 1e30, "float32")
seen["layers"] = (rounded(rescaled(rows)), rounded(rescaled.predict(rows, verbose=0)))

expected = {
    "x - m - 1e-8": (-1e-8, 0.0, -1e-8, -1e-8),
    "x / 1e30 / 1e10": (1e-10, 0.0, 1e-10, 0.0),
    "1e-30 * (x / 1e10)": (1e-10, 0.0, 1e-10, 1e-10),
    "(x + c) - c": (1.0, 1.3, 1.0, 1.3),
    "c - (c - x)": (1.0, 1.3, 1.0, 1.0),
    "x * 1e30 * 1e-30": (np.inf, 1e20, 1e20, 1e20),
    "layers": (1e-10, 0.0),
}
for name, values in seen.items():
    print(f"{name:20}", *values)
if seen != expected:
    sys.exit(f"Changed. Expected: {expected}")
PYTHON

TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/find.py"
echo "As stated: in a tf.function neighbouring constants are joined, and a finite result becomes 0."
