"""Processes that each run a pipeline over a share of the shards; the death of one does not stop the others."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Sequence

from ganzoo.serving.batch.files import SampleSet

POLL_SECONDS = 0.5


def work(
    sample_set: SampleSet,
    version_dir: str,
    shards: Sequence[int],
    *,
    num_workers: int = 1,
    runner: str = "DirectRunner",
    options: Iterable[str] = (),
) -> list[int]:
    """Makes shards in processes of their own, with a bar on standard error, and returns when all processes have ended.

    The DirectRunner's own workers are not used: if one of them dies, its pipeline waits for ever. Here the other
    processes go on with their shares.

    Args:
        sample_set: the set, with the plan of its shards.
        version_dir: the folder of the export's version.
        shards: the numbers of the shards to make.
        num_workers: the number of processes.
        runner: the name of Beam's runner; a runner that distributes the work itself needs one process.
        options: options of Beam's pipeline, as on its command line.

    Returns:
        Each process's exit code: 0, or 1 if the pipeline failed and printed its reason to standard error, or minus a
        signal's number.
    """
    from tqdm import tqdm

    spawning = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    shares = [list(shards[worker::num_workers]) for worker in range(min(num_workers, len(shards)))]
    processes = [
        spawning.Process(target=_run, args=(sample_set, version_dir, share, runner, list(options)), daemon=True)
        for share in shares
    ]
    for process in processes:
        process.start()
    # A terminal shows a moving bar; a log file gets a line every 10 seconds or more.
    pace = {} if sys.stderr.isatty() else {"mininterval": 10.0, "maxinterval": 60.0}
    with tqdm(total=len(shards), unit="shard", **pace) as bar:
        is_running = True
        while is_running:
            is_running = any(process.is_alive() for process in processes)
            bar.update(sample_set.count(shards) - bar.n)
            if is_running:
                time.sleep(POLL_SECONDS)
    return [process.exitcode for process in processes]


def _run(sample_set: SampleSet, version_dir: str, shards: list[int], runner: str, options: list[str]) -> None:
    """Runs the pipeline in a worker's process, which ends with its parent and leaves Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    logging.getLogger().setLevel(logging.ERROR)  # Beam's import warns of each cloud whose client is not installed
    try:
        from ganzoo.serving.batch import pipeline

        pipeline.run(sample_set, version_dir, shards, runner=runner, options=options)
    except Exception as error:  # a runner may raise any exception, and wraps those of its workers
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
        print(f"ganzoo: the pipeline stopped: {reason}", file=sys.stderr)
        sys.exit(1)


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
