"""Processes on this machine that each make a share of the shards; the death of one does not stop the others."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ganzoo.serving.batch.files import SampleSet
from ganzoo.serving.batch.making import Maker

POLL_SECONDS = 0.5


class Beam(NamedTuple):
    """A pipeline of Apache Beam: the name of its runner, and its options as on Beam's command line."""

    runner: str
    options: Sequence[str]


class Processes:
    """Processes on this machine.

    Args:
        num_workers: the number of processes.
        beam: the pipeline that a process runs on its share; None makes one shard after the other. A runner that
            distributes the work itself needs one process. The DirectRunner's own workers are not used: if one of them
            dies, its pipeline waits for ever.
    """

    def __init__(self, num_workers: int = 1, beam: Beam | None = None):
        self.num_workers, self.beam = num_workers, beam

    def entries(self, sample_set: SampleSet, shards: Sequence[int]) -> dict[int, dict]:
        """The entries of finished shards, as `SampleSet.entries`."""
        return sample_set.entries(shards)

    def work(self, maker: Maker, shards: Sequence[int]) -> list[int]:
        """Makes shards, with a bar on standard error, and returns when all processes have ended.

        Args:
            maker: makes the shards.
            shards: the numbers of the shards to make; none of them has an entry.

        Returns:
            Each process's exit code: 0, or 1 if it failed and printed its reason to standard error, or minus a
            signal's number.
        """
        spawning = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
        shares = [list(shards[worker :: self.num_workers]) for worker in range(min(self.num_workers, len(shards)))]
        processes = [spawning.Process(target=_run, args=(maker, share, self.beam), daemon=True) for share in shares]
        for process in processes:
            process.start()
        to_make = set(shards)
        with progress(len(shards)) as bar:
            is_running = True
            while is_running:
                is_running = any(process.is_alive() for process in processes)
                bar.update(len(to_make.intersection(maker.sample_set.begun())) - bar.n)
                if is_running:
                    time.sleep(POLL_SECONDS)
        return [process.exitcode for process in processes]


def progress(total: int):
    """A bar of shards: a terminal shows it moving, and a log file gets a line every 10 seconds or more."""
    from tqdm import tqdm

    pace = {} if sys.stderr.isatty() else {"mininterval": 10.0, "maxinterval": 60.0}
    return tqdm(total=total, unit="shard", **pace)


def _run(maker: Maker, shards: Iterable[int], beam: Beam | None) -> None:
    """Makes a share in a worker's process, which ends with its parent and leaves Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    try:
        if beam is None:
            for shard in shards:
                maker.make(shard)
        else:
            logging.getLogger().setLevel(logging.ERROR)  # Beam's import warns of each cloud without a client
            from ganzoo.serving.batch import pipeline

            pipeline.run(maker, shards, runner=beam.runner, options=beam.options)
    except Exception as error:  # a runner may raise any exception, and wraps those of its workers
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
        print(f"ganzoo: {'a worker' if beam is None else 'the pipeline'} stopped: {reason}", file=sys.stderr)
        sys.exit(1)


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
