#!/usr/bin/env bash
# onnx 1.23.2, onnxruntime 1.32.0, openvino 2026.4.1, Python 3.11.
#
# Guess: the operator Bernoulli draws 1 with probability p. The standard says so: "an output of 1 is produced with
# probability p and an output of 0 is produced with probability (1-p)".
#
# What happens: ONNX Runtime and OpenVINO draw 1 with probability 1 - p. Neither has a kernel for Bernoulli. Both write
# out the function body that the standard's own library gives: RandomUniformLike, then Greater(noise, p). Greater is
# the wrong way round. onnx.reference has a kernel of its own, and it is right.
#
#   share of ones of 20,000 draws at p =    0      0.1    0.9    1
#   onnx.reference                          0      0.10   0.90   1
#   ONNX Runtime, OpenVINO                  1      0.90   0.10   0
#
# The model passes the checker. Nothing warns. At p = 0.5 nobody sees it.
#
# Why it matters: dropout, label flips and the coins of augmentations (ADA, DiffAugment) with probability p are on in
# 1 - p of the draws. An augmentation that is switched off by p = 0 changes each picture. A test with the reference
# evaluator does not notice. What to do: write Less(RandomUniformLike, p), or let the mask be an input of the file.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1

cat > "$work/find.py" <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

DRAWS = 20_000
FLOATS = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [DRAWS]) for name in ("p", "ones", "less")}


def model(nodes, output):
    """A checked model of opset 15 from "p" to `output`."""
    graph = helper.make_graph(nodes, "draws", [FLOATS["p"]], [FLOATS[output]])
    file = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(file, full_check=True)
    return file


def with_onnxruntime(file, p):
    session = onnxruntime.InferenceSession(file.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"p": p})[0]


def with_openvino(file, p):
    network = openvino.compile_model(openvino.Core().read_model(file.SerializeToString()), "CPU")
    return network({"p": p})[0]


def with_reference(file, p):
    return ReferenceEvaluator(file).run(None, {"p": p})[0]


def shares(file, run):
    """The share of ones by probability."""
    return [float(np.mean(run(file, np.full([DRAWS], p, "float32")))) for p in (0.0, 0.1, 0.9, 1.0)]


# OpenVINO refuses Bernoulli without a seed.
bernoulli = model([helper.make_node("Bernoulli", ["p"], ["ones"], dtype=TensorProto.FLOAT, seed=3.0)], "ones")
instead = model(
    [
        helper.make_node("RandomUniformLike", ["p"], ["noise"], dtype=TensorProto.FLOAT, seed=3.0),
        helper.make_node("Less", ["noise", "p"], ["below"]),
        helper.make_node("Cast", ["below"], ["less"], to=TensorProto.FLOAT),
    ],
    "less",
)
right, inverted = [0.0, 0.1, 0.9, 1.0], [1.0, 0.9, 0.1, 0.0]
expected = {
    ("Bernoulli", "onnx.reference"): right,
    ("Bernoulli", "onnxruntime"): inverted,
    ("Bernoulli", "openvino"): inverted,
    ("Less", "onnx.reference"): right,
    ("Less", "onnxruntime"): right,
    ("Less", "openvino"): right,
}
runtimes = {"onnx.reference": with_reference, "onnxruntime": with_onnxruntime, "openvino": with_openvino}
seen = {
    (name, runtime): shares(file, run)
    for name, file in (("Bernoulli", bernoulli), ("Less", instead))
    for runtime, run in runtimes.items()
}
for case, by_probability in seen.items():
    print(case, by_probability)
if any(not np.allclose(by_probability, expected[case], atol=0.02) for case, by_probability in seen.items()):
    sys.exit("Changed: see the opening comment.")
print("As stated: ONNX Runtime and OpenVINO draw 1 with probability 1 - p.")
PYTHON

"$work/venv/bin/python" "$work/find.py"
