"""Exports of the same weights, one by another revision of this repository: how fast they sample and start.

`sampling_speed --against` uses this module. The other revision trains by its recipe and exports. This build exports the
other's run again, so that both exports have the same networks and the same reals for their density ratio. On a
processor with bfloat16 it exports the run a second time, to compute in that. Neither build is imported to ask an
export: TensorFlow alone loads each.

Run with an export's folder, this module is a process that starts: it loads the export, draws 64 samples, and prints the
seconds of both and the most memory of the process in MB.
"""

import functools
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import measuring
from benchmarks.measuring import Goal, Times
from benchmarks.revisions import ROOT, checkout, run

if TYPE_CHECKING:
    import numpy as np

THIS, HALF, OTHER = "this build", "this build, bfloat16", "the other build"
FIRST_SAMPLES = 64
SEEDS = 8  # of the requests by which the samples are compared
GOAL_SIZES = {"convolutions": (1, 64, 10_000), "dense": (64,)}
FASTER = {("convolutions", THIS): 1.3, ("dense", THIS): 2.0, ("convolutions", HALF): 2.2, ("dense", HALF): 2.2}
START_FASTER, LESS_MEMORY = 2.0, 1 / 0.7


class Compared(NamedTuple):
    """A request of one size to one sampler of an export, beside the other build's.

    Attributes:
        work: the model's name in the tables.
        build: THIS or HALF.
        sampler: the signature.
        size: samples of a request.
        this, other: seconds per sample.
        proposals, of_other: mean numbers of proposals per sample, of this build and of the other.
        equal: the share of samples of this build that equal the other's for the same seed, within 1e-3.
    """

    work: str
    build: str
    sampler: str
    size: int
    this: Times
    other: Times
    proposals: float
    of_other: float
    equal: float

    @property
    def ratio(self) -> float:
        """This build's speed to the other's, by minima."""
        return self.other.minimum / self.this.minimum

    @property
    def goal(self) -> float | None:
        """The least ratio, if there is a goal for the size."""
        return FASTER[self.work, self.build] if self.size in GOAL_SIZES[self.work] else None


class Start(NamedTuple):
    """A process from the import of TensorFlow on: seconds until it has its first samples, and its most memory in MB."""

    seconds: float
    memory_mb: float


class Counted:
    """A sampler that counts its requests, samples and proposals.

    Args:
        draw: number of the request -> (samples, proposals).
    """

    def __init__(self, draw: Callable[[int], tuple[int, int]]):
        self.draw, self.requests, self.samples, self.proposals = draw, 0, 0, 0

    def __call__(self) -> int:
        samples, proposals = self.draw(self.requests)
        self.requests += 1
        self.samples += samples
        self.proposals += proposals
        return samples


def exports(revision: str, arguments: list[str], folder: Path) -> dict[str, Path]:
    """Trains by the other revision and exports by both; the newest version of each export, by THIS and OTHER.

    Args:
        revision: of this repository.
        arguments: of `ganzoo.run` of the other revision, without a workdir.
        folder: the place of the run and of this build's export; a run that is there is not trained again.
    """
    from ganzoo.serving.exported import newest_version

    workdir = (folder / "run").resolve()
    if not (workdir / "metrics.json").exists():
        with checkout(revision) as place:
            run(place, "ganzoo.run", *arguments, "--workdir", str(workdir))
    return {THIS: exported_again(workdir, folder / "export", "as_trained"), OTHER: newest_version(workdir / "export")}


def in_bfloat16(folder: Path) -> dict[str, Path]:
    """This build's export of the run of `exports` that computes in bfloat16, by HALF; none without the instructions."""
    from ganzoo.environment import computes_bfloat16

    if not computes_bfloat16():
        return {}
    return {HALF: exported_again(folder / "run", folder / "export_bfloat16", "bfloat16")}


def exported_again(workdir: Path, out: Path, precision: str) -> Path:
    """This build's export of a run, a new version in `out`, in a precision of `config.sampling.precision`."""
    from ganzoo.serving.exported import newest_version

    arguments = ["--workdir", str(workdir.resolve()), "--out", str(out.resolve())]
    run(ROOT, "ganzoo.reexport", *arguments, f"--config.sampling.precision={precision}")
    return newest_version(out.resolve())


def compare(
    work: str, folders: Mapping[str, Path], sizes: list[int], samplers: Mapping[str, dict], rounds: int, seconds: float
) -> list[Compared]:
    """Requests of each size to each sampler of all exports, in turn; a row for each build but OTHER.

    Args:
        work: the model's name.
        folders: a version of an export for THIS, for OTHER, and perhaps for HALF.
        sizes: samples of a request.
        samplers: the further inputs of each signature.
        rounds, seconds: slices of each export, and the least seconds of a slice, as in `measuring.in_turn`.
    """
    import tensorflow as tf

    loaded = {name: tf.saved_model.load(str(folder)).signatures for name, folder in folders.items()}
    rows = []
    for sampler, inputs in samplers.items():
        for size in sizes:
            counted = {
                build: Counted(functools.partial(ask, signatures[sampler], size, inputs))
                for build, signatures in loaded.items()
            }
            for draw in counted.values():
                draw()
            times = measuring.in_turn({n: measuring.repeated(draw) for n, draw in counted.items()}, rounds, seconds)
            proposals = {build: draw.proposals / draw.samples for build, draw in counted.items()}
            first = {n: of_seeds(each[sampler], min(size, FIRST_SAMPLES), inputs) for n, each in loaded.items()}
            for build in (build for build in loaded if build != OTHER):
                of_both = proposals[build], proposals[OTHER]
                equal = share_of_equal(first[build], first[OTHER])
                rows.append(Compared(work, build, sampler, size, times[build], times[OTHER], *of_both, equal))
    return rows


def of_seeds(signature, size: int, inputs: Mapping) -> "np.ndarray":
    """A signature's samples of `SEEDS` requests with a seed each, float32 [SEEDS * size, ...]."""
    import numpy as np

    return np.concatenate([drawn(signature, size, inputs, number)["samples"] for number in range(SEEDS)])


def share_of_equal(samples: "np.ndarray", others: "np.ndarray") -> float:
    """The share of samples [n, ...] that equal the others, row by row, within 1e-3."""
    import numpy as np

    return float(np.mean(np.abs(samples - others).reshape(len(samples), -1).max(axis=1) < 1e-3))


def ask(signature, size: int, inputs: Mapping, number: int) -> tuple[int, int]:
    """The numbers of samples and proposals of one request, which has its own seed."""
    answer = drawn(signature, size, inputs, number)
    return len(answer["samples"].numpy()), int(answer["num_proposed"])


def drawn(signature, size: int, inputs: Mapping, number: int) -> Mapping:
    """The answer to request `number` for `size` samples; `inputs` are the sampler's own."""
    import tensorflow as tf

    given = {key: tf.constant(value) for key, value in inputs.items()}
    return signature(num_samples=tf.constant(size), seed=tf.constant([number, 0]), **given)


def starts(folders: Mapping[str, Path], rounds: int) -> dict[str, Start]:
    """The best of `rounds` starts of each export, in turn."""
    seen: dict[str, list[list[float]]] = {build: [] for build in folders}
    for _ in range(rounds):
        for build, folder in folders.items():
            command = [sys.executable, "-m", "benchmarks.exports_in_turn", str(folder)]
            done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
            seen[build].append([float(word) for word in done.stdout.split()])
    return {build: Start(*map(min, zip(*rows, strict=True))) for build, rows in seen.items()}


def goals(rows: list[Compared], started: Mapping[str, Mapping[str, Start]]) -> list[Goal]:
    """The goals of the sizes that have one, and for each work of this build's start and of its memory."""
    found = [
        Goal(
            f"{row.build}: {row.work}, {row.sampler}, {row.size} samples, speed to the other build's",
            row.ratio,
            row.goal,
        )
        for row in rows
        if row.goal
    ]
    for work, builds in started.items():
        seconds, memory = (other / this for this, other in zip(builds[THIS], builds[OTHER], strict=True))
        found.append(Goal(f"{work}, start, the other build's seconds to its own", seconds, START_FASTER))
        found.append(Goal(f"{work}, start, the other build's memory to its own", memory, LESS_MEMORY))
    return found


def tables(rows: list[Compared], started: Mapping[str, Mapping[str, Start]]) -> str:
    """The table of the samplers, and the table of the starts."""
    from benchmarks.sampler_tables import figure, markdown

    header = [
        "work",
        "build",
        "sampler",
        "samples",
        "samples/s: this build",
        "the other",
        "ratio",
        "goal",
        "proposals per sample: this build",
        "the other",
        "equal samples",
    ]
    lines = []
    for row in rows:
        speeds = [figure(1 / times.minimum) for times in (row.this, row.other)]
        ratio = [figure(row.ratio), f"{row.goal:g}" if row.goal else ""]
        proposals = [figure(row.proposals), figure(row.of_other), f"{100 * row.equal:.3g} %"]
        lines.append([row.work, row.build, row.sampler, f"{row.size:,}", *speeds, *ratio, *proposals])
    header_of_starts = ["work", "build", f"seconds to the first {FIRST_SAMPLES} samples", "most memory, MB"]
    lines_of_starts = [
        [work, build, figure(start.seconds), f"{start.memory_mb:,.0f}"]
        for work, builds in started.items()
        for build, start in builds.items()
    ]
    return f"{markdown(header, lines)}\n\n{markdown(header_of_starts, lines_of_starts)}"


def _start(folder: str) -> None:
    import tensorflow as tf

    from ganzoo.environment import peak_memory_mb

    before = time.perf_counter()
    signature = tf.saved_model.load(folder).signatures["drs"]
    drawn(signature, FIRST_SAMPLES, {"gamma_percentile": 80.0}, 1)["samples"].numpy()
    print(time.perf_counter() - before, peak_memory_mb())


if __name__ == "__main__":
    _start(sys.argv[1])
