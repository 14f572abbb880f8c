"""The pages that show how to add something are followed to the letter: their files written, their commands run."""

import ast
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests import processes

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.glob("adding_*.md"))
PACKAGES = {"ganzoo", "zoo_configs", "keras", "numpy", "scipy", "tensorflow"}


def blocks(page):
    """(language, text) of each block of code, in order."""
    return re.findall(r"^```(python|bash)\n(.*?)^```$", page.read_text(), re.M | re.S)


def commands(text):
    """(arguments after `python`, whether the command is to fail) of each line of a block for a shell.

    Every line is `python ...` or `! python ...`, in words and quotes alone; a backslash joins two lines.
    """
    for line in text.replace("\\\n", " ").splitlines():
        begin, *arguments = words = shlex.split(line)
        to_fail = begin == "!"
        if to_fail:
            begin, *arguments = arguments
        assert begin == "python", line
        assert not re.search(r"[|&;<>$`*?~]", line), f"only a shell can run {words}"
        yield arguments, to_fail


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_works_as_written(page, tmp_path):
    """In an empty folder. A block whose first line is `# NAME.py` is that file."""
    environment = os.environ | {"GANZOO_CACHE": str(tmp_path / "cache")}
    done = 0

    def run(*arguments, to_fail=False, **what):
        answer = processes.run(*arguments, **what, cwd=tmp_path, env=environment)
        assert (answer.returncode != 0) == to_fail, f"{answer.args}\n{answer.stdout[-2000:]}\n{answer.stderr[-3000:]}"

    for language, text in blocks(page):
        named = re.match(r"# (\w+\.py)\n", text)
        if named:
            (tmp_path / named[1]).write_text(text)
            continue
        if language == "python":
            run(code=text)
        else:
            for (first, *arguments), to_fail in commands(text):
                what = dict(module=arguments.pop(0)) if first == "-m" else dict(code=(tmp_path / first).read_text())
                run(*arguments, **what, to_fail=to_fail)
        done += 1
    assert done >= 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_needs_the_package_alone(page):
    """Its code imports what an install brings and the page's own files, and its commands are the package's."""
    own = set(re.findall(r"^# (\w+)\.py$", page.read_text(), re.M))
    for language, text in blocks(page):
        if language == "bash":
            modules = {arguments[1] for arguments, _ in commands(text) if arguments[0] == "-m"}
        else:
            nodes = [*ast.walk(ast.parse(text))]
            modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
            modules |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        assert {module.partition(".")[0] for module in modules} <= PACKAGES | own | sys.stdlib_module_names


def test_there_is_a_page_for_all_that_can_be_added():
    names = {page.stem for page in PAGES}
    assert names == {"adding_a_model", "adding_a_metric", "adding_data", "adding_a_signature"}
