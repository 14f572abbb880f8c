#!/usr/bin/env bash
# apache-tvm 0.27.0.post1, torch 2.14.1, onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6, Python 3.11, on a CPU.
#
# Guess: a network that makes pictures smaller does so in TVM as in PyTorch and ONNX Runtime. What TVM cannot do, it
# refuses: it does refuse antialias=True in its own operator and for bicubic interpolation.
#
# What happens: TVM imports a bilinear resize with antialias=True as one without, from torch.export and from ONNX, and
# PyTorch's "nearest" as one that takes the pixel in the middle.
#
#   float32                                              right                TVM
#   columns 0 1 1 0 0 1 1 0 ... made 4 times smaller     .500                 1.000
#   normal noise made 8 times smaller, deviation         .08                  .53
#   the same as ONNX's Resize                            .08                  .53
#   nearest, columns 0 to 7 to 2                         0 4                  2 6
#   nearest, columns 0 to 7 to 5                         0 1 3 4 6            0 2 4 5 7
#
# Nothing warns. TVM's code has a remark that antialiasing means little when pictures become larger; it does not look
# whether they do. nearest is right for 2 times smaller and for whole factors larger.
#
# Why it matters: scores of the kind of clean-fid resize pictures with antialiasing before their network, and so do
# discriminators of several sizes. Without it noise of single pixels stays, and the same pictures get another score. A
# mask or a skip connection by "nearest" is moved by a pixel or more. What to do: resize before TVM, or write the filter
# as a convolution or as avg_pool2d. It is near: TVM's Resize from ONNX takes other pixels for fractional scales
# (apache/tvm issue 19570).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q apache-tvm==0.27.0.post1 torch==2.14.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat > "$work/find.py" <<'PYTHON'
import sys
import warnings

import numpy as np
import onnxruntime
import torch
import tvm
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from tvm import relax
from tvm.relax.frontend.onnx import from_onnx
from tvm.relax.frontend.torch import from_exported_program

warnings.simplefilter("ignore")


class Resized(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.options = options

    def forward(self, x):
        return nn.functional.interpolate(x, **self.options)


def in_tvm(imported, x):
    machine = relax.VirtualMachine(tvm.compile(imported, target="llvm"), tvm.cpu())
    return machine["main"](tvm.runtime.tensor(x)).numpy()


def from_torch(x, **options):
    module, inputs = Resized(options).eval(), (torch.from_numpy(x),)
    with torch.no_grad():
        program = torch.export.export(module, inputs)
        return module(*inputs).numpy(), in_tvm(from_exported_program(program, unwrap_unit_return_tuple=True), x)


def from_file(x, side):
    node = helper.make_node("Resize", ["x", "", "", "size"], ["y"], mode="linear", antialias=1)
    size = [1, 1, side, side]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", x.shape), ("y", size))]
    graph = helper.make_graph([node], "resize", ends[:1], ends[1:], [numpy_helper.from_array(np.array(size), "size")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0], in_tvm(from_onnx(model), x)


def picture(row, side):
    return np.tile(np.array(row, np.float32), (side, side // len(row)))[None, None]


soft = {"mode": "bilinear", "antialias": True}
noise = np.random.default_rng(0).standard_normal((1, 1, 128, 128)).astype(np.float32)
stripes, ramp = picture([0, 1, 1, 0], 64), picture(range(8), 8)

seen = {
    "stripes": [round(float(np.median(y)), 3) for y in from_torch(stripes, size=(16, 16), **soft)],
    "noise": [round(float(y.std()), 2) for y in from_torch(noise, size=(16, 16), **soft)],
    "noise in ONNX": [round(float(y.std()), 2) for y in from_file(noise, 16)],
}
for side in (2, 5, 4, 24):
    seen[f"nearest {side}"] = [y[0, 0, 0].astype(int).tolist() for y in from_torch(ramp, size=(side, side), mode="nearest")]
expected = {
    "stripes": [0.5, 1.0],
    "noise": [0.08, 0.53],
    "noise in ONNX": [0.08, 0.53],
    "nearest 2": [[0, 4], [2, 6]],
    "nearest 5": [[0, 1, 3, 4, 6], [0, 2, 4, 5, 7]],
    "nearest 4": [[0, 2, 4, 6]] * 2,
    "nearest 24": [[column // 3 for column in range(24)]] * 2,
}
for name, answers in seen.items():
    print(f"{name:14}", *answers)
if seen != expected:
    sys.exit(f"Changed. Expected: {expected}")
PYTHON

"$work/venv/bin/python" "$work/find.py"
echo "As stated: TVM resizes without antialiasing, and takes other pixels as the nearest."
