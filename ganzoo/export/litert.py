"""LiteRT files of a signature: float32, or quantised after the training to float16 or int8."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.export.batchable import example_rows, most_rows
from ganzoo.export.saved_model import Servable

QUANTISATIONS = ("none", "float16", "int8")
QUANTISED = "serving_default"  # the one signature that int8 can take
PROPOSALS, ROWS = 1_000, 8  # drawn for the ranges of int8; accepted ones in each batch of the converter
MOST_BATCHES = 32


def convert(folder: str, name: str, path: Path, *, quantise: str = "none", inputs: dict | None = None) -> None:
    """Writes a signature as a LiteRT file.

    Args:
        folder: a SavedModel with the signature.
        name: the signature.
        path: the file.
        quantise: one of `QUANTISATIONS`. With float16 the weights are stored in half precision. With int8 weights and
            activations have eight bits; operations that have no version of eight bits stay float32, and so do inputs
            and outputs.
        inputs: for int8, rows by input, whose activations set the ranges of the eight bits.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[name])
    converter.experimental_enable_resource_variables = False  # weights become constants
    if quantise != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantise == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantise == "int8":
        converter.representative_dataset = lambda: ((name, batch) for batch in _batches(inputs))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]
    path.write_bytes(converter.convert())


def load(path: Path):
    """The file's program, from inputs by name to outputs by name."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    (name,) = interpreter.get_signature_list()
    runner = interpreter.get_signature_runner(name)
    return lambda inputs: runner(**inputs)


def accepted_inputs(what: Servable, name: str) -> dict[str, np.ndarray]:
    """The inputs of `serving_default` whose samples `propose` accepts: what the activations of good samples are.

    Args:
        what: an export's contents.
        name: the signature that int8 is asked for.

    Returns:
        Rows by input: latents float32 [rows, d], and labels int64 [rows] for a conditional model.

    Raises:
        GanzooError: for another signature than `serving_default`, and for an export without a density ratio.
    """
    if name != QUANTISED:
        raise GanzooError(
            f"int8 is for {QUANTISED} alone, not for '{name}': with eight bits a log ratio would decide otherwise than "
            "the export does. Give --quantise=float16, or draw with the SavedModel."
        )
    if not {"propose", "propose_inputs"} <= what.signatures.keys():
        raise GanzooError(
            "int8 takes the ranges of its numbers from accepted samples, and this export has no `propose`. "
            "Give --quantise=float16."
        )
    propose = what.signatures["propose"]
    count = min(PROPOSALS, most_rows(what.facts), what.facts["sampling"]["max_samples"])
    seed = tf.zeros([2], tf.int32)
    drawn = what.signatures["propose_inputs"].graph(num_samples=tf.constant(count), seed=seed)
    inputs = {one.name: drawn.get(one.name) for one in propose.inputs}
    for one in propose.inputs:
        if inputs[one.name] is None:  # labels
            inputs[one.name] = tf.constant(example_rows(one, what.facts, count))
    kept = propose.graph(**inputs)["accepted"].numpy()
    return {one.name: inputs[one.name].numpy()[kept] for one in what.signatures[name].inputs}


def _batches(inputs: dict[str, np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    rows = len(next(iter(inputs.values())))
    for first in range(0, min(rows, ROWS * MOST_BATCHES), ROWS):
        yield {name: values[first : first + ROWS] for name, values in inputs.items()}
