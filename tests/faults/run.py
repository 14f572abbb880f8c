"""Puts each fault of `faults.py` into a copy of the code, in turn, and runs the tests that have to catch it.

python -m tests.faults.run
python -m tests.faults.run --only rename --only seed

It takes some twenty minutes, writes a table, and ends with 1 if a fault is not caught. No part of the test command.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.faults.faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]
PACKAGES = ("ganzoo", "export", "zoo_configs")
PYTEST = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "--no-header", "-p", "no:cacheprovider", "-n0"]
FAILED = re.compile(r"^FAILED (\S*::.*?)(?: - .*)?$", re.MULTILINE)
LONGEST = 900  # seconds of the tests of one fault
TESTS_FAILED = 1  # pytest's exit code; others say that there were none, or that they could not be collected


class Outcome(NamedTuple):
    """What became of a fault.

    Attributes:
        path: the file that it was put into.
        caught_by: the first test that failed; None if none did.
        seconds: of the tests.
        words: what went wrong otherwise.
    """

    path: str
    caught_by: str | None
    seconds: float
    words: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout whose code and tests are taken")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("README.md"), help="the table's file")
    parser.add_argument("--only", action="append", default=[], help="faults with this in their name; no table")
    arguments = parser.parse_args()
    faults = [fault for fault in FAULTS if not arguments.only or any(part in fault.name for part in arguments.only)]

    outcomes = {}
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(
            arguments.root, tree, ignore=shutil.ignore_patterns(".git", "__pycache__", "*.egg-info", "runs")
        )
        places = {fault: place(tree, fault) for fault in faults}
        tests = {fault: test_path(tree, fault) for fault in faults}
        done = run_tests(tree, sorted(set(tests.values())))
        if done.returncode:
            print(f"{done.stdout}\nfaults: the tests fail without any fault.", file=sys.stderr)
            return 1
        for number, fault in enumerate(faults, 1):
            outcomes[fault] = outcome = try_fault(tree, places[fault], fault, tests[fault])
            said = f"caught by {outcome.caught_by}" if outcome.caught_by else f"NOT CAUGHT {outcome.words}"
            print(f"{number}/{len(faults)} {fault.name}: {said} ({outcome.seconds:.0f} s)", flush=True)

    if not arguments.only:
        arguments.out.write_text(table(outcomes))
    survivors = [fault.name for fault, outcome in outcomes.items() if outcome.caught_by is None]
    if survivors:
        print(f"faults: {len(survivors)} of {len(faults)} are not caught: {'; '.join(survivors)}.", file=sys.stderr)
    return 1 if survivors else 0


def place(tree: Path, fault: Fault) -> Path:
    """The one file that the fault's code stands in.

    Raises:
        SystemExit: if it stands nowhere, or more than once.
    """
    files = [path for package in PACKAGES for path in sorted((tree / package).rglob("*.py"))]
    counts = {path: count for path in files if (count := path.read_text().count(fault.old))}
    if list(counts.values()) != [1]:
        found = ", ".join(f"{path.relative_to(tree)} ({count})" for path, count in counts.items()) or "no file"
        raise SystemExit(f"faults: the code of '{fault.name}' must stand once in the package; it is in {found}.")
    return next(iter(counts))


def test_path(tree: Path, fault: Fault) -> str:
    """The fault's tests as pytest takes them.

    Raises:
        SystemExit: if there is not one file of that name.
    """
    name, separator, node = fault.tests.partition("::")
    files = [path for path in (tree / "tests").rglob(Path(name).name) if path.as_posix().endswith(f"/{name}")]
    if len(files) != 1:
        raise SystemExit(f"faults: '{fault.name}' names the tests {name}; there are {len(files)} such files.")
    return f"{files[0].relative_to(tree).as_posix()}{separator}{node}"


def try_fault(tree: Path, path: Path, fault: Fault, tests: str) -> Outcome:
    """Runs the tests with the fault, and restores the file."""
    right = path.read_text()
    path.write_text(right.replace(fault.old, fault.new))
    start = time.monotonic()
    try:
        done = run_tests(tree, [tests])
    finally:
        path.write_text(right)
    seconds, relative = time.monotonic() - start, path.relative_to(tree).as_posix()
    failed = FAILED.search(done.stdout)
    if done.returncode == TESTS_FAILED and failed:
        return Outcome(relative, failed[1], seconds)
    words = "" if done.returncode == 0 else f"pytest ended with {done.returncode}: {done.stdout[-500:]}"
    return Outcome(relative, None, seconds, words)


def run_tests(tree: Path, tests: list[str]) -> subprocess.CompletedProcess:
    """pytest in the tree, whose code goes before any that is installed."""
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*PYTEST, *tests],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST if len(tests) == 1 else None,
    )


def table(outcomes: dict[Fault, Outcome]) -> str:
    """The Markdown page of all faults."""
    caught = sum(outcome.caught_by is not None for outcome in outcomes.values())
    lines = [
        "# Faults that the tests catch",
        "",
        f"`python -m tests.faults.run` put {len(outcomes)} small faults into the code, one at a time. The tests caught "
        f"{caught}. The list is",
        "`faults.py`; this page is written by the command.",
        "",
        "| fault | file | caught by | seconds |",
        "|---|---|---|---|",
    ]
    for fault, outcome in outcomes.items():
        name = "**none**" if outcome.caught_by is None else f"`{outcome.caught_by.removeprefix('tests/')}`"
        cells = (fault.name, f"`{outcome.path}`", name, f"{outcome.seconds:.0f}")
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
