r"""Compares the samples of a run's export in float32 and in bfloat16; the table goes to RESULTS.md.

    python -m benchmarks.export_precision --workdirs runs/wgan_gp-mnist_5k-0,runs/gan-mnist_5k-0
    python -m benchmarks.export_precision --workdirs runs/wgan_gp-mnist_5k-0 --check

Each run is exported twice by `ganzoo.reexport`, with `--config.sampling.precision` float32 and bfloat16, and
`ganzoo.evaluate` measures both exports with the same seed. The networks have the same weights; the density ratio is
fitted in each precision. The Frechet distance of a draw has a standard error. `--check` exits 1 if bfloat16's distance
is larger by more than two standard errors of the difference.
"""

import json
import math
from pathlib import Path
from typing import NamedTuple

from absl import flags

from benchmarks import measuring
from benchmarks.revisions import ROOT, run
from ganzoo import cli

FLAGS = flags.FLAGS

PRECISIONS = ("float32", "bfloat16")
DISTANCE = "fd_"


class Distance(NamedTuple):
    """A Frechet distance and the standard error of its draw."""

    value: float
    error: float


class Row(NamedTuple):
    """A run's sampler: its distances in float32 and in bfloat16."""

    model: str
    sampler: str
    single: Distance
    half: Distance

    @property
    def worse_by(self) -> float:
        """How much larger bfloat16's distance is, in standard errors of the difference."""
        return (self.half.value - self.single.value) / math.hypot(self.single.error, self.half.error)


def distances(metrics: dict) -> dict[str, Distance]:
    """The Frechet distance of each sampler of `metrics.json`."""
    return {
        sampler: Distance(values[name], errors[name])
        for sampler, errors in metrics["standard_errors"].items()
        for values in [metrics[sampler]]
        for name in values
        if name.startswith(DISTANCE)
    }


def measure(workdir: Path, place: Path) -> list[Row]:
    """Exports a run in both precisions and measures the samples of each.

    Args:
        workdir: the run.
        place: the folder of the exports and of their figures; figures that are there are kept.
    """
    found = {}
    for precision in PRECISIONS:
        export, out = place / precision, place / f"{precision}.json"
        if not out.exists():
            asked = f"--config.sampling.precision={precision}"
            run(ROOT, "ganzoo.reexport", "--workdir", str(workdir), "--out", str(export), asked)
            run(ROOT, "ganzoo.evaluate", "--export_dir", str(export), "--out", str(out))
        found[precision] = distances(json.loads(out.read_text()))
    single, half = found.values()
    model = json.loads((workdir / "config.json").read_text())["config"]["name"]
    return [Row(model, sampler, single[sampler], half[sampler]) for sampler in single]


def shortfalls(rows: list[Row]) -> list[str]:
    """A line for each sampler whose distance in bfloat16 is worse than chance explains."""
    return [
        f"{row.model}, {row.sampler}: {row.half.value:.3g} in bfloat16 and {row.single.value:.3g} in float32, "
        f"{row.worse_by:.3g} standard errors more"
        for row in rows
        if row.worse_by > 2
    ]


def table(rows: list[Row]) -> str:
    """A line for each run and sampler."""
    from benchmarks.sampler_tables import figure, markdown

    header = ["model", "sampler", *PRECISIONS, "bfloat16 is worse by standard errors"]
    lines = []
    for row in rows:
        shown = [f"{figure(distance.value)} ± {figure(distance.error)}" for distance in (row.single, row.half)]
        lines.append([row.model, row.sampler, *shown, f"{row.worse_by:.2f}"])
    return markdown(header, lines)


def define_flags() -> None:
    """Defines the command's flags. Tests import several benchmarks, whose flags have the same names."""
    flags.DEFINE_list("workdirs", None, "runs of models that sample, trained in float32", required=True)
    flags.DEFINE_string("workdir", "runs/export_precision", "folder of the exports")
    flags.DEFINE_bool("check", False, "exit 1 if bfloat16 is worse; RESULTS.md is left alone")


def main() -> int:
    runs = [Path(name).resolve() for name in FLAGS.workdirs]
    rows = [row for one in runs for row in measure(one, Path(FLAGS.workdir).resolve() / one.name)]
    print(table(rows))
    text = (
        "## Exports in bfloat16\n\n`python -m benchmarks.export_precision --workdirs ...`\n\n"
        "Frechet distance of the same weights in both precisions, lower is better. ± is one standard error of the "
        f"draw. {measuring.machine()}.\n\n{table(rows)}"
    )
    return measuring.conclude(shortfalls(rows), FLAGS.check, "export_precision", text)


if __name__ == "__main__":
    define_flags()
    cli.run(main)
