#!/usr/bin/env bash
# onnxruntime 1.32.0, openvino 2026.4.1, ai-edge-litert 2.3.0, MNN 3.6.1, tract 0.23.9, tensorstore 0.1.86, mlx 0.32.4,
# onnx 1.23.2, pillow 13.0.0, numpy 2.4.6, Python 3.11, on a little-endian processor.
#
# Guess: what takes a NumPy array takes its numbers. An array may have the other byte order. Pillow gives ">u2" for a
# 16-bit TIFF of the order MM, np.load gives ">f4" for a file that was saved so, and so do readers of FITS and netCDF.
# A runtime that cannot read it refuses it, as PyTorch, JAX and MLX do, and onnx.numpy_helper.
#
# What happens: these runtimes ask for the kind of number, which is the same for both orders, and take the bytes as they
# are.
#
#                                             >u2: 1, 2, 300      >f4: 1, 2, 3
#   NumPy                                     1, 2, 300           1, 2, 3
#   onnxruntime, InferenceSession.run         256, 512, 11265     4.6e-41, 9e-44, 2.3e-41
#   openvino, Tensor and opset constant       256, 512, 11265     4.6e-41, 9e-44, 2.3e-41
#   openvino, compiled_model(array)           1, 2, 300           1, 2, 3
#   LiteRT, set_tensor                        256, 512, 11265     4.6e-41, 9e-44, 2.3e-41
#   MNN, expr.const                           (refused)           4.6e-41, 9e-44, 2.3e-41
#   tract, Tensor.from_numpy                  256, 512, 11265     4.6e-41, 9e-44, 2.3e-41
#   tensorstore, array                        256, 512, 11265     4.6e-41, 9e-44, 2.3e-41
#
# Nothing warns. Slices, transpose and x[None] keep the order of bytes. Arithmetic gives the machine's own.
#
# Why it matters: float32 pictures of the other order are all nearly 0 for the network, so that it answers as for an
# empty picture, in one runtime and not in the other. A division by 255 in front hides it, and goes when normalisation
# moves into the model. What to do: x.astype(x.dtype.newbyteorder("=")), or np.asarray(x, "float32").
# It is near: tf.constant in a graph (tensorflow/tensorflow issue 55789).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 openvino==2026.4.1 ai-edge-litert==2.3.0 MNN==3.6.1 tract==0.23.9 \
  tensorstore==0.1.86 mlx==0.32.4 mlx-cpu==0.32.4 onnx==1.23.2 pillow==13.0.0 numpy==2.4.6

cat > "$work/find.py" <<'PYTHON'
import io
import sys

import flatbuffers
import MNN.expr
import mlx.core as mx
import numpy as np
import onnx
import onnxruntime
import openvino
import tensorstore
import tract
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

TYPES = {"u2": onnx.TensorProto.UINT16, "f4": onnx.TensorProto.FLOAT}
LITE_TYPES = {"u2": schema.TensorType.UINT16, "f4": schema.TensorType.FLOAT32}


def onnx_model(x):
    """The identity in ONNX."""
    kind = TYPES[x.dtype.str[1:]]
    value = [onnx.helper.make_tensor_value_info(name, kind, x.shape) for name in "xy"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", value[:1], value[1:])
    imports = [onnx.helper.make_opsetid("", 17)]
    return onnx.helper.make_model(graph, opset_imports=imports, ir_version=9).SerializeToString()


def lite_model(x):
    """A reshape to the same shape in LiteRT."""
    model, code, graph, operation = schema.ModelT(), schema.OperatorCodeT(), schema.SubGraphT(), schema.OperatorT()
    shape = schema.BufferT()
    shape.data = np.frombuffer(np.array(x.shape, "<i4").tobytes(), np.uint8)
    graph.tensors = []
    number, whole = LITE_TYPES[x.dtype.str[1:]], schema.TensorType.INT32
    for name, kind, size in ((b"x", number, x.shape), (b"s", whole, (x.ndim,)), (b"y", number, x.shape)):
        tensor = schema.TensorT()
        tensor.name, tensor.type, tensor.shape = name, kind, list(size)
        tensor.buffer = 1 if name == b"s" else 0
        graph.tensors.append(tensor)
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.RESHAPE
    operation.inputs, operation.outputs, graph.inputs, graph.outputs = [0, 1], [2], [0], [2]
    graph.operators, model.operatorCodes, model.subgraphs = [operation], [code], [graph]
    model.version, model.buffers = 3, [schema.BufferT(), shape]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def by_onnxruntime(x):
    return onnxruntime.InferenceSession(onnx_model(x), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


def by_openvino(x):
    return openvino.compile_model(openvino.Core().read_model(onnx_model(x)), "CPU")(x)[0]


def by_litert(x):
    interpreter = Interpreter(model_content=lite_model(x))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def by_mnn(x):
    return MNN.expr.const(x, list(x.shape), MNN.expr.NCHW, MNN.expr.float).read()


READERS = {
    "onnxruntime, run": by_onnxruntime,
    "openvino, Tensor": lambda x: openvino.Tensor(x).data,
    "openvino, constant": lambda x: openvino.opset13.constant(x).data,
    "openvino, compiled model": by_openvino,
    "LiteRT, set_tensor": by_litert,
    "MNN, const": by_mnn,
    "tract, from_numpy": lambda x: tract.Tensor.from_numpy(x).to_numpy(),
    "tensorstore, array": lambda x: tensorstore.array(x).read().result(),
}


def tiff():
    """A picture of 16 bits in a TIFF of the order MM, read back."""
    picture, file = Image.new("I;16B", (3, 1)), io.BytesIO()
    for column, pixel in enumerate((1, 2, 300)):
        picture.putpixel((column, 0), pixel)
    picture.save(file, "TIFF")
    return np.asarray(Image.open(file))


def npy():
    """Numbers of float32 in a file of the other order, read back."""
    file = io.BytesIO()
    np.save(file, np.array([[1, 2, 3]], ">f4"))
    file.seek(0)
    return np.load(file)


as_stated = True
for x in (tiff(), npy()):
    if x.dtype.isnative:
        sys.exit("Changed: the array has the machine's byte order.")
    native, swapped = x.astype(x.dtype.newbyteorder("=")), x.view(x.dtype.newbyteorder("="))
    for name, reader in READERS.items():
        if name.startswith("MNN") and x.dtype.kind == "u":
            continue
        seen = np.array(reader(x)).reshape(x.shape)
        print(f"{x.dtype.str} {name:25}", seen.ravel(), " of its own order:", np.array(reader(native)).ravel())
        as_stated &= np.array_equal(seen, native if "compiled" in name else swapped)
        as_stated &= np.array_equal(np.array(reader(native)).reshape(x.shape), native)
    for name, reader in {"mlx": mx.array, "onnx": onnx.numpy_helper.from_array}.items():
        try:
            reader(x)
            as_stated = False
        except (RuntimeError, ValueError, TypeError) as error:
            print(f"{x.dtype.str} {name:25} refuses: {error}")
if not as_stated:
    sys.exit("Changed: see the opening comment.")
print("As stated: these runtimes take the bytes of an array and not its numbers.")
PYTHON

"$work/venv/bin/python" "$work/find.py"
