#!/usr/bin/env bash
# mlx 0.32.4, mlx-cpu 0.32.4, numpy 2.4.6, Python 3.11, Linux, on a CPU.
#
# Guess: mx.vmap(f) gives what f gives for one example after the other, or raises an error where MLX cannot. It does as
# guessed for mapped values and for x[0:2] += 1.
#
# What happens: a slice that is set to, multiplied by or increased by something that is the same for all examples is so
# changed in the first example only. The others keep what they had. Nothing warns, and the shapes are right.
#
#   f, mapped over the rows of 1 2 3 4 and 5 6 7 8         right                     mx.vmap
#   x[0:2] = 0                                             0 0 3 4    0 0 7 8        0 0 3 4    5 6 7 8
#   x[0] = -1                                              -1 2 3 4   -1 6 7 8       -1 2 3 4   5 6 7 8
#   x.at[0:2].multiply(10)                                 10 20 3 4  50 60 7 8      10 20 3 4  5 6 7 8
#   x.at[0].add(1), mx.slice_update(x, 1 element)          likewise                  likewise
#   x.at[mx.array([0, 1])].add(1), mx.where(mask, 0, x)    right in mx.vmap, too
#
# And a grouped convolution of one input with several kernels (vmap over the kernels: an ensemble, or a critic's
# candidates) mixes them: the kernels' channels are joined first, and then divided among the groups. Of 3 kernels with 4
# outputs in 2 groups, 8 of 12 outputs are right. Of 3 depthwise kernels with 4 channels, 4 of 12 are. Mapped over
# inputs and kernels, or with one group, it is right.
#
# Why it matters: what masks a corner, clears a label or damps a frequency is written for one picture and mapped over
# the batch. Then one picture of the batch is changed, and a test with a batch of one passes. What to do: mx.where, an
# index array in place of a slice, or a loop and mx.stack.
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
ROWS = mx.arange(1.0, 13.0).reshape(3, 4)


def assigned(where, value):
    def function(x):
        y = mx.array(x)
        y[where] = value
        return y

    return function


def increased(x):
    y = mx.array(x)
    y[0:2] += 1
    return y


def rows(function):
    """The function row by row, and mapped."""
    return np.stack([np.array(function(row)) for row in ROWS]), np.array(mx.vmap(function)(ROWS))


wrong = {
    "x[0:2] = 0": assigned(slice(0, 2), 0.0),
    "x[0:2] = array": assigned(slice(0, 2), mx.array([10.0, 20.0])),
    "x[0] = -1": assigned(0, -1.0),
    "multiply(10)": lambda x: x.at[0:2].multiply(10.0),
    "add(1) at 0": lambda x: x.at[0].add(1.0),
    "minimum": lambda x: x.at[0:2].minimum(mx.array([0.1, 0.2])),
    "slice_update": lambda x: mx.slice_update(x, mx.array([9.0]), mx.array([1]), (0,)),
}
right = {
    "x[0:2] += 1": increased,
    "mapped values": lambda x: x.at[0:2].add(x[2:4]),
    "index array": lambda x: x.at[mx.array([0, 1])].add(1.0),
    "where": lambda x: mx.where(mx.array([True, True, False, False]), 0.0, x),
}
as_stated = True
for name, function in (wrong | right).items():
    each, mapped = rows(function)
    print(f"{name:15} row 0: {each[0]} and {mapped[0]}; row 1: {each[1]} and {mapped[1]}")
    expected = each.copy()
    if name in wrong:
        expected[1:] = np.array(ROWS)[1:]
        as_stated &= not np.allclose(expected, each)
    as_stated &= np.allclose(mapped, expected)


def right_outputs(kernels, groups, pictures=None):
    """How many outputs of the mapped convolution, of kernels times channels, are right."""
    if pictures is None:
        mapped = mx.vmap(lambda kernel: mx.conv2d(picture, kernel, padding=1, groups=groups))(kernels)
        pictures = [picture] * len(kernels)
    else:
        mapped = mx.vmap(lambda x, kernel: mx.conv2d(x, kernel, padding=1, groups=groups))(pictures, kernels)
    each = [mx.conv2d(x, kernel, padding=1, groups=groups) for x, kernel in zip(pictures, kernels, strict=True)]
    gap = np.abs(np.array(mapped) - np.array(mx.stack(each))).max(axis=(1, 2, 3))
    return int((gap < 1e-4).sum()), gap.size


generator = np.random.default_rng(0)
picture = mx.array(generator.normal(size=(1, 6, 6, 4)).astype("float32"))
pictures = mx.array(generator.normal(size=(3, 1, 6, 6, 4)).astype("float32"))
kernels = {groups: mx.array(generator.normal(size=(3, 4, 3, 3, 4 // groups)).astype("float32")) for groups in (1, 2, 4)}
counts = [
    right_outputs(kernels[1], 1),
    right_outputs(kernels[2], 2),
    right_outputs(kernels[4], 4),
    right_outputs(kernels[2], 2, pictures),
]
print("right outputs of 3 mapped kernels: 1 group, 2 groups, depthwise, 2 groups and mapped inputs:", counts)
if not as_stated or counts != [(12, 12), (8, 12), (4, 12), (12, 12)]:
    sys.exit("Changed: see the opening comment.")
print("As stated: mx.vmap changes the slice of the first example only, and mixes the kernels of grouped convolutions.")
PYTHON

"$work/venv/bin/python" "$work/find.py"
