"""The tools of the benchmarks of speed: rounds in turn, ratios of minima, goals, and the machine's description."""

import importlib.metadata
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

# What the speed of a table depends on most, by the names of Linux.
INSTRUCTIONS = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_bf16": "bfloat16", "amx_bf16": "AMX", "bf16": "bfloat16"}

# Does a slice of work for at least the given seconds -> seconds per unit of work (a step, a sample, a row).
Slice = Callable[[float], float]


class Times(NamedTuple):
    """Seconds of a unit of work over the rounds; other work on the machine disturbed the minimum least."""

    minimum: float
    median: float


class Goal(NamedTuple):
    """A ratio and the least value that it should have."""

    what: str
    ratio: float
    least: float

    @property
    def is_met(self) -> bool:
        return self.ratio >= self.least


class Figure(NamedTuple):
    """A metric, with its standard error over draws."""

    value: float
    error: float


def in_turn(contenders: Mapping[str, Slice], rounds: int, seconds: float) -> dict[str, Times]:
    """Each contender's times, measured in turn (ABAB...), so that other work on the machine disturbs all of them alike.

    Args:
        contenders: slices by the contenders' names, warmed up.
        rounds: slices of each contender, at least 1.
        seconds: the least time of a slice.
    """
    seconds_of_units = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, of_slice in contenders.items():
            seconds_of_units[name].append(of_slice(seconds))
    return {name: Times(min(each), statistics.median(each)) for name, each in seconds_of_units.items()}


def repeated(call: Callable[[], float]) -> Slice:
    """A slice that repeats `call`, which returns the units of work that it has done."""

    def of_slice(seconds: float) -> float:
        units, start = 0.0, time.perf_counter()
        while (taken := time.perf_counter() - start) < seconds or not units:
            units += call()
        return taken / units

    return of_slice


def shortfalls(goals: list[Goal]) -> list[str]:
    """A line for each goal that is missed."""
    return [f"{goal.what}: {goal.ratio:.3g}, expected at least {goal.least:g}" for goal in goals if not goal.is_met]


def of_family(row: Mapping[str, float], family: str) -> float | None:
    """The metric of a family in a row of metrics, whatever its features and count; None if there is none."""
    return next((value for name, value in row.items() if name.startswith(f"{family}_")), None)


def folder_name(*parts: object) -> str:
    """The name of a run's folder that says what it was asked for; addresses of data sets are such parts, too."""
    return "-".join(re.sub(r"[^A-Za-z0-9_.]+", "_", str(part)) for part in parts)


def ended(workdir: Path, *arguments: str) -> dict:
    """`config`, `metrics` and `minutes` of a run of `ganzoo.run` in its own process.

    A run that had ended keeps its figures. A run that was stopped goes on; its minutes count from its last start.
    """
    from ganzoo import files

    clock = workdir / "minutes.json"
    if not clock.exists():
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "ganzoo.run", *arguments, "--workdir", str(workdir)], check=True)
        files.write_json(clock, {"minutes": (time.perf_counter() - start) / 60})
    read = {name: json.loads((workdir / f"{name}.json").read_text()) for name in ("config", "metrics", "minutes")}
    return read | {"config": read["config"]["config"]}


def conclude(missed: list[str], check: bool, section: str, text: str) -> int:
    """Prints the missed goals. With `check` it returns the exit code; without, it writes the text to RESULTS.md.

    Args:
        missed: a line for each missed goal.
        check: whether a missed goal is an error, and RESULTS.md is left alone.
        section: the name of the section of RESULTS.md.
        text: the section's text.
    """
    from benchmarks.sampler_tables import write_section  # imports TensorFlow

    print("\n".join(missed) or "every goal is met")
    if check:
        return 1 if missed else 0
    write_section(section, text)
    return 0


def machine(packages: tuple[str, ...] = ("tensorflow", "keras", "numpy")) -> str:
    """The processor, its cores, what it computes with, and the versions, for a table."""
    from ganzoo import environment

    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    sets = [shown for name, shown in INSTRUCTIONS.items() if name in (environment.instructions() or ())]
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages)
    processor = names[0] if names else platform.machine()
    return (
        f"{cores} cores of {processor}{' with ' * bool(sets)}{', '.join(sets)}, Python {platform.python_version()}, "
        f"{versions}"
    )


def write_between(page: Path, name: str, text: str) -> None:
    """Writes a text between the marks `<!-- NAME: ... -->` and `<!-- end of NAME -->` of a page.

    Raises:
        ValueError: if the page does not have the marks once.
    """
    old = page.read_text()
    marks = re.compile(rf"(<!-- {re.escape(name)}: [^\n]*-->\n).*?(<!-- end of {re.escape(name)} -->)", re.DOTALL)
    new, count = marks.subn(lambda match: f"{match[1]}{text}\n{match[2]}", old)
    if count != 1:
        raise ValueError(f"{page} has the marks of '{name}' {count} times, expected once")
    page.write_text(new)
