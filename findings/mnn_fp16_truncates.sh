#!/usr/bin/env bash
# MNN 3.6.1, onnx 1.23.2, numpy 2.4.6, Python 3.11, on a CPU.
#
# Guess: `mnnconvert --fp16` stores each weight as the nearest float16, as NumPy does.
#
# What happens: it cuts the weight off towards 0. So the largest error is a whole unit of the last place and not half of
# one, and all errors have one direction. A convolution of 64 x 64 weights, read back by one-hot inputs:
#
#   weights N(100, 1)     nearest float16   cut off    --weightQuantBits 8
#   largest error         .031              .062       .013
#   mean error            .000              -.031      .000
#   weights N(0, 1)
#   mean size             1.0000            .9997      1.0001
#
# Why it matters: every layer becomes smaller, so that the errors of layers add up and do not cancel. What to do: round
# the weights to float16 before the conversion; MNN then has nothing to cut off.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q MNN==3.6.1 onnx==1.23.2 numpy==2.4.6

cat > "$work/find.py" <<'PYTHON'
import subprocess
import sys
from pathlib import Path

import MNN.expr as expr
import MNN.nn as nn
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 64
HERE = Path(sys.argv[0]).parent


def kept(weights, *options):
    """The weights [SIDE, SIDE] of a convolution as MNN has them after its conversion."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, SIDE, 1, 1]) for name in "xy")
    node = helper.make_node("Conv", ["x", "kernel"], ["y"], kernel_shape=[1, 1])
    graph = helper.make_graph([node], "g", [x], [y], [numpy_helper.from_array(weights[:, :, None, None], "kernel")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), HERE / "x.onnx")
    # What the command `mnnconvert` calls, without its logger: that one installs a package (mnn_convert_installs.sh).
    command = [sys.executable, "-c", "import sys, _tools; _tools.mnnconvert(sys.argv)"]
    command += ["-f", "ONNX", "--bizCode", "MNN", *options]
    command += ["--modelFile", HERE / "x.onnx", "--MNNModel", HERE / "x.mnn"]
    subprocess.run(command, check=True, capture_output=True)
    network = nn.load_module_from_file(str(HERE / "x.mnn"), ["x"], ["y"])
    columns = []
    for one_hot in np.eye(SIDE, dtype=np.float32):
        inputs = expr.placeholder([1, SIDE, 1, 1], expr.NCHW, expr.float)
        inputs.write(one_hot.reshape(1, SIDE, 1, 1))
        columns.append(np.array(expr.convert(network.forward(inputs), expr.NCHW).read()).ravel())
    return np.stack(columns, axis=1)


def nearest(weights):
    return weights.astype(np.float16).astype(np.float32)


def cut_off(weights):
    """Float16 of the same sign whose size is the largest that is not above."""
    short = weights.astype(np.float16)
    return np.where(np.abs(short) > np.abs(weights), np.nextafter(short, np.float16(0)), short).astype(np.float32)


changed = False
for mean in (100, 0):
    weights = (mean + np.random.default_rng(0).standard_normal((SIDE, SIDE))).astype(np.float32)
    found, eight = kept(weights, "--fp16"), kept(weights, "--weightQuantBits", "8")
    for name, values in {"nearest": nearest(weights), "--fp16": found, "8 bits": eight}.items():
        error, size = values - weights, np.abs(values).mean() / np.abs(weights).mean()
        print(f"N({mean}, 1), {name}: largest error {np.abs(error).max():.4f}, mean {error.mean():.5f}, size {size:.5f}")
    changed = changed or not np.array_equal(kept(weights), weights)
    changed = changed or not np.array_equal(found, cut_off(weights))
    changed = changed or not np.array_equal(kept(nearest(weights), "--fp16"), nearest(weights))
if changed:
    sys.exit("Changed: see the opening comment.")
print("As stated: --fp16 cuts weights off towards 0.")
PYTHON

"$work/venv/bin/python" "$work/find.py"
