"""The export in a program without Python, by the C API of the libraries inside TensorFlow's wheel."""

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import c_program
from ganzoo.errors import GanzooError

SCALARS = dict(num_samples=np.int32(6), seed=np.array([3, 1], np.int32))


pytestmark = pytest.mark.skipif(c_program.compiler() is None, reason="no C compiler (cc, gcc or clang) on this machine")


@pytest.mark.parametrize(
    ("signature", "more"), [("generate", {}), ("drs", {"gamma_percentile": np.float32(60.5)})], ids=["generate", "drs"]
)
def test_scalar_inputs_give_what_python_gets(loaded, signature, more):
    exported = loaded("gan")
    inputs = SCALARS | more
    expected = exported.signatures[signature](**{name: tf.constant(value) for name, value in inputs.items()})
    assert expected["samples"].shape == (6, 16, 16, 1)
    outputs, best = c_program.call(exported.path, signature, inputs)
    assert best == 0.0
    assert set(outputs) == set(expected)
    for name, value in expected.items():
        assert outputs[name].tobytes() == value.numpy().tobytes(), name
        assert outputs[name].shape == value.shape, name


def test_labels_go_in_as_a_vector(exports):
    inputs = SCALARS | {"labels": np.arange(6) % 3, "gamma_percentile": np.float32(50)}
    outputs, _ = c_program.call(exports["cgan"][1] / "1", "drs", inputs)
    np.testing.assert_array_equal(outputs["labels"], [0, 1, 2, 0, 1, 2])


def test_rows_go_in_and_calls_are_timed(loaded):
    exported = loaded("gan")
    scored = exported.signatures["score"]
    (name,) = scored.structured_input_signature[1]
    rows = np.linspace(-1, 1, 3 * 16 * 16, dtype=np.float32).reshape(3, 16, 16, 1)
    outputs, best = c_program.call(exported.path, "score", {name: rows}, seconds=0.05)
    expected = scored(**{name: tf.constant(rows)})
    for name, value in expected.items():
        np.testing.assert_array_equal(outputs[name], value.numpy())
    assert 0.0 < best < 60.0


def test_a_signature_with_encoded_pictures_is_refused(exports):
    inputs = SCALARS | {"gamma_percentile": np.float32(50)}
    with pytest.raises(GanzooError, match="reads and writes numbers alone"):
        c_program.call(exports["gan"][1] / "1", "drs_png", inputs)


def test_what_the_graph_refuses_ends_the_program_with_the_reason(exports):
    with pytest.raises(GanzooError, match="num_samples must be in 1 .. 40"):
        c_program.call(exports["gan"][1] / "1", "generate", SCALARS | {"num_samples": np.int32(41)})
