"""Classifiers that were trained for an evaluation, kept on disk for the next one of the same pictures.

A file is named for the data and for a hash of everything that its weights follow from, the pictures themselves
included, so that another version, split, side or size of a data set is another file and none goes stale.
"""

import contextlib
import hashlib
import re
import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np

from ganzoo.files import whole

VERSION = 1  # of how classifiers are built and trained; a change there makes all that are kept useless


def key(name: str, samples: np.ndarray, labels: np.ndarray, **training) -> str:
    """The file's name for a training set, uint8 [n, ...] and int [n], and how it is trained on."""
    digest = hashlib.sha256(repr((VERSION, name, samples.shape, sorted(training.items()))).encode())
    digest.update(np.ascontiguousarray(samples))
    digest.update(np.ascontiguousarray(labels, np.int64))
    return f"{re.sub('[^a-z0-9]+', '_', name.lower()).strip('_')}-{digest.hexdigest()[:20]}.npz"


def restore(layers: list[keras.layers.Layer], file: Path) -> bool:
    """Gives built layers the weights that are kept; False if there are none, or none that can be read."""
    built = _weights(layers)
    try:
        with np.load(file) as kept:
            weights = {name: kept[name] for name in built}
    except (OSError, ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile):
        return False
    if any(weights[name].shape != built[name].shape for name in built):
        return False
    rest = iter(weights.values())
    for layer in layers:
        layer.set_weights([next(rest) for _ in layer.get_weights()])
    return True


def keep(layers: list[keras.layers.Layer], file: Path) -> None:
    """Keeps the weights, whole or not at all; a folder that cannot be written to keeps nothing."""
    with contextlib.suppress(OSError), whole(file) as beside:
        np.savez(beside, **_weights(layers))


def _weights(layers: list[keras.layers.Layer]) -> dict[str, np.ndarray]:
    """By the names that they have in the file, in their order."""
    weights = [weight for layer in layers for weight in layer.get_weights()]
    return {f"weight_{number:02d}": weight for number, weight in enumerate(weights)}
