#!/usr/bin/env bash
# openvino 2026.4.1, onnx 1.23.2, onnxruntime 1.32.0, tensorflow 2.21.0, Python 3.11, Linux.
#
# Guess: two random nodes without a seed draw different numbers, and so do two calls. Of the attribute `seed` ONNX
# says: "if not specified we will auto generate one".
#
# What happens in OpenVINO with two nodes, one for x and one for relu(x), and an operation behind each:
#                                                         two nodes     two calls
#   ONNX, RandomUniformLike, RandomNormalLike             the same      differ
#   ONNX, Multinomial of x                                the same      the same
#   ONNX, Multinomial of x with seeds 1 and 2             differ        the same
#   SavedModel, tf.random.uniform(tf.shape(x))            the same      differ
#   SavedModel, tf.nn.dropout                             the same      differ
# x has a free number of rows. The graph optimizer takes equal nodes for one. With a fixed size they differ, as they do
# with a seed each. Multinomial draws its noise when the file is compiled, although its logits are an input.
#
# What happens in ONNX Runtime on Linux: each node has a linear congruential generator, and seeds of neighbours differ
# by 1. So in a session's first call the first numbers of two RandomUniform nodes are 0.0000078 apart. In the second
# call the next ones are 0.13154 apart (modulo 1), whatever the session's seed. RandomUniform of shape [1] thus tosses
# one and the same coin for all nodes in the first call: in 300 of 300 sessions.
#
# TensorFlow and onnx.reference draw different numbers in these cases.
#
# Why it matters: two latents for style mixing are one latent, the noise in front of an activation returns behind it,
# the parts of DiffAugment change together, and a generator that draws its classes makes the same ones in each call.
# Each picture looks fine. What to do: let latents, noise, masks and classes be inputs of the file, or give each node a
# seed of its own (Multinomial: none helps).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q openvino==2026.4.1 onnx==1.23.2 onnxruntime==1.32.0 tensorflow==2.21.0

cat > "$work/find.py" <<'PYTHON'
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
import openvino
import tensorflow as tf
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

ROWS = np.full([16, 8], 0.5, "float32")


def onnx_file(operator, output=TensorProto.FLOAT, seeds=(), rows="n", columns=8, **attributes):
    """A model of the rows "x" with two nodes of one operator, the second behind a ReLU."""
    seeds = [{"seed": seed} for seed in seeds] or [{}, {}]
    graph = helper.make_graph(
        [
            helper.make_node("Relu", ["x"], ["relu"]),
            helper.make_node(operator, ["x"], ["noise"], **attributes, **seeds[0]),
            helper.make_node("Neg", ["noise"], ["first"]),
            helper.make_node(operator, ["relu"], ["more_noise"], **attributes, **seeds[1]),
            helper.make_node("Neg", ["more_noise"], ["second"]),
        ],
        "noise",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, 8])],
        [helper.make_tensor_value_info(name, output, [rows, columns]) for name in ("first", "second")],
    )
    file = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(file)
    return file


def saved_model(draw):
    """The directory of a SavedModel of the rows "x" that draws twice, and its signature."""
    module = tf.Module()
    signature = [tf.TensorSpec([None, 8], tf.float32, name="x")]
    module.serve = tf.function(lambda x: {"first": draw(x), "second": draw(tf.nn.relu(x))}, input_signature=signature)
    directory = tempfile.mkdtemp(dir=sys.argv[1])
    tf.saved_model.save(module, directory, {"serving_default": module.serve})
    return directory, lambda: list(module.serve(tf.constant(ROWS)).values())


def same(call):
    """Whether two nodes draw the same numbers, and whether two calls do."""
    (first, second), (again, _) = ([np.array(each) for each in call()] for _ in range(2))
    return bool(np.array_equal(first, second)), bool(np.array_equal(first, again))


def with_openvino(model):
    """A call of a SavedModel's directory, or of an ONNX file."""
    source = model if isinstance(model, str) else model.SerializeToString()
    network = openvino.compile_model(openvino.Core().read_model(source), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda: list(network({"x": ROWS}).values())


def with_onnxruntime(file):
    session = onnxruntime.InferenceSession(file.SerializeToString(), providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": ROWS})


def with_reference(file):
    return lambda: ReferenceEvaluator(file).run(None, {"x": ROWS})


def coins(calls):
    """Two RandomUniform nodes of shape [1] in ONNX Runtime: float32 [300 sessions, calls, 2 nodes]."""
    nodes = [helper.make_node("RandomUniform", [], [name], shape=[1]) for name in ("first", "second")]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("first", "second")]
    graph = helper.make_graph(nodes, "coins", [], outputs)
    file = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9).SerializeToString()
    numbers = []
    for seed in range(1, 301):
        onnxruntime.set_seed(7919 * seed)
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        numbers.append([np.concatenate(session.run(None, {})) for _ in range(calls)])
    return np.array(numbers)


classes = {"columns": 64, "output": TensorProto.INT32, "sample_size": 64, "dtype": TensorProto.INT32}
files = {
    "RandomNormalLike": (onnx_file("RandomNormalLike"), (True, False)),
    "RandomNormalLike, fixed size": (onnx_file("RandomNormalLike", rows=16), (False, False)),
    "RandomNormalLike, seeds": (onnx_file("RandomNormalLike", seeds=(1.0, 2.0)), (False, False)),
    "RandomUniformLike": (onnx_file("RandomUniformLike"), (True, False)),
    "Multinomial": (onnx_file("Multinomial", **classes), (True, True)),
    "Multinomial, seeds": (onnx_file("Multinomial", seeds=(1.0, 2.0), **classes), (False, True)),
}
changed = False
for name, (file, expected) in files.items():
    seen = same(with_openvino(file))
    others = [same(with_onnxruntime(file))]
    if "seeds" not in name and "Multinomial" not in name:  # onnx.reference has no Multinomial, and restarts each seed
        others.append(same(with_reference(file)))
    print(f"{name}: OpenVINO {seen}, others {others}")
    changed |= seen != expected or any(other != (False, False) for other in others)

for name, draw in {
    "tf.random.uniform": lambda x: -tf.random.uniform(tf.shape(x)),
    "tf.nn.dropout": lambda x: tf.nn.dropout(tf.ones_like(x), 0.5),
}.items():
    directory, call = saved_model(draw)
    seen, original = same(with_openvino(directory)), same(call)
    print(f"{name}: OpenVINO {seen}, TensorFlow {original}")
    changed |= seen != (True, False) or original != (False, False)

tossed = coins(2)
apart = np.mod(tossed[..., 1] - tossed[..., 0], 1.0)  # [sessions, calls]
heads = tossed[:, 0] < 0.5
print("ONNX Runtime, apart in calls 1 and 2:", apart.min(axis=0), "to", apart.max(axis=0))
print("sessions whose first coins agree:", int(np.sum(heads[:, 0] == heads[:, 1])), "of", len(heads))
changed |= not np.allclose(apart, [7.8e-6, 0.13154], rtol=0, atol=1e-5)
changed |= not np.array_equal(heads[:, 0], heads[:, 1])
if changed:
    sys.exit("Changed: see the opening comment.")
print("As stated: nodes share their noise in OpenVINO, and first numbers agree in ONNX Runtime.")
PYTHON

TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/find.py" "$work"
