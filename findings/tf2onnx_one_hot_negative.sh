#!/usr/bin/env bash
# tf2onnx 1.17.0, tensorflow 2.21.0, onnx 1.23.2, onnxruntime 1.32.0, openvino 2026.4.1, Python 3.11.
#
# Guess: a converted `tf.one_hot` gives what TensorFlow gives: a row of zeros for an index outside the classes.
#
# What happens: tf2onnx writes TensorFlow's OneHot as ONNX's, and ONNX counts negative indices from the end. -1, which
# many data sets have for "no label", becomes the last class. Three classes:
#
#   index                            -1       -3       -4       3
#   tf.one_hot                       0 0 0    0 0 0    0 0 0    0 0 0
#   ONNX by tf2onnx                  0 0 1    1 0 0    0 0 0    0 0 0
#   OpenVINO and LiteRT from TF      0 0 0    0 0 0    0 0 0    0 0 0
#   keras.ops.one_hot                0 0 0    0 0 0    0 0 0    0 0 0
#   the same by tf2onnx              0 0 1    1 0 0    0 0 0    0 0 0
#
# Nothing warns, at the conversion or at the run. Indices from the number of classes on are zeros everywhere.
#
# Why it matters: a conditional generator that has learned "no label" as a row of zeros draws the last class instead,
# in ONNX alone. What to do: compare with the classes instead, `tf.cast(labels[:, None] == tf.range(n), dtype)`, which
# gives zeros in each runtime; or check labels before the call.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tensorflow==2.21.0 keras==3.15.1 tf2onnx==1.17.0 onnx==1.23.2 onnxruntime==1.32.0 \
  openvino==2026.4.1

cat > "$work/find.py" <<'PYTHON'
import logging
import sys
import tempfile

import keras
import numpy as np
import onnxruntime
import openvino
import tensorflow as tf
import tf2onnx

logging.disable(logging.WARNING)
indices = np.array([-1, -3, -4, 3, 0, 2], "int32")
spec = tf.TensorSpec([None], tf.int32, name="labels")


def in_onnx(function):
    model, _ = tf2onnx.convert.from_function(tf.function(lambda labels: function(labels)), [spec], opset=18)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"labels": indices})[0]


def in_openvino(function):
    module = tf.Module()
    module.call = tf.function(lambda labels: {"rows": function(labels)}, input_signature=[spec])
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=module.call)
        compiled = openvino.Core().compile_model(openvino.Core().read_model(folder), "CPU")
    return next(iter(compiled([indices]).values()))


def in_litert(function):
    call = tf.function(lambda labels: function(labels), input_signature=[tf.TensorSpec([len(indices)], tf.int32)])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([call.get_concrete_function()])
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], indices)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def words(rows):
    return ["".join(str(int(value)) for value in row) for row in np.asarray(rows)]


def one_hot(labels):
    return tf.one_hot(labels, 3)


def compared(labels):
    return tf.cast(labels[:, None] == tf.range(3), tf.float32)


seen = {
    "tf.one_hot": words(one_hot(tf.constant(indices))),
    "tf.one_hot in ONNX": words(in_onnx(one_hot)),
    "tf.one_hot in OpenVINO": words(in_openvino(one_hot)),
    "tf.one_hot in LiteRT": words(in_litert(one_hot)),
    "keras.ops.one_hot": words(keras.ops.one_hot(tf.constant(indices), 3)),
    "keras.ops.one_hot in ONNX": words(in_onnx(lambda labels: keras.ops.one_hot(labels, 3))),
    "compared in ONNX": words(in_onnx(compared)),
}
zeros = ["000", "000", "000", "000", "100", "001"]
from_the_end = ["001", "100", "000", "000", "100", "001"]
expected = dict.fromkeys(seen, zeros) | dict.fromkeys(["tf.one_hot in ONNX", "keras.ops.one_hot in ONNX"], from_the_end)
for name, rows in seen.items():
    print(f"{name:26}", *rows)
if seen != expected:
    sys.exit(f"Changed. Expected: {expected}")
PYTHON

KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/find.py"
echo "As stated: tf2onnx's one_hot of -1 is the last class."
