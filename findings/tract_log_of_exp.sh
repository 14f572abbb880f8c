#!/usr/bin/env bash
# tract 0.23.9, onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6, Python 3.11.
#
# Guess: tract computes ONNX's Softplus, LogSoftmax and ReduceLogSumExp in the way that does not overflow, as ONNX Runtime
# does, so that logits of 100 are harmless.
#
# What happens: it takes the exponential first and the logarithm of it after. Float32, from opset 18:
#
#   operation          input        right        onnxruntime    tract
#   Softplus           100          100          100            inf
#   Softplus           -20          2.06e-09     2.06e-09       0
#   LogSoftmax         -100, 0      -100         -100           -87.5
#   LogSoftmax         -200, 0      -200         -200           -inf
#   ReduceLogSumExp    100, 100     100.7        100.7          inf
#
# Nothing warns. Softmax itself is right, and so is all of the above for logits of about 1.
#
# Why it matters: log(1 - D(x)), binary cross-entropy and log density ratios of a discriminator that is sure are such
# numbers. A probability of acceptance from them is then 0 or 1, or not a number where two infinities meet. What to do:
# write the stable form into the graph, max(x, 0) + log(1 + exp(-|x|)) and x - max - log(sum exp(x - max)), of operations
# that cannot overflow; or bound the logits. It is near: torch-mlir had the same Softplus until 2026 (llvm/torch-mlir
# pull request 4752), and TVM until 2025 (apache/tvm issue 18241).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tract==0.23.9 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat > "$work/find.py" <<'PYTHON'
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import tract
from onnx import TensorProto, helper


def both(operation, numbers, **attributes):
    """The first number of each runtime's answer."""
    x = np.array([numbers], "float32")
    node = helper.make_node(operation, ["x"], ["y"], **attributes)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, n]) for name, n in (("x", x.shape[1]), ("y", None))]
    graph = helper.make_graph([node], "one", ends[:1], ends[1:])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    path = Path(sys.argv[1]) / "model.onnx"
    onnx.save(made, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    answers = session.run(None, {"x": x})[0], tract.onnx().load(path).into_model().into_runnable().run([x])[0].to_numpy()
    return [float(f"{answer.ravel()[0]:.3g}") for answer in answers]


inf = float("inf")
seen = {
    "Softplus 100": both("Softplus", [100]),
    "Softplus -20": both("Softplus", [-20]),
    "LogSoftmax -100": both("LogSoftmax", [-100, 0], axis=-1),
    "LogSoftmax -200": both("LogSoftmax", [-200, 0], axis=-1),
    "ReduceLogSumExp 100": both("ReduceLogSumExp", [100, 100]),
    "Softmax 100": both("Softmax", [100, 0], axis=-1),
    "Softplus 1": both("Softplus", [1]),
}
expected = {
    "Softplus 100": [100, inf],
    "Softplus -20": [2.06e-9, 0],
    "LogSoftmax -100": [-100, -87.5],
    "LogSoftmax -200": [-200, -inf],
    "ReduceLogSumExp 100": [101, inf],
    "Softmax 100": [1, 1],
    "Softplus 1": [1.31, 1.31],
}
for name, answers in seen.items():
    print(f"{name:20}", *answers)
if seen != expected:
    sys.exit(f"Changed. Expected: {expected}")
PYTHON

"$work/venv/bin/python" "$work/find.py" "$work"
echo "As stated: tract takes the logarithm of an exponential that overflows."
