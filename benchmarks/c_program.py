"""An export in a program without Python: `load_and_run.c`, built on the libraries inside TensorFlow's wheel."""

import atexit
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ganzoo.errors import GanzooError

SOURCE = Path(__file__).with_name("load_and_run.c")
COMPILERS = ("cc", "gcc", "clang")


def compiler() -> str | None:
    """The path of a C compiler, or None if this machine has none."""
    return next(filter(None, map(shutil.which, COMPILERS)), None)


@functools.cache
def program() -> Path:
    """The program, compiled at the first call into a folder that the process removes when it ends.

    Raises:
        GanzooError: if there is no C compiler.
        subprocess.CalledProcessError: if it does not compile.
    """
    import tensorflow as tf

    found = compiler()
    if found is None:
        raise GanzooError(f"No C compiler ({', '.join(COMPILERS)}) on this machine: install one.")
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    libraries, out = tf.sysconfig.get_lib(), Path(folder.name) / SOURCE.stem
    # TensorFlow has a gigabyte of libraries, in which gold finds the names in a fifth of the usual linker's time.
    gold = ["-fuse-ld=gold"] if shutil.which("ld.gold") else []
    link = [f"-L{libraries}", "-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2", f"-Wl,-rpath,{libraries}"]
    include = f"-I{tf.sysconfig.get_include()}"
    subprocess.run([found, "-O2", "-Wall", "-Werror", SOURCE, include, *link, *gold, "-o", out], check=True)
    return out


def call(
    version: Path | str, signature: str, inputs: Mapping[str, np.ndarray], seconds: float = 0.0
) -> tuple[dict[str, np.ndarray], float]:
    """A signature's outputs, and the best time in seconds of the calls that start within `seconds` after the first.

    Args:
        version: the folder of an export's version.
        signature: its name.
        inputs: arrays by the signature's input names.

    Raises:
        GanzooError: for a signature with strings, without a C compiler, and with what the program says where it ends
            with an error.
    """
    from tensorflow import dtypes
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    (graph,) = SavedModel.FromString((Path(version) / "saved_model.pb").read_bytes()).meta_graphs
    definition = graph.signature_def[signature]
    types = {dtypes.as_dtype(info.dtype) for info in (*definition.inputs.values(), *definition.outputs.values())}
    if dtypes.string in types:
        raise GanzooError("it has encoded pictures, and this program reads and writes numbers alone")
    with tempfile.TemporaryDirectory() as root:
        given = []
        for name, value in inputs.items():
            array, path = np.asarray(value), Path(root) / f"input {name}"
            path.write_bytes(array.tobytes())
            given.append(f"{definition.inputs[name].name}={array.dtype}:{','.join(map(str, array.shape))}:{path}")
        paths = {name: Path(root) / f"output {name}" for name in definition.outputs}
        asked = [f"{definition.outputs[name].name}={path}" for name, path in paths.items()]
        done = subprocess.run(
            [program(), version, str(seconds), *given, "--", *asked], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise GanzooError(done.stderr.partition("load_and_run: ")[2].strip() or f"exit code {done.returncode}")
        *shapes, best = done.stdout.splitlines()
        outputs = {}
        for (name, path), shape in zip(paths.items(), shapes, strict=True):
            dtype = dtypes.as_dtype(definition.outputs[name].dtype).as_numpy_dtype
            dimensions = [int(size) for size in shape.split(",") if size]
            outputs[name] = np.frombuffer(path.read_bytes(), dtype).reshape(dimensions)
    return outputs, float(best)
