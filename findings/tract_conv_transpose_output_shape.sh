#!/usr/bin/env bash
# tract 0.23.9, onnx2torch 1.5.15, torch 2.14.1, onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6, Python 3.11.
#
# Guess: a transposed convolution whose ONNX node says `output_shape` loses its border on all sides, as ONNX defines:
# the padding follows from the shape, half of it at the beginning, the odd pixel there, too.
#
# What happens: tract cuts the whole padding off at the end, so that the picture is moved. onnx2torch does not know the
# attribute and cuts nothing. Both without a word. 2 x 2 pixels, stride 2, output_shape 4 x 4:
#
#   kernel    whole    definition, onnxruntime    tract           onnx2torch
#   3 x 3     5 x 5    4 x 4, from pixel 1 on     from pixel 0    5 x 5
#   4 x 4     6 x 6    4 x 4, from pixel 1 on     from pixel 0    6 x 6
#   5 x 5     7 x 7    4 x 4, from pixel 2 on     from pixel 0    7 x 7
#
# Why it matters: a generator doubles its pictures by such layers. In tract each level moves them by one or two pixels,
# so that digits leave the picture at the lower right, and a score of them in the same runtime is another one. What to
# do: write `pads` out in the place of `output_shape`: tract is then right, and so is onnx2torch, or it says that it does
# not know pads that differ at the two ends.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tract==0.23.9 onnx2torch==1.5.15 torch==2.14.1 onnx==1.23.2 onnxruntime==1.32.0 \
  numpy==2.4.6

cat > "$work/find.py" <<'PYTHON'
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import tract
from onnx import TensorProto, helper, numpy_helper
from onnx2torch import convert

SIDE, STRIDE = 2, 2
rng = np.random.default_rng(0)
x = rng.normal(size=(1, 1, SIDE, SIDE)).astype("float32")


def in_onnxruntime(model):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def in_tract(model):
    path = Path(sys.argv[1]) / "model.onnx"
    onnx.save(model, path)
    return tract.onnx().load(path).into_model().into_runnable().run([x])[0].to_numpy()


def in_torch(model):
    return convert(model)(torch.from_numpy(x)).detach().numpy()


def model(kernel, **attributes):
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[STRIDE] * 2, **attributes)
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", x.shape), ("y", [1, 1, None, None]))
    ]
    graph = helper.make_graph([node], "up", ends[:1], ends[1:], [numpy_helper.from_array(kernel, "w")])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made


def whole(kernel):
    """Each pixel adds the kernel, and pixels are `STRIDE` apart."""
    size = kernel.shape[2]
    y = np.zeros([STRIDE * (SIDE - 1) + size] * 2)
    for i in range(SIDE):
        for j in range(SIDE):
            y[STRIDE * i : STRIDE * i + size, STRIDE * j : STRIDE * j + size] += x[0, 0, i, j] * kernel[0, 0]
    return y


def place(found, of):
    """The pixel of the whole picture at which the answer begins, or its size if it has another one than was asked."""
    (found,) = found[0]
    if len(found) != STRIDE * SIDE:
        return f"{len(found)} x {len(found)}"
    cut = {k: of[k : k + len(found), k : k + len(found)] for k in range(len(of) - len(found) + 1)}
    (first,) = [k for k, one in cut.items() if np.allclose(one, found, atol=1e-5)]
    return f"from {first}"


seen = {}
for size in (3, 4, 5):
    kernel = rng.normal(size=(1, 1, size, size)).astype("float32")
    total = size - STRIDE
    by_hand = [total - total // 2] * 2 + [total // 2] * 2
    for name, attributes in {"output_shape": [STRIDE * SIDE] * 2, "pads": by_hand}.items():
        made = model(kernel, **{name: attributes})
        runtimes = [in_onnxruntime, in_tract, in_torch]
        if name == "pads" and total % 2:  # onnx2torch refuses them
            runtimes.remove(in_torch)
        seen[size, name] = [place(run(made), whole(kernel)) for run in runtimes]
        print(size, name, *seen[size, name], sep="   ")

expected = {
    (3, "output_shape"): ["from 1", "from 0", "5 x 5"],
    (4, "output_shape"): ["from 1", "from 0", "6 x 6"],
    (5, "output_shape"): ["from 2", "from 0", "7 x 7"],
    (3, "pads"): ["from 1"] * 2,
    (4, "pads"): ["from 1"] * 3,
    (5, "pads"): ["from 2"] * 2,
}
if seen != expected:
    sys.exit(f"Changed. Expected: {expected}")
PYTHON

"$work/venv/bin/python" "$work/find.py" "$work"
echo "As stated: tract moves the picture, and onnx2torch cuts nothing off."
