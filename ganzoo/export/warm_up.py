"""Warm-up requests: TF Serving sends them through a new version, so that no user waits for a signature's first run."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from ganzoo.export.inputs import Input
from ganzoo.export.signature import Signatures

FILE = "assets.extra/tf_serving_warmup_requests"  # in a version's folder; the server looks for this file


def write(version: Path, signatures: Signatures, facts: Mapping) -> None:
    """Writes a request for each signature to `FILE`, a TFRecord of PredictionLog.

    Args:
        version: the folder of a SavedModel.
        signatures: the SavedModel's signatures.
        facts: as in the SavedModel's `assets/config.json`.
    """
    from tensorflow_serving.apis import prediction_log_pb2

    path = version / FILE
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as file:
        for name, inputs in requests(signatures, facts):
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            request.model_spec.name, request.model_spec.signature_name = facts["name"], name
            for key, value in inputs.items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
            file.write(log.SerializeToString())


def requests(signatures: Signatures, facts: Mapping) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """The smallest request of each signature, such as one sample, one row or a chain of one step.

    Yields:
        The signature's name, and its inputs by name.
    """
    for name, signature in signatures.items():
        yield name, {one.name: smallest(one, facts) for one in signature.inputs}


def smallest(one: Input, facts: Mapping) -> np.ndarray:
    """The smallest valid value of an input; one row for an input with rows.

    Pictures have the size of the training pictures.
    """
    if one.dtype == "string":
        return np.array([tf.io.encode_png(np.zeros(facts["image_shape"], np.uint8)).numpy()], object)
    sides = (1, *facts.get("image_shape", ()))
    shape = [sides[axis] if size is None else size for axis, size in enumerate(one.shape)]
    return np.full(shape, one.least, one.numpy_dtype)
