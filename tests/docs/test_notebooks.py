"""The notebooks in text: what every one of them has. `pytest docs/notebooks` runs them."""

from pathlib import Path

import jupytext
import pytest
import yaml

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("[0-9]*.py"))


def cells(path, kind):
    return [cell.source for cell in jupytext.read(path).cells if cell.cell_type == kind]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_ends_with_three_exercises_and_a_cell_for_each_answer(path):
    exercises = cells(path, "markdown")[-1]
    assert exercises.startswith("## Exercises")
    assert [line[:3] for line in exercises.splitlines() if line[:1].isdigit()] == ["1. ", "2. ", "3. "]
    assert [code[:10] for code in cells(path, "code")[-3:]] == ["# Answer 1", "# Answer 2", "# Answer 3"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_its_number(path):
    assert cells(path, "markdown")[0].startswith(f"# {path.stem[0]}. ")


def test_the_site_has_every_notebook():
    lines = (ROOT / "mkdocs.yml").read_text().splitlines()
    nav = yaml.safe_load("\n".join(lines[lines.index("nav:") :]))["nav"]
    pages = next(part["Notebooks"] for part in nav if "Notebooks" in part)
    shown = [place for page in pages for place in page.values()]
    assert shown == [f"notebooks/{path.name}" for path in NOTEBOOKS]
