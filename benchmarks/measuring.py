"""What the benchmarks of speed share: rounds in turn, ratios of minima, goals, and what machine it was."""

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

# One slice of work, of at least so many seconds -> seconds for each unit of it (a step, a sample, a row).
Slice = Callable[[float], float]


class Times(NamedTuple):
    """Seconds of a unit of work over the rounds; the minimum is what other work on the machine disturbed least."""

    minimum: float
    median: float


class Goal(NamedTuple):
    """What a ratio is to reach."""

    what: str
    ratio: float
    least: float

    @property
    def is_met(self) -> bool:
        return self.ratio >= self.least


def in_turn(contenders: Mapping[str, Slice], rounds: int, seconds: float) -> dict[str, Times]:
    """Each contender's times, measured in turn (ABAB...), so that what else the machine does meets all of them alike.

    Args:
        contenders: by name; they have been warmed up.
        rounds: slices of each, at least 1.
        seconds: of a slice, at least.
    """
    found = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, of_slice in contenders.items():
            found[name].append(of_slice(seconds))
    return {name: Times(min(each), statistics.median(each)) for name, each in found.items()}


def repeated(call: Callable[[], float]) -> Slice:
    """A slice that calls over and over; `call` returns the units of work it has done."""

    def of_slice(seconds: float) -> float:
        units, start = 0.0, time.perf_counter()
        while (taken := time.perf_counter() - start) < seconds or not units:
            units += call()
        return taken / units

    return of_slice


def shortfalls(goals: list[Goal]) -> list[str]:
    """A line for each goal that is missed."""
    return [f"{goal.what}: {goal.ratio:.3g}, expected at least {goal.least:g}" for goal in goals if not goal.is_met]


def ended(workdir: Path, *arguments: str) -> dict:
    """`config`, `metrics` and `minutes` of a run of `ganzoo.run`, in a process of its own; one that had ended keeps its
    figures, one that was stopped goes on, and its minutes are those of its last start."""
    from ganzoo import files

    clock = workdir / "minutes.json"
    if not clock.exists():
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "ganzoo.run", *arguments, "--workdir", str(workdir)], check=True)
        files.write_json(clock, {"minutes": (time.perf_counter() - start) / 60})
    read = {name: json.loads((workdir / f"{name}.json").read_text()) for name in ("config", "metrics", "minutes")}
    return read | {"config": read["config"]["config"]}


def conclude(missed: list[str], check: bool, section: str, text: str) -> int:
    """Prints what is missed, and with `check` gives the exit code; without, the text goes to RESULTS.md.

    Args:
        missed: a line for each goal that is.
        check: whether RESULTS.md is to be left alone, and a missed goal an error.
        section: of RESULTS.md.
        text: of the section.
    """
    from benchmarks.sampler_tables import write_section  # which imports TensorFlow

    print("\n".join(missed) or "every goal is met")
    if check:
        return 1 if missed else 0
    write_section(section, text)
    return 0


def peak_mb() -> float:
    """The most memory this process has had at once, in MB.

    Linux tells by `VmHWM`; `getrusage`'s figure would be that of the process it was started by, if that was larger.
    """
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1000


def machine(packages: tuple[str, ...] = ("tensorflow", "keras", "numpy")) -> str:
    """The processor, its cores and the versions, for a table."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages)
    return (
        f"{cores} cores of {names[0] if names else platform.machine()}, Python {platform.python_version()}, {versions}"
    )
