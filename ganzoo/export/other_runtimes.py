"""A generator alone as ONNX or LiteRT, for runtimes other than TensorFlow, written by Keras's own export.

Each file is run in its own runtime, and is kept only if its answers agree with the SavedModel's.
"""

import contextlib
import importlib.util
import logging
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ganzoo.bases.stepped import TwoOptimizerModel
from ganzoo.bases.translating import TranslationModel
from ganzoo.errors import GanzooError, did_you_mean, install_hint
from ganzoo.export import saved_model
from ganzoo.export.saved_model import Servable
from ganzoo.files import whole
from ganzoo.networks.layers.basic import SeededDropout

TOLERANCE = 1e-3  # the largest difference between a file's answer and the SavedModel's, at any pixel
ROWS = (1, 3)  # numbers of rows in the trial requests; a file takes any number of rows
Inputs = dict[str, np.ndarray]


class Format(NamedTuple):
    """A file format of Keras's export.

    Attributes:
        suffix: the end of a file's name.
        packages: the packages that write and run the files; ganzoo's extra of the format's name installs them.
        options: keyword arguments for Keras's export.
        run: (file, inputs by name) -> the file's answer.
        mended: makes the context that the converter runs in.
    """

    suffix: str
    packages: tuple[str, ...]
    options: Mapping
    run: Callable[[Path, Inputs], np.ndarray]
    mended: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext


def _run_onnx(path: Path, inputs: Inputs) -> np.ndarray:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, inputs)[0]


def _run_litert(path: Path, inputs: Inputs) -> np.ndarray:
    from ai_edge_litert.interpreter import Interpreter

    signature = Interpreter(model_path=str(path)).get_signature_runner("serving_default")
    return next(iter(signature(**inputs).values()))


@contextlib.contextmanager
def _mended_tf2onnx() -> Iterator[None]:
    """Leaves out the optimiser that turns computed shapes into constants: at times it changes the output's shape.

    The optimiser puts a Squeeze behind a node that it changes, but not if that node is the network's output. In one of
    ten conversions, pictures of one channel and free size came out with one axis too many; the graph's order is random.
    """
    from tf2onnx.optimizer import _optimizers

    all_optimizers = dict(_optimizers)
    _optimizers.pop("reshape_optimizer", None)
    try:
        yield
    finally:
        _optimizers.clear()
        _optimizers.update(all_optimizers)


FORMATS = {
    "onnx": Format(".onnx", ("tf2onnx", "onnxruntime"), {}, _run_onnx, _mended_tf2onnx),
    # Weights become constants: LiteRT cannot convolve with a kernel that is computed from a variable, as in pggan.
    "litert": Format(".tflite", ("ai_edge_litert",), {"experimental_enable_resource_variables": False}, _run_litert),
}


def check(format: str, path: Path) -> None:
    """Checks packages and the file's name, before a model is restored.

    Raises:
        GanzooError: for a package that is not installed, and for a file name without the format's suffix.
    """
    suffix, packages = FORMATS[format].suffix, FORMATS[format].packages
    missing = [name.replace("_", "-") for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise GanzooError(f"--format {format} needs {' and '.join(missing)}: {install_hint(format)}.")
    if path.suffix != suffix:
        raise GanzooError(f"--out is {path}: with --format {format} give a file's name in {suffix}.")


class Generator(NamedTuple):
    """A network with which an export samples or translates.

    Attributes:
        name: such as "b_to_a".
        network: the built network; the averaged network if the model keeps an average.
        reference: a servable with one signature, which gives the network's outputs from inputs in the same order.
    """

    name: str
    network: keras.Model
    reference: Servable


def named(model: TwoOptimizerModel, sampling: Mapping, name: str | None = None) -> Generator:
    """A model's generator.

    Args:
        model: the trained model.
        sampling: as in `config.sampling`.
        name: the generator's name, for a translator that has several; None is the first generator.

    Raises:
        GanzooError: for a generator that the model does not have.
    """
    if isinstance(model, TranslationModel):
        generators = {each: getattr(model, each) for each in model.generators}
        whole = saved_model.servable_translator(model, sampling=sampling)
    else:
        generators = {"generator": model.ema_generator}
        whole = saved_model.servable(model, ratio=None, sampling=sampling)
    name = name or next(iter(generators))
    if name not in generators:
        hint = did_you_mean(name, generators)
        raise GanzooError(f"{model.zoo_name} has no generator '{name}'.{hint} There are: {', '.join(generators)}.")
    signature = name if name in whole.signatures else "serving_default"
    return Generator(name, generators[name], replace(whole, signatures={signature: whole.signatures[signature]}))


def write(generator: Generator, path: Path, format: str) -> float:
    """Writes a generator as one file. The file appears, by rename, once its answers have been checked.

    The file's inputs have the names and the order of the network's inputs. The number of rows is free, and so are a
    translator's height and width.

    Args:
        generator: the result of `named`.
        path: the file; an existing file is replaced.
        format: one of `FORMATS`.

    Returns:
        The largest difference from the SavedModel's answer, at any pixel.

    Raises:
        GanzooError: if the format cannot take the generator, and if the file's answers differ from the SavedModel's.
    """
    _, network, reference = generator
    if any(isinstance(layer, SeededDropout) for layer in network.layers):
        raise GanzooError(
            f"{format} cannot take this generator: its noise is drawn in the network from a seed (Philox), which has "
            "no counterpart there. Serve the SavedModel."
        )
    if (precision := network.dtype_policy.name) != "float32":
        raise GanzooError(f"{format} cannot take this generator: it computes in {precision}, the format in float32.")
    with whole(path) as beside:
        try:
            specs = convert(network, beside, format)
            answers = [(FORMATS[format].run(beside, inputs), inputs) for inputs in _requests(specs, reference)]
        except Exception as error:  # whatever a converter or a runtime raises
            raise GanzooError(f"{format} cannot take this generator: {_reason(error)}") from error
        difference = _largest_difference(answers, reference)
        if not difference <= TOLERANCE:
            raise GanzooError(
                f"{format} cannot take this generator: what it makes there differs from the SavedModel's by "
                f"{difference:.2g}, more than {TOLERANCE}."
            )
    return difference


def convert(network: keras.Model, path: Path, format: str) -> list[tf.TensorSpec]:
    """Writes a network as one file by Keras's export, and does not check it.

    Returns:
        Specs of the network's inputs, in their order.
    """
    specs = [tf.TensorSpec(x.shape, x.dtype, x.name) for x in network.inputs]
    taken = [specs] if len(specs) > 1 else specs
    with _quiet_converters(), FORMATS[format].mended():
        network.export(str(path), format=format, input_signature=taken, verbose=False, **FORMATS[format].options)
    return specs


def _reason(error: Exception) -> str:
    """The error's first line, or a sentence about the TensorFlow operation that LiteRT lacks."""
    message = str(error).strip()
    if lacking := re.search(r"\(Flex(\w+)\)", message):
        return f"it needs TensorFlow's {lacking.group(1)}, which the runtime does not have."
    return message.splitlines()[0] if message else type(error).__name__


def _requests(specs: list[tf.TensorSpec], reference: Servable) -> Iterator[Inputs]:
    """Random rows: normal latents, pictures in [-1, 1] of the training size, labels 0 and 1."""
    random = np.random.default_rng(0)
    sides = (0, *reference.facts.get("image_shape", ()))
    for rows in ROWS:
        inputs = {}
        for spec in specs:
            shape = [rows, *(sides[axis] if size is None else size for axis, size in enumerate(spec.shape) if axis)]
            if spec.dtype.is_integer:
                inputs[spec.name] = np.resize(np.arange(2), shape).astype(spec.dtype.as_numpy_dtype)
            else:
                numbers = random.normal(size=shape) if len(shape) == 2 else random.uniform(-1, 1, shape)
                inputs[spec.name] = numbers.astype(spec.dtype.as_numpy_dtype)
        yield inputs


def _largest_difference(answers: list[tuple[np.ndarray, Inputs]], reference: Servable) -> float:
    """The largest difference between a file's answers and the SavedModel's; infinite if their shapes differ.

    The SavedModel is written, loaded, and asked row by row, so that its limits do not refuse the request.
    """
    ((name, signature),) = reference.signatures.items()
    largest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        loaded = tf.saved_model.load(saved_model.write(reference, folder))
        for answer, inputs in answers:
            values = dict(zip([one.name for one in signature.inputs], inputs.values(), strict=True))
            rows = range(len(answer))
            one_by_one = [
                loaded.signatures[name](**{key: tf.constant(value[row : row + 1]) for key, value in values.items()})
                for row in rows
            ]
            expected = np.concatenate([next(iter(outputs.values())) for outputs in one_by_one])
            if answer.shape != expected.shape:
                return float("inf")
            largest = np.maximum(largest, np.abs(answer - expected).max())  # NaN if either is
    return float(largest)


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
