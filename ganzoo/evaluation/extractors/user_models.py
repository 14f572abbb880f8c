"""A user's own network as a SavedModel or a `.keras` file: pictures in, one row of features for each picture out.

An input of uint8 gets pictures on the scale 0 .. 255. An input of floats gets [-1, 1], as the zoo's networks do. Any
other scale belongs into the model. An input without a fixed size gets the pictures' own size.
"""

import re
from pathlib import Path

import keras
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.evaluation.extractors.network import Network, in_float32

_EXPECTED = "an extractor has one input of pictures [n, height, width, 1 or 3] and one output of features [n, d]"


def of_keras(path: Path, sha256: str) -> Network:
    """A `.keras` file of Keras 3."""
    try:
        with in_float32():
            model = keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras raises what its layers and their files raise
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise GanzooError(
            f"{path} cannot be loaded as a Keras model: {reason[:200]}. It must be a whole model of Keras 3 in a "
            ".keras file, without layers of your own unless a --plugin registers them."
        ) from error
    specs = [tf.TensorSpec([None, *x.shape[1:]], x.dtype, x.name) for x in getattr(model, "inputs", None) or []]
    return _network(path, sha256, specs, lambda pictures: model(pictures, training=False))


def of_saved_model(path: Path, sha256: str) -> Network:
    """The signature `serving_default` of a SavedModel."""
    try:
        loaded = tf.saved_model.load(str(path))
    except (OSError, ValueError, LookupError, RuntimeError, tf.errors.OpError) as error:
        raise GanzooError(f"{path} cannot be loaded as a SavedModel: {str(error).splitlines()[0][:200]}.") from error
    if "serving_default" not in loaded.signatures:
        present = ", ".join(loaded.signatures) or "none at all"
        raise GanzooError(f"{path} has no signature serving_default ({present}). Export it with one; {_EXPECTED}.")
    inputs = loaded.signatures["serving_default"].structured_input_signature[1]

    def call(pictures):  # by `loaded`: a signature alone does not keep its variables alive
        return loaded.signatures["serving_default"](**{next(iter(inputs)): pictures})

    return _network(path, sha256, list(inputs.values()), call)


def _network(path: Path, sha256: str, inputs: list[tf.TensorSpec], call) -> Network:
    if len(inputs) != 1:
        raise GanzooError(f"{path} has {len(inputs)} inputs; {_EXPECTED}.")
    (spec,) = inputs
    shape = spec.shape.as_list() if spec.shape.rank is not None else []
    if len(shape) != 4 or shape[-1] not in (1, 3):
        raise GanzooError(f"the input of {path} has the shape {shape}; {_EXPECTED}.")
    if spec.dtype != tf.uint8 and not spec.dtype.is_floating:
        raise GanzooError(f"the input of {path} is {spec.dtype.name}, expected uint8 in 0 .. 255 or floats in [-1, 1].")
    height, width, channels = shape[1:]

    def apply(pictures: tf.Tensor) -> tf.Tensor:
        pictures = tf.round(pictures) if spec.dtype == tf.uint8 else pictures / 127.5 - 1.0
        return tf.cast(_one(path, call(tf.cast(pictures, spec.dtype))), tf.float32)

    rows, columns = height or 64, width or 64
    try:
        features = apply(tf.zeros([1, rows, columns, channels]))
    except (ValueError, TypeError, tf.errors.OpError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise GanzooError(f"{path} fails on a picture of {rows} x {columns} x {channels}: {reason}.") from error
    stem = re.sub("[^a-z0-9]+", "_", path.resolve().stem.lower()).strip("_") or "model"
    name = f"{stem}_{sha256[:6]}_"

    def size(own_height: int, own_width: int) -> tuple[int, int]:
        return height or own_height, width or own_width

    return Network(name, int(features.shape[1]), apply, size, channels)


def _one(path: Path, outputs) -> tf.Tensor:
    """The only output, [n, d]."""
    tensors = tf.nest.flatten(outputs)
    if len(tensors) != 1:
        raise GanzooError(f"{path} has {len(tensors)} outputs; {_EXPECTED}.")
    (output,) = tensors
    if output.shape.rank != 2 or not output.shape[1]:
        pool = " Let it end in a GlobalAveragePooling2D." if output.shape.rank == 4 else ""
        raise GanzooError(f"the output of {path} has the shape {output.shape.as_list()}; {_EXPECTED}.{pool}")
    if not output.dtype.is_floating:
        raise GanzooError(f"the output of {path} is {output.dtype.name}; {_EXPECTED}, as floats.")
    return output
