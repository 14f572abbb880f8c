"""`pytest docs/notebooks` runs the notebooks, with few training steps, by nbmake."""

import os
from pathlib import Path

import jupytext
from nbmake.pytest_items import NotebookFile
import pytest

STEPS = "20"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> NotebookFile | None:
    """A notebook in text as the notebook that nbmake runs."""
    if not file_path.name[0].isdigit() or file_path.suffix != ".py":
        return None
    notebook = Path(parent.config.cache.mkdir("notebooks")) / f"{file_path.stem}.ipynb"
    jupytext.write(jupytext.read(file_path), notebook)
    os.environ.setdefault("NOTEBOOK_STEPS", STEPS)
    return NotebookFile.from_parent(parent, path=notebook)
