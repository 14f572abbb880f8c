#!/usr/bin/env bash
# onnx2torch 1.5.15, torch 2.14.1, onnx 1.23.2, onnxruntime 1.32.0, Python 3.11.
#
# Guess: ONNX's CumSum without attributes sums from the first element on, also in PyTorch after onnx2torch.
#
# What happens: onnx2torch takes 1 for the default of the attribute `reverse`, where ONNX has 0. The sums run from the
# end. PyTorch's exporter without `dynamo` writes no attributes, so a module that goes to ONNX and back changes what it
# computes:
#
#   of 1 2 3 4                              answer
#   torch.cumsum                            1 3 6 10
#   its ONNX file in onnxruntime            1 3 6 10
#   its ONNX file by onnx2torch             10 9 7 4
#   the same with reverse=0 written out     1 3 6 10
#
# Nothing warns. The exporter with `dynamo=True` writes both attributes out, and its files are right.
#
# Why it matters: a category is drawn by comparing a uniform number with the cumulated probabilities. Reversed sums draw
# other categories, and still give numbers in the range. What to do: write the attribute into the file before the
# conversion, as below; tf2onnx always does.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnx2torch==1.5.15 torch==2.14.1 onnx==1.23.2 onnxruntime==1.32.0

cat > "$work/find.py" <<'PYTHON'
import io
import logging
import sys
import warnings

import onnx
import onnxruntime
import torch
from onnx2torch import convert

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
numbers = torch.tensor([[1.0, 2.0, 3.0, 4.0]])


class Cumulated(torch.nn.Module):
    def forward(self, x):
        return torch.cumsum(x, dim=1)


def exported():
    file = io.BytesIO()
    torch.onnx.export(Cumulated(), (numbers,), file, dynamo=False, opset_version=17)
    return onnx.load_from_string(file.getvalue())


def in_runtime(model):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: numbers.numpy()})[0]


def words(rows):
    return " ".join(f"{value:g}" for value in rows[0].tolist())


model = exported()
(node,) = [node for node in model.graph.node if node.op_type == "CumSum"]
attributes = [attribute.name for attribute in node.attribute]
seen = {"torch.cumsum": words(Cumulated()(numbers)), "runtime": words(in_runtime(model))}
seen["onnx2torch"] = words(convert(model)(numbers))
node.attribute.append(onnx.helper.make_attribute("reverse", 0))
seen["onnx2torch, reverse=0"] = words(convert(model)(numbers))

expected = dict.fromkeys(seen, "1 3 6 10") | {"onnx2torch": "10 9 7 4"}
for name, found in seen.items():
    print(f"{name:24}", found)
if seen != expected or attributes:
    sys.exit(f"Changed. Expected: {expected}")
PYTHON

"$work/venv/bin/python" "$work/find.py"
echo "As stated: onnx2torch sums from the end where ONNX sums from the beginning."
