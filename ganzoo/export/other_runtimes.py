"""A signature of an export as a file for another runtime: ONNX Runtime, LiteRT or OpenVINO.

Each file is run in its own runtime, and is kept only if its answers agree with the SavedModel's. The checks of a
request are not part of a file.
"""

import contextlib
import importlib.util
import logging
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ganzoo.errors import GanzooError, did_you_mean, install_hint
from ganzoo.export import litert, saved_model
from ganzoo.export.batchable import example_rows, most_rows
from ganzoo.export.saved_model import Servable
from ganzoo.export.signature import Signature
from ganzoo.files import whole

TOLERANCE = 1e-3  # the largest difference of an answer from the SavedModel's; relative for answers above 1
TOLERANCES = {"none": TOLERANCE, "float16": 0.05, "int8": 0.05}  # of int8 it is the mean difference
ROWS_OF_INT8 = 64  # of the trial request of int8
ROWS = (1, 3)  # numbers of rows in the trial requests; a file takes any number of rows
# In the names of TensorFlow's operations that draw. Other runtimes merge such nodes, repeat their draws, or invert them
# (findings/tf2onnx_random_repeats.sh, openvino_shares_noise.sh, onnx_bernoulli_inverted.sh).
DRAWING = ("Random", "Multinomial", "TruncatedNormal")
Arrays = dict[str, np.ndarray]
Program = Callable[[Arrays], Arrays]


class Converted(NamedTuple):
    """What a converter gets: a signature in a SavedModel of its own.

    Attributes:
        name: the signature's name; it is `serving_default` as well.
        graph: the signature's graph.
        folder: the SavedModel.
    """

    name: str
    graph: tf.types.experimental.ConcreteFunction
    folder: str


class Format(NamedTuple):
    """A file format.

    Attributes:
        suffixes: the ends of the names of the format's files, the main file's first.
        packages: the packages that write and run the files; ganzoo's extra of the format's name installs them.
        convert: (signature, files) writes the files; LiteRT's takes `litert.convert`'s options, too.
        load: files -> their program, from inputs by name to outputs by name.
    """

    suffixes: tuple[str, ...]
    packages: tuple[str, ...]
    convert: Callable[..., None]
    load: Callable[..., Program]


def _to_onnx(signature: Converted, path: Path) -> None:
    import tf2onnx
    from keras.src.export.tf2onnx_lib import patch_tf2onnx

    patch_tf2onnx()  # for NumPy 2, as Keras's own export does
    traced = SimpleNamespace(get_concrete_function=lambda *specs: signature.graph)
    with _mended_tf2onnx():
        own = {"Expm1": (_expm1_in_onnx, [])}
        tf2onnx.convert.from_function(traced, input_signature=(), output_path=str(path), custom_op_handlers=own)


def _expm1_in_onnx(graph, node, name: str, _) -> None:
    """exp(x) - 1 as tanh(x / 2) (exp(x) + 1), which is exact near 0, too. ONNX has no operation for it."""
    from tf2onnx import utils

    (x,), outputs, shapes, dtypes = node.input, node.output, node.output_shapes, node.output_dtypes
    dtype = utils.map_onnx_to_numpy_type(dtypes[0])
    half, one = (graph.make_const(utils.make_name(name), np.array(value, dtype)).output[0] for value in (0.5, 1.0))
    graph.remove_node(node.name)
    tangent = graph.make_node("Tanh", graph.make_node("Mul", [x, half]).output).output[0]
    total = graph.make_node("Add", [graph.make_node("Exp", [x]).output[0], one]).output[0]
    graph.make_node("Mul", [tangent, total], outputs=outputs, name=name, shapes=shapes, dtypes=dtypes)


def _load_onnx(path: Path) -> Program:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(None, inputs), strict=True))


@contextlib.contextmanager
def _mended_tf2onnx() -> Iterator[None]:
    """Leaves out the optimiser that turns computed shapes into constants: at times it changes the output's shape.

    The optimiser puts a Squeeze behind a node that it changes, but not if that node is the network's output. In one of
    ten conversions, pictures of one channel and free size came out with one axis too many; the graph's order is random
    (findings/tf2onnx_loses_squeeze.sh).
    """
    from tf2onnx.optimizer import _optimizers

    all_optimizers = dict(_optimizers)
    _optimizers.pop("reshape_optimizer", None)
    try:
        yield
    finally:
        _optimizers.clear()
        _optimizers.update(all_optimizers)


def _to_litert(signature: Converted, path: Path, **options) -> None:
    litert.convert(signature.folder, signature.name, path, **options)


def _to_openvino(signature: Converted, path: Path, weights: Path) -> None:
    import openvino

    openvino.serialize(openvino.convert_model(signature.folder), path, weights)


def _load_openvino(path: Path, weights: Path, *, precision: str = "f32") -> Program:
    import openvino

    core = openvino.Core()
    model = core.compile_model(core.read_model(path, weights), "CPU", {"INFERENCE_PRECISION_HINT": precision})
    return lambda inputs: {port.any_name: values for port, values in model(inputs).items()}


FORMATS = {
    "onnx": Format((".onnx",), ("tf2onnx", "onnxruntime"), _to_onnx, _load_onnx),
    "litert": Format((".tflite",), ("ai_edge_litert",), _to_litert, litert.load),
    "openvino": Format((".xml", ".bin"), ("openvino",), _to_openvino, _load_openvino),
}


def check(format: str, path: Path) -> None:
    """Checks packages and the file's name, before a model is restored.

    Raises:
        GanzooError: for a package that is not installed, and for a file name without the format's suffix.
    """
    check_packages(format, f"--format {format}")
    suffix = FORMATS[format].suffixes[0]
    if path.suffix != suffix:
        raise GanzooError(f"--out is {path}: with --format {format} give a file's name in {suffix}.")


def check_packages(format: str, flag: str) -> None:
    """Raises GanzooError, which names the flag, if a package of the format is not installed."""
    names = FORMATS[format].packages
    missing = [name.replace("_", "-") for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise GanzooError(f"{flag} needs {' and '.join(missing)}: {install_hint(format)}.")


def refusal(signature: Signature) -> str | None:
    """Why no other runtime can take a signature, in a few words; None if nothing speaks against it."""
    if any(one.dtype == "string" for one in signature.inputs):
        return "it takes the files of pictures, which only TensorFlow decodes"
    nodes = list(_nodes(signature.graph))
    if any(word in node.op for node in nodes for word in DRAWING):
        return "it draws random numbers from a seed (Philox), which only TensorFlow can"
    if tf.bfloat16.as_datatype_enum in {value.type for node in nodes for value in node.attr.values()}:
        return "it computes in bfloat16; the formats' weights are float32"
    return None


def note(what: Servable) -> str | None:
    """A line for an export whose `serving_default` no other runtime can take; None for other exports."""
    reason = refusal(what.signatures["serving_default"])
    return reason and f"this export is for TensorFlow alone: ONNX, LiteRT and OpenVINO refuse it, since {reason}."


def write(what: Servable, name: str, path: Path, format: str, *, quantise: str = "none") -> float:
    """Writes a signature as one file. The file appears, by rename, once its answers have been checked.

    Inputs and outputs have the signature's names; an output with an input's name gets "_out" behind it. The number of
    rows is free, and so are a translator's height and width. OpenVINO's format has a second file, of the weights,
    beside the first.

    Args:
        what: an export's contents.
        name: the signature.
        path: the file; an existing file is replaced.
        format: one of `FORMATS`.
        quantise: for LiteRT, one of `litert.QUANTISATIONS`.

    Returns:
        The largest difference from the SavedModel's answers, relative for answers above 1. For int8 it is the mean
        difference, on inputs that the samplers accept.

    Raises:
        GanzooError: if there is no such signature, if the format cannot take it, and if the file's answers differ from
            the SavedModel's.
    """
    with contextlib.ExitStack() as stack:
        # The main file is renamed last, when its weights are there.
        files = [stack.enter_context(whole(path.with_suffix(suffix))) for suffix in FORMATS[format].suffixes]
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        options, requests = {}, None
        if quantise != "none":
            options["quantise"] = quantise
        if quantise == "int8":
            options["inputs"] = litert.accepted_inputs(what, name)
            requests = [{key: values[:ROWS_OF_INT8] for key, values in options["inputs"].items()}]
        reference = convert(what, name, files, format, folder, **options)
        requests = requests or list(_requests(what.signatures[name], what.facts))
        try:
            program = FORMATS[format].load(*files)
            answers = [program(inputs) for inputs in requests]
        except Exception as error:  # whatever a runtime raises
            raise GanzooError(f"{format} cannot take '{name}': {reason_of(error)}") from error
        expected = tf.saved_model.load(reference).signatures[name]
        differ = mean_difference if quantise == "int8" else largest_difference
        differences = [
            differ(answer, {key: value.numpy() for key, value in expected(**tensors(inputs)).items()})
            for answer, inputs in zip(answers, requests, strict=True)
        ]
        difference, tolerance = float(np.max(differences)), TOLERANCES[quantise]  # NaN if one is
        if not difference <= tolerance:
            raise GanzooError(
                f"{format} cannot take '{name}': what it answers there differs from the SavedModel's answer by "
                f"{difference:.2g}, more than {tolerance}."
            )
    return difference


def convert(
    what: Servable, name: str, files: Sequence[Path], format: str, folder: str | Path, **options: object
) -> str:
    """Writes a signature as the files of a format, and does not check them.

    Args:
        what: an export's contents.
        name: the signature.
        files: the files' names, one for each of the format's suffixes.
        format: one of `FORMATS`.
        folder: an existing folder, which gets the signature as a SavedModel.
        **options: of the format's `convert`.

    Returns:
        The SavedModel's folder.

    Raises:
        GanzooError: if there is no such signature, and if the format cannot take it.
    """
    if name not in what.signatures:
        hint = did_you_mean(name, what.signatures)
        raise GanzooError(f"the export has no signature '{name}'.{hint} There are: {', '.join(what.signatures)}.")
    signature = what.signatures[name]
    if reason := refusal(signature):
        others = [other for other, each in what.signatures.items() if refusal(each) is None]
        instead = f"Take one of {', '.join(others)}, or serve" if others else "Serve"
        raise GanzooError(f"{format} cannot take '{name}': {reason}. {instead} the SavedModel.")
    signature = with_names_of_their_own(signature)
    reference = saved_model.write(replace(what, signatures={name: signature}, networks={}), folder)
    try:
        with _quiet_converters():
            FORMATS[format].convert(Converted(name, signature.graph, reference), *files, **options)
    except Exception as error:  # whatever a converter raises
        raise GanzooError(f"{format} cannot take '{name}': {reason_of(error)}") from error
    return reference


def with_names_of_their_own(signature: Signature) -> Signature:
    """The signature; an output with an input's name has "_out" behind it, since in ONNX all names are of one kind."""
    taken = {one.name for one in signature.inputs}

    def function(*values):
        outputs = signature.function(*values)
        return {f"{name}_out" if name in taken else name: value for name, value in outputs.items()}

    return replace(signature, function=function) if taken & set(signature.graph.structured_outputs) else signature


def largest_difference(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> float:
    """The largest difference of any output; relative where the expected value is above 1.

    It is infinite if an output is missing, has another shape, or is not of floats and differs, and NaN if one has NaN.
    """
    largest = 0.0
    for name, values in expected.items():
        if name not in found or found[name].shape != values.shape:
            return float("inf")
        if values.dtype.kind != "f":
            largest = np.maximum(largest, 0.0 if np.array_equal(found[name], values) else np.inf)
            continue
        with np.errstate(invalid="ignore"):
            gap = np.abs(found[name] - values) / np.maximum(1.0, np.abs(values))
        gap = np.where(found[name] == values, 0.0, gap)  # the infinite ones too
        largest = np.maximum(largest, gap.max(initial=0.0))
    return float(largest)


def mean_difference(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> float:
    """The largest mean difference of any output.

    It is infinite if an output is missing or has another shape, and NaN if one has NaN.
    """
    if any(name not in found or found[name].shape != values.shape for name, values in expected.items()):
        return float("inf")
    return float(np.max([np.abs(found[name] - values).mean() for name, values in expected.items()]))  # NaN if one is


def reason_of(error: Exception) -> str:
    """What a converter or a runtime says, in one line; for an operation that LiteRT lacks, a sentence about it."""
    message = str(error).strip()
    if lacking := re.search(r"\(Flex(\w+)\)|TF Select ops: ([\w, ]+)", message):
        return f"it needs TensorFlow's {lacking.group(1) or lacking.group(2)}, which the runtime does not have."
    lines = [line for line in message.splitlines() if line.strip() and not re.match("Check |Exception from", line)]
    return lines[0].strip() if lines else type(error).__name__


def _nodes(graph: tf.types.experimental.ConcreteFunction) -> Iterator:
    """The nodes of a graph and of the functions that it calls."""
    definition = graph.graph.as_graph_def()
    yield from definition.node
    for function in definition.library.function:
        yield from function.node_def


def _requests(signature: Signature, facts: Mapping) -> Iterator[Arrays]:
    """Random valid requests, as in `example_rows`."""
    for rows in sorted({min(rows, most_rows(facts)) for rows in ROWS}):
        yield {one.name: example_rows(one, facts, rows) for one in signature.inputs}


def tensors(inputs: Arrays) -> dict[str, tf.Tensor]:
    """A request for a loaded SavedModel's signature."""
    return {name: tf.constant(value) for name, value in inputs.items()}


@contextlib.contextmanager
def _quiet_converters() -> Iterator[None]:
    """Silences the converters' warnings about their own code."""
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
