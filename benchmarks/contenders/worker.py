"""A contender in a process of its own, and how it is asked: a line of JSON for a line of JSON.

The process builds the training, takes its first step, says so, and then waits; each time it is sent a number of seconds
it trains that long and answers with the seconds of a step. So contenders, PyTorch's in another environment among them,
take turns, and each has a start and a peak of memory of its own.
"""

import importlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TextIO

import numpy as np

from benchmarks import measuring

MODULE = "benchmarks.contenders.worker"
ROOT = Path(__file__).parents[2]


class Contender:
    """The asking side; a context manager that ends the process.

    Args:
        name: a module of `benchmarks.contenders`.
        work: a key of WORKS.
        reals: the .npz of `works.write_reals`.
        precision: float32 or mixed_bfloat16.
        python: the interpreter of its environment.
        errors: a file for what it prints.

    Attributes:
        start: what it said of itself: `first_step_seconds` (building and the first step, imports left out; of a first
            call of several steps without what the others took),
            `import_seconds`, `weights`, `flops`.
        end: `peak_mb`; set when it has ended.

    Raises:
        RuntimeError: if it dies.
    """

    def __init__(self, name: str, work: str, reals: Path, precision: str, errors: Path, python: str = sys.executable):
        self.name, self.precision, self.errors = name, precision, errors
        self._log = open(errors, "w")  # noqa: SIM115 - as long as the process
        environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        self._process = subprocess.Popen(
            [python, "-m", MODULE, name, work, str(reals), precision],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip
        self.end: dict[str, float] = {}
        self.start = self._answer()

    def seconds_of_step(self, seconds: float) -> float:
        """Trains for about so many seconds; those of one step."""
        self._process.stdin.write(f"{json.dumps(seconds)}\n")
        self._process.stdin.flush()
        return self._answer()["seconds_of_step"]

    def _answer(self) -> dict[str, float]:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended: {self.errors.read_text()[-2000:]}")
        return json.loads(line)

    def __enter__(self) -> "Contender":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.stdin.close()
        if error is None:
            self.end = self._answer()
        else:
            self._process.terminate()
        self._process.wait()
        self._process.stdout.close()
        self._log.close()


def work_through(name: str, work: str, reals: str, precision: str, asked: TextIO, answers: TextIO) -> None:
    """The answering side."""

    def answer(**said) -> None:
        answers.write(f"{json.dumps(said)}\n")
        answers.flush()

    start = time.perf_counter()
    build = importlib.import_module(f"benchmarks.contenders.{name}").build
    import_seconds = time.perf_counter() - start
    arrays = dict(np.load(reals))

    start = time.perf_counter()
    training = build(work, arrays, precision)
    training.run(training.steps_at_once)
    first_call_seconds = time.perf_counter() - start

    training.run(3 * training.steps_at_once)
    start = time.perf_counter()
    training.run(3 * training.steps_at_once)
    of_step = (time.perf_counter() - start) / (3 * training.steps_at_once)
    answer(
        first_step_seconds=first_call_seconds - (training.steps_at_once - 1) * of_step,
        import_seconds=import_seconds,
        weights=training.weights,
        flops=training.flops(),
    )
    for line in asked:
        calls = max(1, round(json.loads(line) / of_step / training.steps_at_once))
        start = time.perf_counter()
        training.run(calls * training.steps_at_once)
        of_step = (time.perf_counter() - start) / (calls * training.steps_at_once)
        answer(seconds_of_step=of_step)
    answer(peak_mb=measuring.peak_mb())


if __name__ == "__main__":
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print must not be taken for an answer
    work_through(*sys.argv[1:], asked=sys.stdin, answers=channel)
