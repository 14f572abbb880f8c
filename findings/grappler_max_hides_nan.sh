#!/usr/bin/env bash
# tensorflow 2.21.0, Python 3.11, x86-64 Linux.
#
# Guess: the maximum of log ratios with a NaN among them is NaN, in tf.function as in eager code and in NumPy.
#
# What happens: the graph optimizer takes the maximum first and the logarithm afterwards, because the logarithm rises.
# The NaN of a negative number is then never computed. Seen at [-1, 4, 1, 2] (log1p at 1 less):
#
#                              eager   tf.function   without arithmetic_optimization
#   reduce_max of log          nan     1.39          nan
#   reduce_max of log1p        nan     1.39          nan
#   reduce_max of sqrt         nan     2             nan
#   reduce_max of acosh        nan     2.06          nan
#   reduce_min of rsqrt        nan     0.5           nan
#   reduce_max of log, axis 1  nan     1.39          nan
#   reduce_min of log          nan     nan           nan
#   reduce_max of exp, with a NaN among the inputs: nan in each
#   of 1,000 log ratios, one of -1e-9 under the logarithm: nan in eager code, the others' maximum in tf.function
#
# Why it matters: rejection sampling takes its bound M as the maximum of log ratios. A ratio estimator that has broken
# gives NaN for some samples; in the graph M stays finite, and a check of M for NaN never fires. The largest norm, a
# sqrt of a sum that rounding made negative, is the same. What to do: check the values themselves with
# `tf.math.is_finite`, not their maximum. That also keeps the order, because the logarithm then has a second reader.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tensorflow==2.21.0

cat > "$work/find.py" <<'PYTHON'
import sys

import numpy as np
import tensorflow as tf

row = np.array([[-1.0, 4.0, 1.0, 2.0]], "float32")
with_nan = np.array([[np.nan, 4.0, 1.0, 2.0]], "float32")
ratios = np.append(np.random.default_rng(0).random(999), -1e-9).astype("float32")


def checked(x):
    """The maximum, with the logarithm read twice."""
    values = tf.math.log(x)
    return tf.where(tf.reduce_all(tf.math.is_finite(values)), tf.reduce_max(values), np.nan)


cases = {
    "max of log": (lambda x: tf.reduce_max(tf.math.log(x)), row),
    "max of log1p": (lambda x: tf.reduce_max(tf.math.log1p(x)), row - 1.0),
    "max of sqrt": (lambda x: tf.reduce_max(tf.sqrt(x)), row),
    "max of acosh": (lambda x: tf.reduce_max(tf.math.acosh(x)), row),
    "min of rsqrt": (lambda x: tf.reduce_min(tf.math.rsqrt(x)), row),
    "max of log, axis 1": (lambda x: tf.reduce_max(tf.math.log(x), axis=1)[0], row),
    "min of log": (lambda x: tf.reduce_min(tf.math.log(x)), row),
    "max of exp of NaN": (lambda x: tf.reduce_max(tf.exp(x)), with_nan),
    "one of 1,000": (lambda x: tf.reduce_max(tf.math.log(x)), ratios),
    "checked": (checked, row),
}


def rounded(value):
    return float(f"{np.asarray(value):.3g}")


def in_graph(formula, x, optimized):
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": optimized})
    return rounded(tf.function(formula)(tf.constant(x)))


seen = {
    name: (rounded(formula(tf.constant(x))), in_graph(formula, x, True), in_graph(formula, x, False))
    for name, (formula, x) in cases.items()
}
largest = rounded(np.log(ratios[:-1].max()))
nan = "nan"
expected = {
    "max of log": (nan, 1.39, nan),
    "max of log1p": (nan, 1.39, nan),
    "max of sqrt": (nan, 2.0, nan),
    "max of acosh": (nan, 2.06, nan),
    "min of rsqrt": (nan, 0.5, nan),
    "max of log, axis 1": (nan, 1.39, nan),
    "min of log": (nan, nan, nan),
    "max of exp of NaN": (nan, nan, nan),
    "one of 1,000": (nan, largest, nan),
    "checked": (nan, nan, nan),
}
seen = {name: tuple(nan if np.isnan(value) else value for value in values) for name, values in seen.items()}
for name, values in seen.items():
    print(f"{name:20}", *values)
if seen != expected:
    sys.exit(f"Changed. Expected: {expected}")
PYTHON

TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/find.py"
echo "As stated: in a tf.function the maximum of a logarithm loses the NaN."
