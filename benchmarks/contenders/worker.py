"""A contender in its own process, which answers each line of JSON with a line of JSON.

The process builds the training, takes the first step, reports it, and waits. For each number of seconds that it
receives, it trains that long and answers with the seconds per step. Contenders can therefore take turns, even in
different environments as PyTorch's, and each contender has its own start and its own peak of memory.
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

from ganzoo.environment import peak_memory_mb

MODULE = "benchmarks.contenders.worker"
ROOT = Path(__file__).parents[2]


class Contender:
    """The parent's side of a contender; a context manager that ends the process.

    Args:
        name: a module of `benchmarks.contenders`.
        work: a key of WORKS.
        reals: the .npz file of `workloads.write_reals`.
        precision: float32 or mixed_bfloat16.
        python: the interpreter of the contender's environment.
        errors: a file for the process's output.

    Attributes:
        start: the process's first answer: `import_seconds`, `weights`, `flops` and `first_step_seconds`. The last
            counts building and the first step, without imports. If the first call takes several steps, the time of
            the other steps is subtracted.
        end: `peak_mb`; set when the process has ended.

    Raises:
        RuntimeError: if the process dies.
    """

    def __init__(self, name: str, work: str, reals: Path, precision: str, errors: Path, python: str = sys.executable):
        self.name, self.precision, self.errors = name, precision, errors
        self._log = open(errors, "w")  # noqa: SIM115 - stays open as long as the process
        environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        self._process = subprocess.Popen(
            [python, "-m", MODULE, name, work, str(reals), precision],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip
        self.end: dict[str, float] = {}
        self.start = self._answer()

    def seconds_of_step(self, seconds: float) -> float:
        """Trains for about `seconds`, and returns the seconds of one step."""
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


def work_through(name: str, work: str, reals: str, precision: str, requests: TextIO, answers: TextIO) -> None:
    """The process's side: trains as requested until `requests` ends."""

    def answer(**values) -> None:
        answers.write(f"{json.dumps(values)}\n")
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
    for line in requests:
        calls = max(1, round(json.loads(line) / of_step / training.steps_at_once))
        start = time.perf_counter()
        training.run(calls * training.steps_at_once)
        of_step = (time.perf_counter() - start) / (calls * training.steps_at_once)
        answer(seconds_of_step=of_step)
    answer(peak_mb=peak_memory_mb())


if __name__ == "__main__":
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the libraries' output must not be taken for an answer
    work_through(*sys.argv[1:], requests=sys.stdin, answers=channel)
