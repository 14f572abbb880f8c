"""A Dask cluster on loopback for tests: a scheduler and workers, processes that end with the context."""

import json
import time
from pathlib import Path

from tests import processes

WORKER = "from distributed.cli.dask_worker import main\nmain()\n"


class LocalCluster:
    """A scheduler and workers, each of one thread.

    Attributes:
        address: the scheduler's.
        processes: the scheduler's and the workers'.
        workers: the workers' alone.

    Args:
        folder: an empty folder for the cluster's files.
        programs: one for each worker: what it runs before it becomes a worker.
    """

    def __init__(self, folder: Path, programs: tuple[str, ...] = ("", "")):
        self.file = folder / "scheduler.json"
        self._folder = folder
        self.processes = [
            processes.Command(
                *("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", self.file),
                code="from distributed.cli.dask_scheduler import main\nmain()\n",
            )
        ]
        until(lambda: self.file.exists() and self.file.read_text().rstrip().endswith("}"))  # written whole
        self.address = json.loads(self.file.read_text())["address"]
        self.workers = [self.add(program) for program in programs]

    def add(self, program: str = "") -> processes.Command:
        """Starts one more worker."""
        worker = processes.Command(
            *(self.address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard"),
            *("--local-directory", self._folder),
            code=program + WORKER,
            optimize_graphs=True,
        )
        self.processes.append(worker)
        return worker

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.kill()


def until(true, seconds: float = 120.0) -> None:
    """Waits until `true()` is."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:.0f} s"
        time.sleep(0.05)
