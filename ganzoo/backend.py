"""The one Keras backend that there is a use for here."""

import os

from ganzoo.errors import GanzooError


def require_tensorflow() -> None:
    """Chooses Keras's TensorFlow backend; to be called before Keras is imported.

    Raises:
        GanzooError: if the environment asks for another one.
    """
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise GanzooError(
            f"KERAS_BACKEND is '{backend}', but the zoo's models and exports are TensorFlow graphs. "
            "Set KERAS_BACKEND=tensorflow, or unset it."
        )
