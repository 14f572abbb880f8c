#!/usr/bin/env bash
# tract 0.23.9, onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6, Python 3.11, on an x86-64 processor.
#
# Guess: a mean of float16 numbers is about that of float32, as in ONNX Runtime. At worst the last digits differ.
#
# What happens: tract keeps the number of summands in float16. From 65,520 on it is infinite there, so that the mean
# over 256 x 256 pixels is 0, whatever the numbers are. InstanceNormalization then subtracts 0, finds the variance 0,
# and divides by the root of epsilon, 1e-5: its output is 316 times as large as it should be. Over two axes the sum is
# kept in float16, too. It stops growing or overflows before: for numbers from 0 to 255 at 32 x 32 pixels.
#
#   float16                                             onnxruntime   tract
#   ReduceMean of the last axis, 65,519 ones            1             1
#   ReduceMean of the last axis, 65,520 ones            1             0
#   GlobalAveragePool of numbers from 0 to 1
#     at 128 x 128                                      .50           .50
#     at 255 x 255                                      .50           .25
#     at 256 x 256                                      .50           0
#   InstanceNormalization, deviation of its output
#     of numbers N(0, 1) at 255 x 255                   1             1
#     of numbers N(0, 1) at 256 x 256                   1             316
#     of numbers from 0 to 255 at 32 x 32               1             nan
#
# Nothing warns. In float32 tract is right.
#
# Why it matters: pix2pix and CycleGAN normalise each picture with InstanceNormalization at 256 x 256 and more, and
# critics end in a GlobalAveragePool. In float16, which halves the file, the one is off by a factor and the other sees
# no picture; at 128 x 128 all is well. What to do: float32 for such models in tract. It is near: sums along the last
# axis in float16, which stopped growing, too (sonos/tract pull request 2587), and are right in this version.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tract==0.23.9 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat > "$work/find.py" <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
import tract
from onnx import helper, numpy_helper

TYPES = {"float32": onnx.TensorProto.FLOAT, "float16": onnx.TensorProto.FLOAT16}
CONSTANTS = {
    "InstanceNormalization": (np.ones(1), np.zeros(1)),
    "GlobalAveragePool": (),
    "ReduceMean": (np.array([3]),),
}


def answers(operation, x):
    """Of ONNX Runtime and of tract, in float64."""
    constants = [c.astype("int64" if c.dtype.kind == "i" else x.dtype) for c in CONSTANTS[operation]]
    names = [f"c{number}" for number in range(len(constants))]
    kind = TYPES[x.dtype.name]
    graph = helper.make_graph(
        [helper.make_node(operation, ["x", *names], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", kind, x.shape)],
        [helper.make_tensor_value_info("y", kind, None)],
        [numpy_helper.from_array(constant, name) for constant, name in zip(constants, names, strict=True)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, sys.argv[1])
    session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
    runnable = tract.onnx().load(sys.argv[1]).into_model().into_runnable()
    return session.run(None, {"x": x})[0].astype("float64"), runnable.run([x])[0].to_numpy().astype("float64")


def pictures(kind, height, width):
    generator = np.random.default_rng(0)
    if kind == "ones":
        return np.ones((1, 1, height, width))
    if kind == "normal":
        return generator.normal(size=(1, 1, height, width))
    return generator.uniform(0, kind, size=(1, 1, height, width))


ROWS = (
    ("ReduceMean", "ones", 1, 65_519, 1, 1),
    ("ReduceMean", "ones", 1, 65_520, 1, 0),
    ("GlobalAveragePool", "ones", 256, 256, 1, 0),
    ("GlobalAveragePool", 1, 128, 128, 0.5, 0.5),
    ("GlobalAveragePool", 1, 255, 255, 0.5, 0.25),
    ("GlobalAveragePool", 1, 256, 256, 0.5, 0),
    ("InstanceNormalization", "normal", 255, 255, 1, 1),
    ("InstanceNormalization", "normal", 256, 256, 1, 316),
    ("InstanceNormalization", 255, 32, 32, 1, np.nan),
)
as_stated = True
for operation, kind, height, width, right, stated in ROWS:
    for name in TYPES:
        x = pictures(kind, height, width).astype(name)
        seen = [y.std() if operation == "InstanceNormalization" else y.mean() for y in answers(operation, x)]
        print(f"{name} {operation:22} {height} x {width} of {kind}: onnxruntime {seen[0]:.4f}, tract {seen[1]:.4f}")
        as_stated &= np.allclose(seen, [right, stated if name == "float16" else right], rtol=0.02, equal_nan=True)
if not as_stated:
    sys.exit("Changed: see the opening comment.")
print("As stated: tract's mean in float16 is 0 from 65,520 summands on.")
PYTHON

"$work/venv/bin/python" "$work/find.py" "$work/model.onnx"
