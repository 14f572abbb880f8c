r"""Compares the samples of a run's export in float32 and in bfloat16; the table goes to RESULTS.md.

    python -m benchmarks.export_precision --workdirs runs/wgan_gp-mnist_5k-0,runs/gan-mnist_5k-0
    python -m benchmarks.export_precision --workdirs runs/wgan_gp-mnist_5k-0 --check

Each run is exported twice by `ganzoo.reexport`, with `--config.sampling.precision` float32 and bfloat16, and
`ganzoo.evaluate` measures both exports with the same seed. The networks have the same weights; the density ratio is
fitted in each precision. The Frechet distance of a draw has a standard error. `--check` exits 1 if bfloat16's distance
is larger by more than two standard errors of the difference. Exports and figures are kept in the run's folder, in
`export_precision`; remove it after the run has gone on.
"""

import json
import math
from pathlib import Path
from typing import NamedTuple

from absl import flags

from benchmarks import measuring
from benchmarks.exports_in_turn import exported_again
from benchmarks.measuring import Figure
from benchmarks.revisions import ROOT, run
from ganzoo import cli

FLAGS = flags.FLAGS

PRECISIONS = ("float32", "bfloat16")


class Row(NamedTuple):
    """A run's sampler: its distances in float32 and in bfloat16."""

    model: str
    sampler: str
    single: Figure
    half: Figure

    @property
    def worse_by(self) -> float:
        """How much larger bfloat16's distance is, in standard errors of the difference."""
        return (self.half.value - self.single.value) / math.hypot(self.single.error, self.half.error)


def distances(metrics: dict) -> dict[str, Figure]:
    """The Frechet distance of each sampler of `metrics.json`."""
    return {
        sampler: Figure(measuring.of_family(metrics[sampler], "fd"), measuring.of_family(errors, "fd"))
        for sampler, errors in metrics["standard_errors"].items()
    }


def measure(workdir: Path) -> list[Row]:
    """Exports a run in both precisions and measures the samples of each; figures that are there are kept."""
    found, place = {}, workdir / "export_precision"
    for precision in PRECISIONS:
        out = place / f"{precision}.json"
        if not out.exists():
            export = exported_again(workdir, place / precision, precision)
            run(ROOT, "ganzoo.evaluate", "--export_dir", str(export), "--out", str(out))
        found[precision] = distances(json.loads(out.read_text()))
    single, half = found.values()
    model = json.loads((workdir / "config.json").read_text())["config"]["name"]
    return [Row(model, sampler, single[sampler], half[sampler]) for sampler in single]


def shortfalls(rows: list[Row]) -> list[str]:
    """A line for each sampler whose distance in bfloat16 is worse than chance explains."""
    from ganzoo.reports.words import may_be_chance

    return [
        f"{row.model}, {row.sampler}: {row.half.value:.3g} in bfloat16 and {row.single.value:.3g} in float32, "
        f"{row.worse_by:.3g} standard errors more"
        for row in rows
        if row.worse_by > 0 and not may_be_chance(row.half.value - row.single.value, row.single.error, row.half.error)
    ]


def table(rows: list[Row]) -> str:
    """A line for each run and sampler."""
    from benchmarks.sampler_tables import markdown, with_error

    header = ["model", "sampler", *PRECISIONS, "bfloat16 is worse by standard errors"]
    return markdown(
        header,
        [[row.model, row.sampler, with_error(row.single), with_error(row.half), f"{row.worse_by:.2f}"] for row in rows],
    )


def define_flags() -> None:
    """Defines the command's flags. Tests import several benchmarks, whose flags have the same names."""
    flags.DEFINE_list("workdirs", None, "runs of models that sample, trained in float32", required=True)
    flags.DEFINE_bool("check", False, "exit 1 if bfloat16 is worse; RESULTS.md is left alone")


def main() -> int:
    rows = [row for name in FLAGS.workdirs for row in measure(Path(name).resolve())]
    lines = table(rows)
    print(lines)
    text = (
        "## Exports in bfloat16\n\n`python -m benchmarks.export_precision --workdirs ...`\n\n"
        "Frechet distance of the same weights in both precisions, lower is better. ± is one standard error of the "
        f"draw. {measuring.machine()}.\n\n{lines}"
    )
    return measuring.conclude(shortfalls(rows), FLAGS.check, "export_precision", text)


if __name__ == "__main__":
    define_flags()
    cli.run(main)
