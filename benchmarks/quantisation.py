r"""Measures what float16 and int8 do to the LiteRT file of a run on digits; the table goes to docs/runtimes.md.

    python -m benchmarks.quantisation --workdir runs/wgan_gp-mnist_5k-0

The file holds `serving_default`, the generator. Each file makes its samples of the same latents. The Frechet distance
is to the digits that every run's `fd_digits10k` is measured against. Times are of calls of 64 rows, the files in turn.
"""

import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from absl import flags

from benchmarks import measuring
from benchmarks.measuring import Times
from benchmarks.runtimes import PAGE
from ganzoo import cli
from ganzoo.errors import GanzooError

FLAGS = flags.FLAGS
ROWS, ROUNDS, SECONDS = 64, 5, 1.0


class Measured(NamedTuple):
    """A file: its size in MB, seconds of a row, the Frechet distance of its samples, and the mean difference of a pixel
    from the float32 file's, on the scale -1 to 1."""

    megabytes: float
    seconds: Times
    distance: float
    difference: float


def measure(workdir: Path, samples: int) -> dict[str, Measured]:
    """The files of a run, by `litert.QUANTISATIONS`.

    Args:
        workdir: the run.
        samples: the number of samples of each file.
    """
    from ganzoo.evaluation import digits_classifier
    from ganzoo.evaluation.features import DigitsFeatures
    from ganzoo.evaluation.frechet import fit_gaussian, frechet_distance
    from ganzoo.export import litert, other_runtimes
    from ganzoo.export.batchable import example_rows
    from ganzoo.tasks.restored import config_of, restore

    config = config_of(workdir)
    if not config.dataset.startswith("mnist"):
        raise GanzooError(f"{workdir} is of {config.dataset}: this benchmark measures digits, as of mnist_5k.")
    what = restore(workdir, config).servable()
    inputs = {one.name: example_rows(one, what.facts, samples) for one in what.signatures["serving_default"].inputs}
    batches = [{name: values[at : at + ROWS] for name, values in inputs.items()} for at in range(0, samples, ROWS)]
    features, reference = DigitsFeatures(), digits_classifier.load().reference
    programs, found = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for quantise in litert.QUANTISATIONS:
            path = Path(folder) / f"{quantise}.tflite"
            other_runtimes.write(what, "serving_default", path, "litert", quantise=quantise)
            program = programs[quantise] = litert.load(path)
            drawn = np.concatenate([program(batch)["samples"] for batch in batches])
            distance = frechet_distance(fit_gaussian(features.features(drawn)), reference)
            found[quantise] = path.stat().st_size / 1e6, drawn, distance
        calls = {name: measuring.repeated(_call(program, batches[0])) for name, program in programs.items()}
        times = measuring.in_turn(calls, ROUNDS, SECONDS)
    plain = found["none"][1]
    return {
        name: Measured(size, times[name], distance, float(np.abs(drawn - plain).mean()))
        for name, (size, drawn, distance) in found.items()
    }


def _call(program, batch: dict[str, np.ndarray]):
    def call() -> int:
        program(batch)
        return ROWS

    return call


def table(rows: dict[str, Measured], metric: str) -> str:
    """The table's lines, one for each file."""
    from benchmarks.sampler_tables import figure, markdown

    header = ["--quantise", "MB", f"ms for {ROWS} rows", metric, "mean difference of a pixel"]
    lines = [
        [
            name,
            figure(row.megabytes),
            figure(1000 * ROWS * row.seconds.minimum),
            figure(row.distance),
            figure(row.difference),
        ]
        for name, row in rows.items()
    ]
    return markdown(header, lines)


def main() -> int:
    with cli.quiet_imports():
        import keras  # noqa: F401 - imports TensorFlow, whose remarks are silenced here

        from ganzoo.evaluation.samples import short
    workdir = Path(FLAGS.workdir)
    lines = table(measure(workdir, FLAGS.samples), f"fd_digits{short(FLAGS.samples)}")
    print(lines)
    text = (
        f"`{workdir.name}`, on {measuring.machine()}, best of {ROUNDS} rounds in turn. Latents, and labels if there "
        f"are any, are drawn at random:\n\n{lines}"
    )
    measuring.write_between(PAGE, "quantisation", text)
    return 0


if __name__ == "__main__":
    flags.DEFINE_string("workdir", None, "a run on mnist or mnist_5k", required=True)
    flags.DEFINE_integer("samples", 10_000, "samples of each file", lower_bound=2)
    cli.run(main)
