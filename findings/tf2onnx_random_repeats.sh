#!/usr/bin/env bash
# tf2onnx 1.17.0, tensorflow 2.21.0, onnx 1.23.2, onnxruntime 1.32.0, Python 3.11.
#
# Guess: a network that draws its own noise, without any seed, draws other noise in each call and in each new session.
#
# What happens in the converted file:
#   tf.random.normal, tf.random.uniform, tf.nn.dropout: the node gets the attribute seed = 0. Calls of one session
#     differ. But each session, in each process and from each conversion, starts again with the same numbers:
#     normal -0.259, 1.602, -1.499, 0.175.
#   tf.random.truncated_normal, tf.random.categorical of constant logits: drawn once, in the conversion. The file holds
#     the numbers, and every call returns them.
# Nothing warns. In TensorFlow the calls differ.
#
# Why it matters: a server that starts again, and each of its replicas, serves the same pictures in the same order. A
# generator with the truncation trick, or one that draws its classes, always makes the same ones. What to do: let the
# latents, classes and masks be inputs of the file. Taking the attribute `seed` out of the nodes makes processes
# differ, but not the sessions of one process.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tensorflow==2.21.0 tf2onnx==1.17.0 onnx==1.23.2 onnxruntime==1.32.0

cat > "$work/find.py" <<'PYTHON'
import logging
import sys

import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx

logging.disable(logging.WARNING)
DRAWS = {
    "normal": lambda x: x + tf.random.normal(tf.shape(x)),
    "uniform": lambda x: x + tf.random.uniform(tf.shape(x)),
    "dropout": lambda x: tf.nn.dropout(x + 1.0, 0.5),
    "truncated_normal": lambda x: x + tf.random.truncated_normal([64]),
    "categorical": lambda x: x + tf.cast(tf.random.categorical(tf.zeros([1, 10]), 64)[0], tf.float32),
}
zeros = np.zeros(64, "float32")
signature = [tf.TensorSpec([64], tf.float32, name="x")]


def session(file):
    return onnxruntime.InferenceSession(file.SerializeToString(), providers=["CPUExecutionProvider"])


changed = False
for name, draw in DRAWS.items():
    function = tf.function(draw, input_signature=signature)
    same_in_tensorflow = np.array_equal(function(zeros), function(zeros))
    files = [tf2onnx.convert.from_function(tf.function(draw), signature)[0] for _ in range(2)]
    sessions = [session(files[0]), session(files[0]), session(files[1])]
    first, second = ([each.run(None, {"x": zeros})[0] for each in sessions] for _ in range(2))
    nodes = {node.op_type for node in files[0].graph.node if "Random" in node.op_type}
    seen = {
        "two calls in TensorFlow": same_in_tensorflow,
        "two calls of a session": np.array_equal(first[0], second[0]),
        "two sessions": np.array_equal(first[0], first[1]),
        "two conversions": np.array_equal(first[0], first[2]),
        "random nodes": bool(nodes),
    }
    is_constant = name in ("truncated_normal", "categorical")
    # A constant differs by conversion; a node repeats its numbers in all sessions and conversions.
    values = (False, True, True, False, False) if is_constant else (False, False, True, True, True)
    expected = dict(zip(seen, values, strict=True))
    print(f"{name}: equal in {[key for key in seen if seen[key]]}, first numbers {first[0][:4].round(3).tolist()}")
    changed |= seen != expected
    if name == "normal":
        changed |= not np.allclose(first[0][:4], [-0.259, 1.602, -1.499, 0.175], atol=1e-3)
if changed:
    sys.exit("Changed: see the opening comment.")
print("As stated: sessions repeat each other's noise, and some noise is constant.")
PYTHON

TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/find.py"
