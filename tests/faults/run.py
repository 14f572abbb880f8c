"""Puts each fault of `*_faults.py` into a copy of the code, in turn, and runs the tests that have to catch it.

python tests/faults/run.py
python tests/faults/run.py --only rename --only seed

It writes a table, and ends with 1 if a fault is not caught. No part of the test command. TensorFlow is imported once,
and every run of tests is a fork of the process that did so; Linux and macOS can fork, Windows cannot.
"""

import argparse
import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import export_faults
import keras  # noqa: F401 - neither it nor TensorFlow computes anything before the forks
import objective_faults
import pytest
import tensorflow  # noqa: F401
import training_faults
from fault import Fault

FAULTS = objective_faults.FAULTS + training_faults.FAULTS + export_faults.FAULTS
ROOT = Path(__file__).parents[2]
PACKAGES = ("ganzoo", "export", "zoo_configs")
LEFT_OUT = shutil.ignore_patterns(".git", "__pycache__", "*.egg-info", "runs")
PYTEST = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-n0"]
LONGEST = 1800  # seconds of the tests of one fault


class Run(NamedTuple):
    """What a run of tests came to.

    Attributes:
        code: pytest's exit code; None if the process died or took too long.
        failed: the first test that failed.
    """

    code: int | None
    failed: str | None


class Outcome(NamedTuple):
    """What became of a fault.

    Attributes:
        path: the file that it was put into.
        caught_by: the first test that failed; None if none did.
        code: pytest's exit code.
        seconds: of the tests.
    """

    path: str
    caught_by: str | None
    code: int | None
    seconds: float


class FirstFailure:
    """A pytest plugin that remembers the first test that failed."""

    failed: str | None = None

    def pytest_runtest_logreport(self, report):
        if report.failed and self.failed is None:
            self.failed = report.nodeid


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout whose code and tests are taken")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("README.md"), help="the table's file")
    parser.add_argument("--only", action="append", default=[], help="faults with this in their name; no table")
    parser.add_argument("--trust_tests", action="store_true", help="do not run the tests without a fault before")
    arguments = parser.parse_args()
    faults = [fault for fault in FAULTS if not arguments.only or any(part in fault.name for part in arguments.only)]

    outcomes = {}
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(arguments.root, tree, ignore=LEFT_OUT)
        places = {fault: place(tree, fault) for fault in faults}
        tests = {fault: test_path(tree, fault) for fault in faults}
        if not arguments.trust_tests and (right := run_tests(tree, sorted(set(tests.values())), None)).code != 0:
            print(f"faults: without any fault {right.failed} fails; pytest ends with {right.code}.", file=sys.stderr)
            return 1
        for number, fault in enumerate(faults, 1):
            outcomes[fault] = outcome = try_fault(tree, places[fault], fault, tests[fault])
            said = f"caught by {outcome.caught_by}" if outcome.caught_by else f"NOT CAUGHT, pytest: {outcome.code}"
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
    """Runs the tests with the fault, and restores the file. Tests that cannot be collected catch nothing."""
    right, start = path.read_text(), time.monotonic()
    path.write_text(right.replace(fault.old, fault.new))
    try:
        run = run_tests(tree, [tests], LONGEST)
    finally:
        path.write_text(right)
    caught_by = run.failed if run.code == pytest.ExitCode.TESTS_FAILED else None
    return Outcome(path.relative_to(tree).as_posix(), caught_by, run.code, time.monotonic() - start)


def run_tests(tree: Path, tests: list[str], seconds: float | None) -> Run:
    """pytest in the tree, in a process of its own."""
    forking = multiprocessing.get_context("fork")
    receiver, sender = forking.Pipe(duplex=False)
    process = forking.Process(target=_run, args=(tree, tests, sender))
    process.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(seconds) else Run(None, None)
    except EOFError:
        return Run(None, None)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it has started, too
        process.join()


def _run(tree: Path, tests: list[str], sender: Connection) -> None:
    """The code of the tree goes before any that is installed, in the tests as in the processes that they start."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    os.environ |= {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    sys.dont_write_bytecode = True
    first = FirstFailure()
    code = pytest.main([*PYTEST, *tests], plugins=[first])
    sender.send(Run(int(code), first.failed))


def table(outcomes: dict[Fault, Outcome]) -> str:
    """The Markdown page of all faults."""
    caught = sum(outcome.caught_by is not None for outcome in outcomes.values())
    lines = [
        "# Faults that the tests catch",
        "",
        f"`python tests/faults/run.py` puts {len(outcomes)} small faults into the code, one at a time, and the tests "
        f"catch {caught}.",
        "The lists are the files `*_faults.py`; the command writes this page.",
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
