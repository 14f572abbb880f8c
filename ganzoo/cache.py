"""The folder for what outlives a run, or is too large for its memory."""

import os
from pathlib import Path


def folder() -> Path:
    """`$GANZOO_CACHE`, or `ganzoo` in the user's folder for caches."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganzoo"
    return Path(os.environ.get("GANZOO_CACHE") or default)
