"""One file per objective; the file has the name of its zoo entry."""

import os

from ganzoo.errors import GanzooError

if os.environ.setdefault("KERAS_BACKEND", "tensorflow") != "tensorflow":
    raise GanzooError(
        f"KERAS_BACKEND is '{os.environ['KERAS_BACKEND']}', but the zoo's models and exports are TensorFlow graphs. "
        "Set KERAS_BACKEND=tensorflow, or unset it."
    )
