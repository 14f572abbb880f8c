"""A generator alone, for other runtimes than TensorFlow's: as ONNX or as LiteRT, by Keras's own export.

Each file is asked in its own runtime, and is there only if it answers as the SavedModel does.
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

TOLERANCE = 1e-3  # of a file's answer and the SavedModel's, at any pixel
ROWS = (1, 3)  # in the requests that a file is asked; the number of rows is left free
Inputs = dict[str, np.ndarray]


class Format(NamedTuple):
    """What Keras's export knows under a name.

    Attributes:
        suffix: of its files.
        packages: what writes and runs them; ganzoo's extra of the format's name has them.
        options: of Keras's export.
        run: (file, inputs by name) -> what the file gives.
        mended: what its converter runs in.
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
    """Leaves out the optimiser that makes constants of computed shapes, and at times loses the output's.

    It may put a Squeeze behind what it changes, but not where that is the network's output already: pictures of one
    channel and free size came out with an axis more in one of ten conversions, as the graph's order is random.
    """
    from tf2onnx.optimizer import _optimizers

    known = dict(_optimizers)
    _optimizers.pop("reshape_optimizer", None)
    try:
        yield
    finally:
        _optimizers.clear()
        _optimizers.update(known)


FORMATS = {
    "onnx": Format(".onnx", ("tf2onnx", "onnxruntime"), {}, _run_onnx, _mended_tf2onnx),
    # Weights become constants: LiteRT cannot convolve with a kernel that is computed from a variable, as pggan's are.
    "litert": Format(".tflite", ("ai_edge_litert",), {"experimental_enable_resource_variables": False}, _run_litert),
}


def check(format: str, path: Path) -> None:
    """Finds what is missing before a model is restored.

    Raises:
        GanzooError: for a package that is not installed, and for a file name with another end than the format's.
    """
    suffix, packages = FORMATS[format].suffix, FORMATS[format].packages
    missing = [name.replace("_", "-") for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise GanzooError(f"--format {format} needs {' and '.join(missing)}: {install_hint(format)}.")
    if path.suffix != suffix:
        raise GanzooError(f"--out is {path}: with --format {format} give a file's name in {suffix}.")


class Generator(NamedTuple):
    """A network that an export samples or translates by.

    Attributes:
        name: such as "b_to_a".
        network: built; the averaged one of a model that has an average.
        reference: one signature alone, which gives what the network gives, of inputs in the same order.
    """

    name: str
    network: keras.Model
    reference: Servable


def named(model: TwoOptimizerModel, sampling: Mapping, name: str | None = None) -> Generator:
    """A model's generator.

    Args:
        model: trained.
        sampling: as in `config.sampling`.
        name: of a translator that has several; None is the first.

    Raises:
        GanzooError: for a generator that the model does not have.
    """
    if isinstance(model, TranslationModel):
        known = {of: getattr(model, of) for of in model.generators}
        whole = saved_model.servable_translator(model, sampling=sampling)
    else:
        known = {"generator": model.ema_generator}
        whole = saved_model.servable(model, ratio=None, sampling=sampling)
    name = name or next(iter(known))
    if name not in known:
        there = ", ".join(known)
        raise GanzooError(f"{model.zoo_name} has no generator '{name}'.{did_you_mean(name, known)} There are: {there}.")
    signature = name if name in whole.signatures else "serving_default"
    return Generator(name, known[name], replace(whole, signatures={signature: whole.signatures[signature]}))


def write(generator: Generator, path: Path, format: str) -> float:
    """Writes a generator as one file; it appears, by rename, once it has been found to be right.

    The names of its inputs are those of the network's, in their order; the number of rows is free, and so are a
    translator's height and width.

    Args:
        generator: as of `named`.
        path: made anew if it is there.
        format: one of `FORMATS`.

    Returns:
        The largest difference from the SavedModel's answer, at any pixel.

    Raises:
        GanzooError: if the format cannot take the generator, and if what was written answers otherwise.
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
    """Writes a network as one file by Keras's export, unchecked.

    Returns:
        What it takes: the network's inputs, by name and in their order.
    """
    specs = [tf.TensorSpec(x.shape, x.dtype, x.name) for x in network.inputs]
    taken = [specs] if len(specs) > 1 else specs
    with _quiet_converters(), FORMATS[format].mended():
        network.export(str(path), format=format, input_signature=taken, verbose=False, **FORMATS[format].options)
    return specs


def _reason(error: Exception) -> str:
    """The first line of what was said, or LiteRT's of an operation of TensorFlow's that it does not have."""
    said = str(error).strip()
    if lacking := re.search(r"\(Flex(\w+)\)", said):
        return f"it needs TensorFlow's {lacking.group(1)}, which the runtime does not have."
    return said.splitlines()[0] if said else type(error).__name__


def _requests(specs: list[tf.TensorSpec], reference: Servable) -> Iterator[Inputs]:
    """Random rows: normal latents, pictures in [-1, 1] of the size that was trained on, labels 0 and 1."""
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
    """Between answers and those of the SavedModel, which is written, loaded, and asked row by row, lest its limits
    refuse the request; infinite where the shapes differ."""
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
    """What the converters say of their own code is not for the user."""
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
