"""The package's version, TensorFlow's settings before it starts, the folder for caches, and what the machine can do."""

import os
import platform
import re
from pathlib import Path

from ganzoo.errors import GanzooError

__version__ = "0.1.0"

tuned: dict[str, str] = {}  # the variables that `tune_tensorflow` has set in this process


def tune_tensorflow() -> None:
    """Sets what makes TensorFlow fast on CPUs, unless the environment sets it. Works before TensorFlow is imported.

    TensorFlow then computes by oneDNN on every x86 processor. Without `TF_ENABLE_ONEDNN_OPTS=1` TensorFlow 2.21 does so
    only on some, as on those with AVX-512. On two cores with AVX2 alone, steps of `wgan_gp` and `dcgan` take half of
    the time, steps of `cyclegan` .9 of it, and `drs` of 64 digits half.

    It also keeps the primitives of convolutions' gradients instead of making them anew in each step. This saves 1 to 4
    % of a step of `dcgan` and 3 to 6 % of a step of `cyclegan`, and takes no more memory.
    `TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE=true` restores TensorFlow's default.
    """
    settings = {"TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE": "false"}
    if platform.machine() in ("x86_64", "AMD64"):
        settings["TF_ENABLE_ONEDNN_OPTS"] = "1"
    tuned.update({name: value for name, value in settings.items() if name not in os.environ})
    os.environ.update(tuned)


def choose_backend() -> None:
    """Chooses Keras's TensorFlow backend. Call it before Keras is imported.

    Raises:
        GanzooError: if the environment names another backend.
    """
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise GanzooError(
            f"KERAS_BACKEND is '{backend}', but the zoo's models and exports are TensorFlow graphs. "
            "Set KERAS_BACKEND=tensorflow, or unset it."
        )


def cache_folder() -> Path:
    """The folder for files that outlive a run or do not fit in memory.

    It is `$GANZOO_CACHE`, or `ganzoo` in the user's folder for caches.
    """
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganzoo"
    return Path(os.environ.get("GANZOO_CACHE") or default)


def instructions() -> frozenset[str] | None:
    """The names of the processor's instruction sets, as Linux writes them; None on other systems."""
    described = Path("/proc/cpuinfo")
    match = re.search(r"^(?:flags|Features)\s*:(.*)", described.read_text(), re.M) if described.is_file() else None
    return frozenset(match[1].split()) if match else None


def computes_bfloat16() -> bool | None:
    """Whether the processor has instructions for bfloat16; None on systems other than Linux.

    Without them TensorFlow 2.21 computes convolutions in bfloat16 5 to 18 times as slowly as in float32.
    """
    known = instructions()
    return None if known is None else not known.isdisjoint(("avx512_bf16", "amx_bf16", "bf16"))


def peak_memory_mb() -> float | None:
    """The most memory that this process has had at once, in MB; None on systems other than Linux.

    Linux gives it as `VmHWM`. The figure of `getrusage` would include the parent process, if that was larger.
    """
    status = Path("/proc/self/status")
    match = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.is_file() else None
    return int(match[1]) / 1000 if match else None
