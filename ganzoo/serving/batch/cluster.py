"""Shards as futures of a Dask cluster, whose scheduler gives a lost worker's shards to other workers.

A shard is a task that may run twice: the scheduler computes a result again if the worker that held it is lost. The task
therefore looks for a finished shard first, and makes only what is missing.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError

from distributed import Client, as_completed, get_worker
from distributed.scheduler import KilledWorker

from ganzoo.errors import GanzooError
from ganzoo.serving.batch.files import SampleSet
from ganzoo.serving.batch.making import Maker, versions, wrong_version
from ganzoo.serving.batch.workers import progress

PATIENCE = 30.0  # seconds to wait for the scheduler, and for a worker if there is none
RETRIES = 2  # of a shard after an error, on whichever worker is free
OPEN_TASKS = 1000  # at the scheduler at a time, so that a set of a million shards does not fill its memory
POLL_SECONDS = 0.2


class Cluster:
    """The workers of a scheduler. As a context, it leaves the scheduler at the end and drops what is still to do.

    Args:
        address: the scheduler's, such as "tcp://10.0.0.1:8786".

    Raises:
        GanzooError: for a scheduler that does not answer or has no workers, and for workers without ganzoo, or with
            another version of ganzoo or TensorFlow.
    """

    def __init__(self, address: str):
        # What is wrong is said by this module. Tornado would print a traceback if Ctrl-C came so early in a call of
        # distributed that the call had nothing to cancel yet (distributed 2026.8.0).
        for name in ("distributed", "tornado.application"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.address = address
        try:
            self._client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise GanzooError(
                f"no scheduler answers at {address} ({_reason(error)}). Start one with `dask scheduler`, and give "
                "--scheduler the address that it prints."
            ) from error
        try:
            self._check_workers()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Leaves the scheduler, which forgets this client's tasks. Workers finish the shards that they have begun."""
        with contextlib.suppress(OSError, TimeoutError):
            self._client.close(timeout=5)

    @property
    def num_workers(self) -> int:
        """The workers that the scheduler has now."""
        return len(self._client.scheduler_info()["workers"])

    def entries(self, sample_set: SampleSet, shards: Sequence[int]) -> dict[int, dict]:
        """The entries of finished shards, as `SampleSet.entries`; the workers read the files.

        Raises:
            GanzooError: as in `work`.
        """
        found = {}
        for shard, entry in self.spread(_entry, sample_set, shards):
            if entry is not None:
                found[shard] = entry
        return found

    def work(self, maker: Maker, shards: Sequence[int]) -> list[int]:
        """Makes shards, with a bar on standard error, and returns when all of them have been tried.

        Returns:
            No exit codes: the workers are processes of the cluster's own.

        Raises:
            GanzooError: if a worker cannot work (no export, another one, no permission), if a shard ended all workers
                that tried it, and if all workers are lost and none comes within `PATIENCE` seconds.
        """
        with progress(len(shards)) as bar:
            for _ in self.spread(_make, maker, shards):
                bar.update()
        return []

    def spread(self, task: Callable, argument: object, items: Iterable) -> Iterator[tuple[object, object]]:
        """(item, the result of `task(argument, item)`) in the order in which the results come.

        Args:
            task: a function that may run twice for an item; it runs again after an error, at most `RETRIES` times.
            argument: what all items share.
            items: hashable and pickleable.

        Raises:
            GanzooError: as in `work`.
        """
        waiting = iter(items)
        running = as_completed(loop=self._client.loop, with_results=True)
        item_of, seen = {}, time.monotonic()
        try:
            while True:
                while len(item_of) < OPEN_TASKS and (item := next(waiting, None)) is not None:
                    future = self._client.submit(task, argument, item, pure=False, retries=RETRIES)
                    item_of[future] = item
                    running.add(future)
                if not item_of:
                    return
                done = running.next_batch(block=False)
                for future, result in done:
                    # The future's status does not tell: it is "lost" if the worker died since it gave the result.
                    if isinstance(result, (tuple, BaseException)):
                        raise self._what_stopped(result)
                    yield item_of.pop(future), result
                    future.release()  # or the scheduler would compute it again if the worker that holds it is lost
                if done or self.num_workers:
                    seen = time.monotonic()
                elif time.monotonic() - seen > PATIENCE:
                    raise GanzooError(
                        f"{self.address} has had no workers for {PATIENCE:.0f} s. Start some, and give the same "
                        "command again: it makes what is missing."
                    )
                if not done:
                    time.sleep(POLL_SECONDS)
        except OSError as error:
            raise self._what_stopped(error) from error
        finally:
            with contextlib.suppress(OSError, TimeoutError):
                self._client.cancel([*item_of])

    def _what_stopped(self, failed: BaseException | tuple) -> GanzooError:
        """The error for people, from an exception, or from the triple (type, exception, traceback)."""
        error = failed[1] if isinstance(failed, tuple) else failed
        if isinstance(error, GanzooError):
            return error
        if isinstance(error, KilledWorker):
            return GanzooError(
                f"{error.allowed_failures + 1} workers were lost one after the other at one task; the last was "
                f"{error.last_worker.address}. Give each worker more memory; for samples, take a smaller --shard_size."
            )
        if isinstance(error, (OSError, CancelledError)):
            return GanzooError(
                f"the scheduler at {self.address} was lost. Start it and its workers, and give the same command again: "
                "it makes what is missing."
            )
        return GanzooError(f"{self.address}: {_reason(error)}.")

    def _check_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise GanzooError(
                f"{self.address} has no workers. Start some, where ganzoo is installed: `dask worker {self.address}`."
            ) from error
        own = versions()
        for worker, held in sorted(self._client.run(_probe(), on_error="return").items()):
            if isinstance(held, Exception):
                raise GanzooError(f"worker {worker} does not answer: {_reason(held)}.")
            for name, version in own.items():
                if held[name] is None:
                    raise GanzooError(f"worker {worker} has no {name}. Install {name} {version} there.")
                if held[name] != version:
                    raise GanzooError(f"worker {worker}: {wrong_version(name, held[name], version)}")


def _probe() -> Callable[[], dict[str, str | None]]:
    """A function that says which versions a worker has; it is sent by value, as a worker may lack this module."""

    def versions():
        import importlib.metadata

        found = {}
        try:
            from ganzoo import environment

            found["ganzoo"] = environment.__version__
        except ImportError:
            found["ganzoo"] = None
        try:
            found["tensorflow"] = importlib.metadata.version("tensorflow")
        except importlib.metadata.PackageNotFoundError:
            found["tensorflow"] = None
        return found

    return versions


def _entry(sample_set: SampleSet, shard: int) -> dict | None:
    """A task: the entry of a finished shard, or None."""
    with _named():
        return sample_set.entries([shard]).get(shard)


def _make(maker: Maker, shard: int) -> None:
    """A task: makes a shard, unless it is finished."""
    with _named():
        if not maker.sample_set.entries([shard]):
            maker.make(shard)


@contextlib.contextmanager
def _named() -> Iterator[None]:
    """Errors within the block, of whatever kind, name the worker; every process can read them."""
    try:
        yield
    except Exception as error:
        raise GanzooError(f"worker {get_worker().address}: {_reason(error)}") from None


def _reason(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[-1]
