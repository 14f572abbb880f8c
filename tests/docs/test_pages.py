"""The pages that show how to add something are followed to the letter: their files written, their commands run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.glob("adding_*.md"))


def blocks(page):
    """(language, text) of each block of code, in order."""
    return re.findall(r"^```(python|bash)\n(.*?)^```$", page.read_text(), re.M | re.S)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_works_as_written(page, tmp_path):
    """In an empty folder, with the package alone. A block whose first line is `# NAME.py` is that file."""
    binaries = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": binaries, "GANZOO_CACHE": str(tmp_path / "cache")}
    done = 0
    for language, text in blocks(page):
        named = re.match(r"# (\w+\.py)\n", text)
        if named:
            (tmp_path / named[1]).write_text(text)
            continue
        command = ["bash", "-euo", "pipefail", "-c", text] if language == "bash" else [sys.executable, "-c", text]
        answer = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert answer.returncode == 0, f"{text}\n{answer.stdout[-2000:]}\n{answer.stderr[-3000:]}"
        done += 1
    assert done >= 2


def test_there_is_a_page_for_all_that_can_be_added():
    names = {page.stem for page in PAGES}
    assert names == {"adding_a_model", "adding_a_metric", "adding_data", "adding_a_signature"}
