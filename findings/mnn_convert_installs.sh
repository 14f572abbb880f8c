#!/usr/bin/env bash
# MNN 3.6.1, onnx 1.23.2, Python 3.11, Linux.
#
# Guess: `mnnconvert` reads a model and writes one. What it needs has come with `pip install MNN`.
#
# What happens: the command imports a logger first. Where the logger's client is missing, which MNN's package does not ask
# for, it runs `pip install -U aliyun-log-python-sdk`, with the pip that PATH finds. That need not be the pip of MNN's own
# environment: called by its path, `venv/bin/mnnconvert` changes the packages of the system's Python. The conversion is
# the same where that fails.
#
#   PATH has another pip         what that pip is asked for                  model written
#   mnnconvert                   install -U aliyun-log-python-sdk, twice     yes
#   _tools.mnnconvert, called    nothing                                     yes
#
# Seen with a pip that writes down what it is asked for and installs nothing.
#
# Why it matters: a build that converts a model is no longer the build that its lock file says, and without a network it
# waits for pip. What to do: call `_tools.mnnconvert` from Python, as the command does, without the command's logger.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q MNN==3.6.1 onnx==1.23.2

cat > "$work/model.py" <<'PYTHON'
import sys

import onnx
from onnx import TensorProto, helper

x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in "xy")
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), sys.argv[1])
PYTHON
"$work/venv/bin/python" "$work/model.py" "$work/relu.onnx"

mkdir "$work/other"
printf '#!/bin/sh\necho "$@" >> "%s"\nexit 1\n' "$work/asked" > "$work/other/pip"
chmod +x "$work/other/pip"
options=(-f ONNX --modelFile "$work/relu.onnx" --bizCode MNN)
export PATH="$work/other:$PATH"

: > "$work/asked"
"$work/venv/bin/python" -c 'import sys, _tools; _tools.mnnconvert(sys.argv)' "${options[@]}" --MNNModel "$work/a.mnn" > /dev/null
echo "_tools.mnnconvert: pip was asked for '$(cat "$work/asked")'"
[[ -s $work/a.mnn && ! -s $work/asked ]] || { echo "Changed: see the opening comment." && exit 1; }

"$work/venv/bin/mnnconvert" "${options[@]}" --MNNModel "$work/b.mnn" > /dev/null
echo "mnnconvert: pip was asked $(wc -l < "$work/asked") times for '$(sort -u "$work/asked")'"
[[ -s $work/b.mnn && $(sort -u "$work/asked") == "install -U aliyun-log-python-sdk" ]] || {
    echo "Changed: see the opening comment." && exit 1
}
echo "As stated: mnnconvert asks the pip of PATH to install a package."
