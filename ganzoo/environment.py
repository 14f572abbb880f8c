"""What the machine is asked for: TensorFlow's settings before it starts, and a folder for caches."""

import os
from pathlib import Path

from ganzoo.errors import GanzooError


def prepare_tensorflow() -> None:
    """Chooses Keras's TensorFlow backend; to be called before Keras is imported.

    On CPUs TensorFlow is asked to keep the primitives of convolutions' gradients, which it would make anew each step:
    that is 1 to 4 % of a step of `dcgan`, 3 to 6 % of one of `cyclegan`, for no more memory. Its own way is
    `TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE=true`.

    Raises:
        GanzooError: if the environment asks for another backend.
    """
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise GanzooError(
            f"KERAS_BACKEND is '{backend}', but the zoo's models and exports are TensorFlow graphs. "
            "Set KERAS_BACKEND=tensorflow, or unset it."
        )
    os.environ.setdefault("TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE", "false")


def cache_folder() -> Path:
    """Where what outlives a run lies, or what is too large for its memory: `$GANZOO_CACHE`, or `ganzoo` in the user's
    folder for caches."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganzoo"
    return Path(os.environ.get("GANZOO_CACHE") or default)
