"""The export in a program without Python, by the C API of the libraries inside TensorFlow's wheel."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

SOURCE = Path(__file__).with_name("load_and_run.c")
SCALARS = dict(num_samples=np.int32(6), seed=np.array([3, 1], np.int32))


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The compiled `load_and_run.c`."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        pytest.skip("no C compiler (cc, gcc or clang) on this machine: the C program has not been tried")
    out = tmp_path_factory.mktemp("c") / "load_and_run"
    libraries = tf.sysconfig.get_lib()
    # TensorFlow has a gigabyte of libraries, in which gold finds the names in a fifth of the usual linker's time.
    gold = ["-fuse-ld=gold"] if shutil.which("ld.gold") else []
    link = [f"-L{libraries}", "-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2", f"-Wl,-rpath,{libraries}"]
    include = f"-I{tf.sysconfig.get_include()}"
    subprocess.run([compiler, "-Wall", "-Werror", SOURCE, include, *link, *gold, "-o", out], check=True)
    return out


@pytest.fixture
def ask(program):
    """`ask(version, signature, inputs, output)`: the finished process, asked for a tensor by the signature's names."""

    def run(version, signature, inputs, output="samples"):
        (meta_graph,) = SavedModel.FromString((version / "saved_model.pb").read_bytes()).meta_graphs
        definition = meta_graph.signature_def[signature]
        given = [
            f"{definition.inputs[name].name}={value.dtype}:{','.join(map(repr, np.ravel(value).tolist()))}"
            for name, value in inputs.items()
        ]
        return subprocess.run(
            [program, version, definition.outputs[output].name, *given], capture_output=True, check=False, timeout=120
        )

    return run


@pytest.mark.parametrize(
    ("signature", "more"), [("generate", {}), ("drs", {"gamma_percentile": np.float32(60.5)})], ids=["generate", "drs"]
)
def test_scalar_inputs_give_the_samples_that_python_gets(loaded, ask, signature, more):
    exported = loaded("gan")
    inputs = SCALARS | more
    expected = exported.signatures[signature](**{name: tf.constant(value) for name, value in inputs.items()})["samples"]
    assert expected.shape == (6, 16, 16, 1)
    done = ask(exported.path, signature, inputs)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert done.stdout == expected.numpy().tobytes()


def test_labels_go_in_as_a_vector(exports, ask):
    version = exports["cgan"][1] / "1"
    inputs = SCALARS | {"labels": np.arange(6) % 3, "gamma_percentile": np.float32(50)}
    done = ask(version, "drs", inputs, output="labels")
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    np.testing.assert_array_equal(np.frombuffer(done.stdout, np.int64), [0, 1, 2, 0, 1, 2])


def test_what_the_graph_refuses_ends_the_program_with_the_reason(exports, ask):
    done = ask(exports["gan"][1] / "1", "generate", SCALARS | {"num_samples": np.int32(41)})
    assert done.returncode == 1
    assert b"num_samples must be in 1 .. 40" in done.stderr
    assert done.stdout == b""
