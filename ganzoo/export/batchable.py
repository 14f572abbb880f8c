"""The signatures that a server may batch: rows in, rows out, and each row's outputs depend on that row alone.

A server that batches puts the rows of several requests into one call, and returns to each request its own rows. A
signature that takes a scalar, such as `num_samples`, cannot be batched: a batching server fails on it. The signatures
that can be batched therefore form a servable of their own, beside the whole one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf

from ganzoo import noise
from ganzoo.bases.stepped import TwoOptimizerModel
from ganzoo.bases.translating import Endpoint, TranslationModel
from ganzoo.export.inputs import Input, random_rows
from ganzoo.export.saved_model import Servable
from ganzoo.export.signature import Signature
from ganzoo.export.translation_signatures import CheckedEndpoint
from ganzoo.networks.layers.basic import SeededDropout

ROWS = 4  # each signature is tried on this many rows
# The largest difference between a row alone and the same row among others, absolute and relative. Rounding makes a
# hundredth of it.
TOLERANCE = 1e-4


def batchable(whole: Servable, model: TwoOptimizerModel) -> tuple[Servable, list[str]]:
    """A servable with only the signatures whose rows do not depend on each other.

    Each signature is tried. A signature is left out if its rows depend on each other, as when a discriminator looks at
    several rows at once; no discriminator of the zoo does so outside training. The noise of pix2pix depends on the row.
    Its `serving_default` here gives every picture the noise that the whole servable's gives the first picture.

    Rows are independent in valid requests only. A row that the graph refuses, such as a row with infinite numbers,
    fails all requests in the same call. The limits on rows and pictures hold for the call, not for the request.

    Args:
        whole: the model's whole servable.
        model: the trained model.

    Returns:
        The servable, and the names of the signatures that were left out because their rows are not independent.
    """
    rows = {name: signature for name, signature in whole.signatures.items() if signature.is_of_rows}
    if isinstance(model, TranslationModel) and _has_seeded_noise(model):
        rows["serving_default"] = _with_noise_of_first_row(model, whole.facts["sampling"])
    kept = {name: signature for name, signature in rows.items() if rows_are_independent(signature, whole.facts)}
    return replace(whole, signatures=kept), [name for name in rows if name not in kept]


def rows_are_independent(signature: Signature, facts: Mapping) -> bool:
    """Whether each of some random rows gives the same outputs alone as among the others, up to rounding."""
    call = signature.graph
    inputs = [example_rows(one, facts, min(ROWS, most_rows(facts))) for one in signature.inputs]
    together = call(*map(tf.constant, inputs))
    for row in range(len(inputs[0])):
        alone = call(*(tf.constant(value[row : row + 1]) for value in inputs))
        if not all(_alike(together[name][row].numpy(), alone[name][0].numpy()) for name in together):
            return False
    return True


def most_rows(facts: Mapping) -> int:
    """The most rows that any request may have, by an export's facts."""
    height, width, _ = facts.get("image_shape", (1, 1, 1))
    limits = facts["sampling"]
    named = [limits[key] for key in ("max_rows", "max_images") if key in limits]
    return min(*named, limits.get("max_pixels", named[0] * height * width) // (height * width))


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    if isinstance(one, bytes):  # a picture's file
        return one == other
    return np.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE)


def example_rows(one: Input, facts: Mapping, rows: int) -> np.ndarray:
    """Valid random values of an input, [rows, ...]; pictures have the size of the training pictures."""
    random = np.random.default_rng(0)
    if one.dtype == "string":
        pixels = random.integers(0, 256, (rows, *facts["image_shape"]), np.uint8)
        return np.array([tf.io.encode_png(picture).numpy() for picture in pixels], object)
    sides = (None, *facts.get("image_shape", ()))
    shape = tuple(sides[axis] if size is None else size for axis, size in enumerate(one.shape))
    return random_rows(replace(one, shape=shape), rows, random)


def _has_seeded_noise(model: TranslationModel) -> bool:
    return any(True for name in model.generators for _ in _seeded(getattr(model, name)))


def _seeded(network: keras.Model) -> Iterator[SeededDropout]:
    return (layer for layer in network.layers if isinstance(layer, SeededDropout))


@keras.saving.register_keras_serializable("ganzoo")
class FirstRowsDropout(SeededDropout):
    """`SeededDropout` that drops the same values in every row: the values that it drops in the first."""

    def call(self, inputs):
        x, stream = inputs
        return x * super().call([tf.ones_like(x[:1]), stream])


def _with_noise_of_first_row(model: TranslationModel, sampling: Mapping) -> Signature:
    """`serving_default` of a translator whose generator takes a stream of noise."""

    def same_for_all(layer):
        fresh = FirstRowsDropout if isinstance(layer, SeededDropout) else type(layer)
        return fresh.from_config(layer.get_config())

    generator = keras.models.clone_model(model.generator, clone_function=same_for_all)
    generator.set_weights(model.generator.get_weights())

    def serving_default(images):
        return {"images": generator([images, noise.stream(tf.zeros([2], tf.int32))], training=False)}

    endpoint = CheckedEndpoint(model, sampling, Endpoint(serving_default, ("images",)))
    return Signature(endpoint.call, endpoint.inputs)
