"""The export's `serving_default` in another runtime, which shares no kernel with TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf

from tests.serving.valid_requests import valid_request

openvino = pytest.importorskip("openvino", reason="openvino is not installed: no independent runtime to compare with")

READABLE = ("gan", "cgan", "infogan", "points", "stylegan2", "cyclegan", "cut", "stargan")
# What openvino cannot read, and the operations that it has no rule for. pix2pix's noise is dropout, whose masks the
# graph draws from the seed it is given; the counter-based generator that draws them exists in TensorFlow alone.
UNREADABLE = {"pix2pix": ("StatelessRandomGetKeyCounter", "StatelessRandomUniformV2")}


@pytest.mark.parametrize("kind", READABLE)
def test_an_independent_runtime_computes_the_same(loaded, kind):
    """float32 throughout: by default openvino takes bfloat16 where the processor has it."""
    signature = loaded(kind).signatures["serving_default"]
    request = valid_request(signature)
    expected = signature(**{name: tf.constant(value) for name, value in request.items()})
    compiled = openvino.Core().compile_model(str(loaded(kind).path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    (found,) = compiled(request).values()
    (expected,) = expected.values()
    assert found.shape == expected.shape
    assert np.ptp(found) > 0
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_it_cannot_read_it_refuses_by_the_operations_named_here(exports, kind):
    with pytest.raises(RuntimeError) as refusal:
        openvino.Core().compile_model(str(exports[kind][1] / "1"), "CPU")
    for operation in UNREADABLE[kind]:
        assert operation in str(refusal.value)


def test_every_kind_is_either_compared_or_listed(exports):
    assert {*READABLE, *UNREADABLE} == exports.keys()
