"""Throughput of sets of many samples, by engine and number of workers, and what larger sets cost by these figures.

    python -m benchmarks.many_samples --export_dir runs/wgan_gp-mnist_5k-0/export
    python -m benchmarks.many_samples --export_dir runs/wgan_gp-mnist_5k-0/export --write

Each engine makes one set. The throughput is that between the first shard and the last, so it is free of the start-up.
The processor time of a shard is measured in this process. It says what a set costs where cores are rented, and depends
little on other work on the machine. `--write` writes the tables into docs/scaling.md.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from absl import app, flags

from benchmarks.measuring import machine, write_between
from ganzoo.serving.batch import cluster
from ganzoo.serving.batch.files import SampleSet
from ganzoo.serving.batch.generate import complete, planned
from ganzoo.serving.batch.making import Maker
from ganzoo.serving.batch.plan import Plan
from ganzoo.serving.batch.workers import Processes
from ganzoo.serving.exported import Exported

FLAGS = flags.FLAGS
PAGE = Path(__file__).parents[1] / "docs" / "scaling.md"
ENGINES = [("local", 1), ("local", 2), ("dask", 1), ("dask", 2)]
SIZES = {"a million": 10**6, "a billion": 10**9}


@contextlib.contextmanager
def engine(name: str, num_workers: int, folder: Path) -> Iterator[Processes]:
    """An engine with workers; that of Dask has a new scheduler and workers of one thread on loopback."""
    if name == "local":
        yield Processes(num_workers)
        return
    file = folder / "scheduler.json"
    options = ["--scheduler-file", str(file), "--no-dashboard"]
    begun = [_begin("dask_scheduler", "--host", "127.0.0.1", "--port", "0", *options)]
    try:
        while not file.exists():
            time.sleep(0.1)
        workers = ["--nthreads", "1", "--no-nanny", "--local-directory", str(folder)]
        begun += [_begin("dask_worker", *options, *workers) for _ in range(num_workers)]
        cluster.PATIENCE = 600.0
        with cluster.Cluster(json.loads(file.read_text())["address"]) as connected:
            while connected.num_workers < num_workers:
                time.sleep(0.1)
            yield connected
    finally:
        for process in reversed(begun):
            process.kill()
            process.wait()


def _begin(command: str, *arguments: str) -> subprocess.Popen:
    program = [sys.executable, "-m", f"distributed.cli.{command}", *arguments]
    return subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def throughput(exported: Exported, plan: Plan, name: str, num_workers: int) -> float:
    """Samples a second of an engine, from the end of the first `num_workers` shards to the end of the last one."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "set")
        with engine(name, num_workers, Path(folder)) as spread:
            complete(Maker(SampleSet(plan, out), str(exported.path.absolute())), spread)
        ended = sorted((out / plan.entry(shard)).stat().st_mtime for shard in range(plan.num_shards))
        samples = FLAGS.shard_size * (plan.num_shards - num_workers)
        return samples / (ended[-1] - ended[num_workers - 1])


def of_one_process(exported: Exported, plan: Plan) -> tuple[float, float, float]:
    """The processor seconds and the bytes of a sample, and the acceptance rate; the first shard warms up."""
    with tempfile.TemporaryDirectory() as folder:
        sample_set = SampleSet(plan, folder)
        maker = Maker(sample_set, str(exported.path.absolute()))
        maker.make(0)
        shards = range(1, min(plan.num_shards, 4))
        start = time.process_time()
        for shard in shards:
            maker.make(shard)
        seconds = (time.process_time() - start) / len(shards) / FLAGS.shard_size
        size = Path(folder, plan.name(1)).stat().st_size / FLAGS.shard_size
        return (
            seconds,
            size,
            float(np.mean([entry["acceptance_rate"] for entry in sample_set.entries(shards).values()])),
        )


def tables(exported: Exported, plan: Plan, rates: dict[tuple[str, int], float]) -> str:
    """The tables in Markdown, with what was measured."""
    seconds, size, acceptance = of_one_process(exported, plan)
    measured = [f"| `{name}` | {num_workers} | {figure(rate)} |" for (name, num_workers), rate in rates.items()]
    projected = []
    for name, count in SIZES.items():
        hours, gigabytes = seconds * count / 3600, size * count / 1e9
        projected.append(f"| {name} | {amount(hours)} h | {amount(gigabytes)} GB |")
    return (
        f"By `python -m benchmarks.many_samples --export_dir ... --write`: `{plan.model}` by `{plan.signature}` at "
        f"acceptance rate {acceptance:.3f}, {figure(plan.num_samples)} samples in shards of {figure(FLAGS.shard_size)} "
        f"beside other work on {machine(('tensorflow', 'distributed'))}. 1,000 samples took {seconds * 1000:.2g} s of "
        "processor time, writing included.\n\n| engine | workers | samples a second |\n|---|---|---|\n"
        + "\n".join(measured)
        + "\n\n| by these figures | core-hours | TFRecord shards |\n|---|---|---|\n"
        + "\n".join(projected)
    )


def figure(value: float) -> str:
    """A number with three digits, thousands separated."""
    return f"{float(f'{value:.3g}'):,.10g}"


def amount(value: float) -> str:
    """A number with two digits, as a projection deserves no more."""
    return f"{float(f'{value:.2g}'):,.10g}"


def main(argv: list[str]) -> None:
    del argv
    exported = Exported(FLAGS.export_dir)
    asked = dict(signature=FLAGS.signature, num_samples=FLAGS.num_samples, shard_size=FLAGS.shard_size)
    plan = planned(exported, **asked, seed=0, format="tfrecord")
    text = tables(exported, plan, {which: throughput(exported, plan, *which) for which in ENGINES})
    print(text)
    if FLAGS.write:
        write_between(PAGE, "many samples", text)


if __name__ == "__main__":
    flags.DEFINE_string("export_dir", None, "an export's folder", required=True)
    flags.DEFINE_string("signature", "drs", "the signature that draws")
    flags.DEFINE_integer("num_samples", 20_000, "samples of each set", lower_bound=10)
    flags.DEFINE_integer("shard_size", 1_000, "samples of a shard", lower_bound=1)
    flags.DEFINE_boolean("write", False, "write the tables into docs/scaling.md")
    app.run(main)
