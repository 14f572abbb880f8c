#!/usr/bin/env bash
# openvino 2026.4.1, onnx 1.23.2, ml_dtypes 0.6.0, numpy 2.4.6, Python 3.11, on a CPU.
#
# Guess: OpenVINO makes float32 numbers bfloat16 as ONNX demands of Cast, by rounding to the nearest, and halves to the
# even neighbour.
#
# What happens: it does so only where the last bit of the bfloat16 below is 1. Where that bit is 0, the number is cut off
# towards 0, however near the next bfloat16 is. So a constant that a model casts is converted, so is a Constant of type
# bf16 that is made of floats, and, on a processor without instructions for bfloat16, the result of a Cast.
#
#   number                          to bfloat16 by OpenVINO   nearest
#   99.46                           99                        99.5
#   99.87                           100                       100
#   100.36                          100                       100.5
#   -100.36                         -100                      -100.5
#   10,000 normal numbers: share that is not the nearest      .25
#   mean size, to that of the float32 numbers                 .9986 (nearest: 1.0000)
#
# Why it matters: every weight with an even last bit becomes smaller, by up to .8 %, and none with such a bit becomes
# larger. What to do: round weights before, and give OpenVINO numbers that bfloat16 has.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q openvino==2026.4.1 onnx==1.23.2 ml_dtypes==0.6.0 numpy==2.4.6

cat > "$work/find.py" <<'PYTHON'
import sys

import ml_dtypes
import numpy as np
import openvino as ov
import openvino.opset13 as ops
from onnx import TensorProto, helper, numpy_helper


def added_to_zeros(model, count):
    return np.asarray(ov.Core().compile_model(model, "CPU")([np.zeros(count, np.float32)])[0])


def by_cast(numbers):
    """A constant of an ONNX model, cast to bfloat16 and back."""
    nodes = [
        helper.make_node("Cast", ["numbers"], ["short"], to=TensorProto.BFLOAT16),
        helper.make_node("Cast", ["short"], ["long"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["x", "long"], ["y"]),
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [len(numbers)]) for name in "xy")
    graph = helper.make_graph(nodes, "cast", [x], [y], [numpy_helper.from_array(numbers, "numbers")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return added_to_zeros(ov.Core().read_model(model.SerializeToString()), len(numbers))


def by_constant(numbers):
    """OpenVINO's own Constant of type bf16, made of floats."""
    x = ops.parameter([len(numbers)], np.float32)
    constant = ov.op.Constant(ov.Type.bf16, ov.Shape([len(numbers)]), numbers.tolist())
    return added_to_zeros(ov.Model([ops.add(ops.convert(constant, "f32"), x)], [x], "constant"), len(numbers))


def nearest(numbers):
    return numbers.astype(ml_dtypes.bfloat16).astype(np.float32)


def as_stated(numbers):
    """Half a unit is added where the last bit that stays is 1, and nothing where it is 0."""
    bits = numbers.view(np.uint32).astype(np.uint64)
    return ((bits + ((bits >> 16 & 1) << 15)) >> 16 << 16).astype(np.uint32).view(np.float32)


few = np.array([99.46, 99.87, 100.36, -100.36], np.float32)
many = np.random.default_rng(0).standard_normal(10_000).astype(np.float32)
changed = False
for convert in (by_cast, by_constant):
    print(convert.__name__, convert(few).tolist(), "nearest", nearest(few).tolist())
    found = convert(many)
    share, size = np.mean(found != nearest(many)), np.abs(found).mean() / np.abs(many).mean()
    print(f"  not the nearest {share:.3f}, mean size {size:.5f}, of the nearest {np.abs(nearest(many)).mean() / np.abs(many).mean():.5f}")
    changed = changed or not (np.array_equal(convert(few), as_stated(few)) and np.array_equal(found, as_stated(many)))
    changed = changed or not 0.2 < share < 0.3
if changed:
    sys.exit("Changed: see the opening comment.")
print("As stated: OpenVINO rounds to bfloat16 only where the last bit is 1.")
PYTHON

"$work/venv/bin/python" "$work/find.py"
