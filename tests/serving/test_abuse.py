"""Whatever a request holds, every signature of every kind of export answers rightly or says what is wrong.

Each example takes a request that is right and spoils some of its inputs. TensorFlow's loader refuses a wrong dtype or
rank (TypeError, ValueError), the graph all else (InvalidArgumentError); what is answered is finite, has the right shape
and costs no more than its bound. The simplest example is the right request itself.
"""

import dataclasses
import io
import time

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ganzoo.export import warm_up
from ganzoo.export.inputs import INPUTS
from tests.export.test_encoded_pictures import REFUSED, RGB, png_of, saved
from tests.exports import SAMPLING, TRANSLATING

SIGNATURES = {
    "gan": ("serving_default", "generate", "score", "drs", "drs_png", "obrs", "mh", "propose", "propose_inputs"),
    "cgan": ("serving_default", "generate", "score", "drs", "drs_png", "obrs", "mh", "propose", "propose_inputs"),
    "infogan": ("generate_from_codes", "recognise"),
    "stylegan2": ("generate_from_styles", "mix_styles"),
    "points": ("serving_default", "generate", "score", "drs", "obrs", "mh", "propose", "propose_inputs"),
    "pix2pix": ("serving_default", "translate", "translate_png", "drs", "score"),
    "cyclegan": ("a_to_b", "cycle_b", "a_to_b_png", "score"),
    "cut": ("translate", "translate_png", "score"),
    "stargan": ("translate", "translate_png", "score"),
}
EXAMPLES = 12  # of each signature
LONGEST = 10.0  # seconds of processor time; the longest that is right takes a tenth of one
REFUSALS = (tf.errors.InvalidArgumentError, TypeError, ValueError)

OF_ROWS = ("images", "image_bytes", "latents", "samples", "categories")

INT32 = np.iinfo(np.int32)
COUNTS = st.sampled_from([1, INT32.min, -1, 0, 3, 40, 41, 50, 51, 1000, INT32.max])
NUMBERS = st.sampled_from(
    [-np.inf, -3e38, -1.0, -0.0, 1e-45, 0.5, 1.0, 20.0, 100.0, 100.01, 1e30, 3e38, np.inf, np.nan]
)
LABELS = st.sampled_from([np.iinfo(np.int64).min, -1, 0, 1, 2, 3, 9, 10, np.iinfo(np.int64).max])
ROWS = st.sampled_from([1, 0, 2, 6, 7, 40, 51])
SIDES = st.sampled_from([0, 1, 8, 12, 16, 17, 32, 40])
FILES = [
    saved(RGB),
    saved(RGB, "JPEG"),
    saved(RGB.astype(np.uint16)[..., 0] * 257),
    saved(np.dstack([RGB, RGB[..., 0]])),
    saved(np.zeros((8, 24), np.uint8)),
    saved(np.zeros((40, 40), np.uint8)),
    png_of(30_000, 30_000, bytes(30_001) * 300),
    png_of(2**32 - 1, 2**32 - 1),
    *(content for content, _ in REFUSED.values()),
]


@pytest.fixture(scope="module")
def asked(exports, loaded):
    """The signatures of each export, by name, and what warm-up asks of them."""
    facts = {"image_shape": (16, 16, 1)}

    def least(function):
        specs = function.structured_input_signature[1]
        inputs = {name: dataclasses.replace(INPUTS[name], shape=tuple(spec.shape)) for name, spec in specs.items()}
        return {name: warm_up.smallest(one, facts) for name, one in inputs.items()}

    found = {}
    for name in exports:
        signatures = loaded(name).signatures
        found[name] = {signature: (function, least(function)) for signature, function in signatures.items()}
    return found


@st.composite
def spoilt(draw, right: np.ndarray, rows: int):
    """An input like a right one, of that many rows if it has some: often itself, else with hostile values or form."""
    kind = draw(st.sampled_from(["right", "right", "right", "right", "value", "value", "shape", "dtype"]))
    has_rows = right.ndim > 0 and right.shape[0] == 1
    value = np.repeat(right, rows, axis=0) if has_rows else right
    if kind == "value" and value.dtype == object:
        value = np.array([draw(st.sampled_from(FILES)) for _ in range(len(value))], object)
    elif kind == "value":
        values = {"f": NUMBERS, "i": LABELS if value.dtype == np.int64 else COUNTS}[value.dtype.kind]
        value = value.copy()
        some = draw(st.sampled_from([slice(None), slice(0, 1), slice(-1, None)])) if value.ndim else ()
        value[some] = draw(values)
    elif kind == "shape" and value.ndim == 4:
        height, width, channels = draw(SIDES), draw(SIDES), draw(st.sampled_from([1, 1, 1, 0, 3]))
        value = np.zeros((len(value), height, width, channels), value.dtype)
    elif kind == "shape":
        value = draw(st.sampled_from([value[None], np.zeros((*value.shape[:1], 5), value.dtype), value.ravel()[:0]]))
    elif kind == "dtype":
        other = {"f": np.int32, "i": np.float32, "O": np.float32}[value.dtype.kind]
        value = np.zeros(value.shape, other)
    return value


@pytest.mark.parametrize("name, signature", [(name, s) for name, of in SIGNATURES.items() for s in of])
def test_a_hostile_request_is_answered_rightly_or_refused(asked, name, signature):
    function, right = asked[name][signature]
    answered = []

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(data=st.data())
    def is_answered_rightly_or_refused(data):
        rows = data.draw(ROWS, "rows")
        of_rows = right | {key: np.int32(rows) for key in right.keys() & {"num_samples"}}
        inputs = {key: data.draw(spoilt(np.asarray(value), rows), key) for key, value in of_rows.items()}
        start = time.process_time()
        try:
            outputs = function(**{key: tf.constant(value) for key, value in inputs.items()})
        except REFUSALS:
            outputs = None
        assert time.process_time() - start < LONGEST
        answered.append(outputs is not None)
        if outputs is not None:
            is_right(signature, inputs, {key: value.numpy() for key, value in outputs.items()})

    is_answered_rightly_or_refused()
    assert True in answered
    assert False in answered


def is_right(signature, inputs, outputs):
    """Finite numbers of the right shapes, pictures in [-1, 1] or PNGs, and no more proposals than are allowed."""
    of_rows = next((inputs[key] for key in OF_ROWS if key in inputs), None)
    asked = int(inputs["num_samples"]) if of_rows is None else len(of_rows)
    assert asked >= 1
    for key, value in outputs.items():
        if value.dtype.kind == "f":
            assert np.isfinite(value).all(), key
        if key in ("samples", "images", "image_bytes"):
            exact = signature not in ("drs", "drs_png", "obrs")  # those may run out of proposals
            assert len(value) == asked if exact else len(value) <= asked
        if value.ndim == 4:
            assert np.abs(value).max(initial=0.0) <= 1.0
        if key == "images":
            assert value.shape[1:] == inputs["images"].shape[1:]
    assert set(outputs.get("labels", ())) <= set(np.ravel(inputs.get("labels", ())))
    for answer in outputs.get("image_bytes", ()):
        assert Image.open(io.BytesIO(answer)).format == "PNG"
    if "num_proposed" in outputs:
        bound = SAMPLING["max_chain_length"] if signature == "mh" else SAMPLING["max_proposals_per_sample"]
        bound = TRANSLATING["max_proposals_per_sample"] if "images" in inputs else bound
        assert 1 <= outputs["num_proposed"] <= asked * bound
        assert 0.0 <= outputs["acceptance_rate"] <= 1.0
