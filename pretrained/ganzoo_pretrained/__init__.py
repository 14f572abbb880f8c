"""Trained exports of ganzoo. They are SavedModels: TensorFlow alone loads them, and TF Serving serves them.

>>> import ganzoo_pretrained
>>> import tensorflow as tf
>>> drs = tf.saved_model.load(ganzoo_pretrained.folder("cgan") / "1").signatures["drs"]

With ganzoo, `--export_dir pretrained:cgan` and `Exported("pretrained:cgan")` take them.
"""

from pathlib import Path

_EXPORTS = Path(__file__).parent / "exports"


def names() -> list[str]:
    """The names of the exports, sorted."""
    return sorted(path.name for path in _EXPORTS.glob("*") if path.is_dir())


def folder(name: str) -> Path:
    """The folder of an export's versions, which TF Serving takes as `--model_base_path`.

    Raises:
        ValueError: for a name that is not one of `names()`.
    """
    if name not in names():
        raise ValueError(f"no export '{name}'. There are: {', '.join(names())}.")
    return _EXPORTS / name
