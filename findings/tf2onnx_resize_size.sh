#!/usr/bin/env bash
# tf2onnx 1.17.0, tensorflow 2.21.0, onnx 1.23.2, onnxruntime 1.32.0, openvino 2026.4.1, Python 3.11.
#
# Guess: a network that resizes pictures to a fixed size has this size in ONNX, in every runtime.
#
# What happens: tf2onnx writes the factor, not the size. 45 / 28 in float32 is a little too small, and the standard
# says floor(28 * factor). In exact arithmetic this is 44. ONNX's shape inference (in double since onnx's pull request
# 7874 of April 2026) and its reference evaluator come to 44, ONNX Runtime and OpenVINO to 45.
#
#   28 x 28 to 45 x 45, bilinear        3 channels           1 channel
#   TensorFlow                          45                   45
#   size that the file states           44                   44
#   ONNX Runtime, OpenVINO              45                   the file loads, and each call fails
#   onnx.reference                      44                   44
#
# With one channel tf2onnx turns the last Transpose into a Reshape to the inferred 44 x 44, and 45 x 45 does not fit.
# The conversion and onnx.checker pass. Of all pairs of sizes from 4 to 128, 44 % have such a factor; from 28 to 56
# all is right.
#
# Why it matters: a generator or a preprocessing that goes from 28 to 45 works or not by the size, the number of
# channels and the runtime. What to do: enlarge by whole factors and crop, and run each exported file once in its
# runtime.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tensorflow==2.21.0 tf2onnx==1.17.0 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1

cat > "$work/find.py" <<'PYTHON'
import itertools
import logging
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
import tensorflow as tf
import tf2onnx
from onnx.reference import ReferenceEvaluator

logging.disable(logging.WARNING)


def side(run):
    """The side of the pictures that a runtime returns, or "fails"."""
    try:
        return int(np.asarray(run()).shape[1])
    except (RuntimeError, onnxruntime.capi.onnxruntime_pybind11_state.Fail):
        return "fails"


def sides(size, target, channels):
    """The side of the pictures by runtime."""
    signature = [tf.TensorSpec([None, size, size, channels], tf.float32, name="x")]
    function = tf.function(lambda x: tf.image.resize(x, [target, target]), input_signature=signature)
    file, _ = tf2onnx.convert.from_function(function, signature)
    onnx.checker.check_model(file, full_check=False)
    pictures = np.random.default_rng(0).normal(size=(2, size, size, channels)).astype("float32")
    data = file.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])  # loads in any case
    network = openvino.compile_model(openvino.Core().read_model(data), "CPU")

    bare = onnx.load_from_string(data)
    bare.graph.output[0].type.tensor_type.ClearField("shape")
    stated = onnx.shape_inference.infer_shapes(bare).graph.output[0].type.tensor_type.shape.dim[1].dim_value
    return {
        "tensorflow": side(lambda: function(pictures)),
        "stated": stated,
        "onnxruntime": side(lambda: session.run(None, {"x": pictures})[0]),
        "openvino": side(lambda: network(pictures)[0]),
        "reference": side(lambda: ReferenceEvaluator(file).run(None, {"x": pictures})[0]),
    }


pairs = [(a, b) for a, b in itertools.product(range(4, 129), repeat=2) if a < b]
short = [a * float(np.float32(b) / np.float32(a)) < b for a, b in pairs]
print(f"of {len(pairs)} pairs of sizes from 4 to 128, {sum(short)} have a factor that is too small")

seen = {(size, target, c): sides(size, target, c) for size, target in ((28, 45), (28, 56)) for c in (3, 1)}
names = ("tensorflow", "stated", "onnxruntime", "openvino", "reference")
expected = {
    (28, 45, 3): dict(zip(names, (45, 44, 45, 45, 44), strict=True)),
    (28, 45, 1): dict(zip(names, (45, 44, "fails", "fails", 44), strict=True)),
    (28, 56, 3): dict.fromkeys(names, 56),
    (28, 56, 1): dict.fromkeys(names, 56),
}
for case, by_runtime in seen.items():
    print(case, by_runtime)
if seen != expected:
    sys.exit("Changed: see the opening comment.")
print("As stated: a resize to a fixed size has another size by runtime, or fails.")
PYTHON

TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/find.py"
