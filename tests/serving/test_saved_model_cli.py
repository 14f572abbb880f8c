"""The export by TensorFlow's own command line, in processes of its own."""

import numpy as np
import pytest
import tensorflow as tf

from tests import processes


def saved_model_cli(*arguments):
    done = processes.run(*arguments, module="tensorflow.python.tools.saved_model_cli", timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("kind", ["cgan", "pix2pix"])
def test_show_lists_every_signature_with_its_inputs(loaded, kind):
    shown = saved_model_cli("show", "--dir", loaded(kind).path, "--all")
    for name, signature in loaded(kind).signatures.items():
        part = shown.split(f"signature_def['{name}']")[1].split("signature_def[")[0]
        for input_name in signature.structured_input_signature[1]:
            assert f"inputs['{input_name}']" in part
        for output_name in signature.structured_outputs:
            assert f"outputs['{output_name}']" in part


def test_run_draws_the_samples_that_python_gets(loaded, tmp_path):
    exported = loaded("gan")
    given = "num_samples=6;seed=[3, 1];gamma_percentile=60.5"
    saved_model_cli(
        *("run", "--dir", exported.path, "--tag_set", "serve", "--signature_def", "drs"),
        *("--input_exprs", given, "--outdir", tmp_path),
    )
    expected = exported.signatures["drs"](
        num_samples=tf.constant(6), seed=tf.constant([3, 1]), gamma_percentile=tf.constant(60.5)
    )
    assert {path.stem for path in tmp_path.iterdir()} == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), value, err_msg=name)
