#!/usr/bin/env bash
# mlx 0.32.4, mlx-cpu 0.32.4, numpy 2.4.6, Python 3.11, Linux, on a CPU.
#
# Guess: mx.arange gives start + i * step, rounded once, as NumPy and mx.linspace do. Its page says: "Generate numbers
# in the half-open interval [start, stop) in increments of step." It warns that the step is rounded to the type, too;
# that alone changes less than the last digits of the numbers below.
#
# What happens: on a CPU each number is the one before plus the step, rounded each time to the type. The errors add
# up, and the numbers leave the interval. When the step is too small for the type, they stand still.
#
#   mx.arange                        last      right      besides
#   (1000, dtype=bfloat16)           256       1000       the last 744 numbers are all 256
#   (4096, dtype=float16)            2048      4096       the last 2,048 numbers are all 2048
#   (0, 1, 0.01, dtype=bfloat16)     1.039     .988       number 50 is .490
#   (0, 1, 1e-5)                     1.00098   .99999     98 numbers are 1 or more
#   (0, 1, 1e-6)                     1.00904   .999999    9,478 numbers are 1 or more
#
# Nothing warns. mx.arange of integers that is cast or divided after is right, and so is mx.linspace.
#
# Why it matters: steps of a diffusion and positions in 16 bits are all the same from 256 on. A grid of probabilities
# goes beyond 1, and the normal quantiles or log(1 - p) of it are not numbers. What to do: mx.arange(n).astype(dtype),
# and mx.arange(n) / n. It is near: tf.range in float32 adds up, too (tensorflow/tensorflow issue 58133).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q mlx==0.32.4 mlx-cpu==0.32.4 numpy==2.4.6

cat > "$work/find.py" <<'PYTHON'
import sys

import mlx.core as mx
import numpy as np

mx.set_default_device(mx.cpu)


def numbers(array):
    return np.array(array.astype(mx.float32))


def seen(name, found, right):
    found, right = numbers(found), numbers(right)
    if found.shape != right.shape:
        sys.exit("Changed: another count of numbers.")
    last, at_last, beyond = float(found[-1]), int((found == found[-1]).sum()), int((found >= 1).sum())
    print(f"{name:10} last {last:.6g}, right {right[-1]:.6g}; {at_last} are the last one, {beyond} are 1 or more")
    return last, float(right[-1]), at_last, beyond, found


whole = seen("bfloat16", mx.arange(1000, dtype=mx.bfloat16), mx.arange(1000).astype(mx.bfloat16))
half = seen("float16", mx.arange(4096, dtype=mx.float16), mx.arange(4096).astype(mx.float16))
short = seen("0.01", mx.arange(0, 1, 0.01, dtype=mx.bfloat16), (mx.arange(100) / 100).astype(mx.bfloat16))
fine = seen("1e-5", mx.arange(0, 1, 1e-5), mx.arange(100_000) / 100_000)
finer = seen("1e-6", mx.arange(0, 1, 1e-6), mx.arange(1_000_000) / 1_000_000)
quantiles = numbers(mx.erfinv(2 * mx.arange(0, 1, 1e-5) - 1))
even = numbers(mx.linspace(0, 1, 1_000_001))[:-1]
print("quantiles that are not finite:", int((~np.isfinite(quantiles[1:])).sum()))

as_stated = (
    whole[:3] == (256, 1000, 744)
    and half[:3] == (2048, 4096, 2048)
    and abs(short[0] - 1.039) < 0.001
    and abs(short[1] - 0.988) < 0.001
    and abs(short[4][50] - 0.490) < 0.001
    and abs(fine[0] - 1.00098) < 1e-5
    and fine[3] == 98
    and abs(finer[0] - 1.00904) < 1e-5
    and abs(finer[3] - 9478) < 5
    and (~np.isfinite(quantiles[1:])).sum() >= 97
    and np.abs(even - np.arange(1_000_000) / 1_000_000).max() < 1e-6
    and np.abs(numbers(mx.arange(0, 1, 0.25)) - np.arange(4) / 4).max() == 0
)
if not as_stated:
    sys.exit("Changed: see the opening comment.")
print("As stated: mx.arange adds up its step.")
PYTHON

"$work/venv/bin/python" "$work/find.py"
