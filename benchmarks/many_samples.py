"""Throughput of sets of many samples, by engine and number of workers, and what larger sets cost by these figures.

    python -m benchmarks.many_samples --export_dir runs/wgan_gp-mnist_5k-0/export
    python -m benchmarks.many_samples --export_dir runs/wgan_gp-mnist_5k-0/export --write

Each engine makes a small set and a large one; the difference is free of the start-up. Processor time is of all the
engine's processes and says what a set costs where machines are rented; it depends little on other work on the machine.
`--write` writes the tables into docs/scaling.md.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
from absl import app, flags

from benchmarks.measuring import machine, write_between
from ganzoo.serving.exported import Exported

FLAGS = flags.FLAGS
PAGE = Path(__file__).parents[1] / "docs" / "scaling.md"
ENGINES = [("local", 1), ("local", 2), ("dask", 1), ("dask", 2)]
SIZES = {"a million": 10**6, "a billion": 10**9}


class Cost(NamedTuple):
    """Seconds of a set, by the clock and of the processors, and its bytes and acceptance rate."""

    clock: float
    processors: float
    size: int
    acceptance_rate: float


@contextlib.contextmanager
def dask_cluster(folder: Path, num_workers: int) -> Iterator[tuple[list[str], list[psutil.Process]]]:
    """The flags for a new cluster on loopback, of workers with one thread each, and the workers' processes."""
    file = folder / "scheduler.json"
    options = ["--scheduler-file", str(file), "--no-dashboard"]
    begun = [_begin("dask_scheduler", "--host", "127.0.0.1", "--port", "0", *options)]
    try:
        while not file.exists():
            time.sleep(0.1)
        workers = ["--nthreads", "1", "--no-nanny", "--local-directory", str(folder)]
        begun += [_begin("dask_worker", *options, *workers) for _ in range(num_workers)]
        address = json.loads(file.read_text())["address"]
        yield ["--scheduler", address], [psutil.Process(process.pid) for process in begun[1:]]
    finally:
        for process in reversed(begun):
            process.kill()
            process.wait()


def _begin(command: str, *arguments: str) -> subprocess.Popen:
    program = [sys.executable, "-m", f"distributed.cli.{command}", *arguments]
    return subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def made(num_samples: int, flags_of_engine: list[str], workers: list[psutil.Process]) -> Cost:
    """Makes a set of the export's samples, and removes it.

    Args:
        num_samples: the number of samples.
        flags_of_engine: of the command.
        workers: further processes that work; the command and its own processes are counted anyway.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "set")
        command = [sys.executable, "-m", "ganzoo.serving.batch.generate", f"--export_dir={FLAGS.export_dir}"]
        command += [f"--signature={FLAGS.signature}", f"--num_samples={num_samples}", f"--out={out}"]
        before, start = _processor_seconds(workers), time.perf_counter()
        subprocess.run([*command, *flags_of_engine], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        clock, processors = time.perf_counter() - start, _processor_seconds(workers) - before
        manifest = json.loads((out / "manifest.json").read_text())
        size = sum((out / shard["name"]).stat().st_size for shard in manifest["shards"])
        return Cost(clock, processors, size, manifest["acceptance_rate"])


def _processor_seconds(workers: list[psutil.Process]) -> float:
    """Of the workers and of all ended children of this process."""
    of_children = psutil.Process().cpu_times()
    times = [worker.cpu_times() for worker in workers]
    return of_children.children_user + of_children.children_system + sum(each.user + each.system for each in times)


def measured(engine: str, num_workers: int) -> tuple[Cost, Cost]:
    """The costs of the small and of the large set."""
    with contextlib.ExitStack() as stack:
        flags_of_engine, workers = [f"--num_workers={num_workers}"], []
        if engine == "dask":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            flags_of_engine, workers = stack.enter_context(dask_cluster(folder, num_workers))
            made(FLAGS.small, flags_of_engine, workers)  # the workers load the export
        return made(FLAGS.small, flags_of_engine, workers), made(FLAGS.large, flags_of_engine, workers)


def tables(costs: dict[tuple[str, int], tuple[Cost, Cost]], model: str) -> str:
    """The tables in Markdown, with what was measured."""
    count = FLAGS.large - FLAGS.small
    rows, cheapest = [], {}
    for (engine, num_workers), (small, large) in costs.items():
        rate, each = count / (large.clock - small.clock), (large.processors - small.processors) / count
        rows.append(f"| `{engine}` | {num_workers} | {figure(rate)} | {figure(1000 * each)} |")
        cheapest[engine] = min(each, cheapest.get(engine, each))
    (_, large), each = next(iter(costs.values())), max(cheapest.values())
    projected = []
    for name, size in SIZES.items():
        hours, gigabytes = each * size / 3600, large.size / FLAGS.large * size / 1e9
        projected.append(f"| {name} | {amount(hours)} h | {amount(gigabytes)} GB | {amount(size / 1000)} |")
    return (
        f"`python -m benchmarks.many_samples --export_dir ... --write`: {model} by `{FLAGS.signature}` at acceptance "
        f"rate {large.acceptance_rate:.3f}, {figure(FLAGS.large)} samples in shards of 1,000. It ran beside other work "
        f"on {machine(('tensorflow', 'distributed'))}.\n\n"
        "| engine | workers | samples a second | processor seconds for 1,000 samples |\n|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n\n| by these figures | processor time | TFRecord shards | shards of 1,000 |\n|---|---|---|---|\n"
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
    model = Exported.describe(FLAGS.export_dir)["name"]
    costs = {}
    for engine, num_workers in ENGINES:
        costs[engine, num_workers] = measured(engine, num_workers)
        print(engine, num_workers, *costs[engine, num_workers], flush=True)
    print(text := tables(costs, f"`{model}`"))
    if FLAGS.write:
        write_between(PAGE, "many samples", text)


if __name__ == "__main__":
    flags.DEFINE_string("export_dir", None, "an export's folder", required=True)
    flags.DEFINE_string("signature", "drs", "the signature that draws")
    flags.DEFINE_integer("small", 2_000, "samples of the small set", lower_bound=1)
    flags.DEFINE_integer("large", 20_000, "samples of the large set", lower_bound=2)
    flags.DEFINE_boolean("write", False, "write the tables into docs/scaling.md")
    app.run(main)
