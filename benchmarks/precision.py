r"""What half precision does to quality: an entry in float32 and in mixed_bfloat16 by several seeds; to RESULTS.md.

    python -m benchmarks.precision
    python -m benchmarks.precision --model gan --seeds 5 --check

Each is what `python -m ganzoo.run --model NAME --seed SEED --config.precision=PRECISION` does, in a process of its own;
a run that had ended keeps its figures. `--check` exits 1 where the mean distance in half precision is further above
that of float32 than the seeds of float32 are apart.
"""

import statistics
from pathlib import Path

from absl import flags

from benchmarks import measuring
from ganzoo import cli

FLAGS = flags.FLAGS

PRECISIONS = ("float32", "mixed_bfloat16")
SAMPLERS = ("generate", "drs", "obrs")
Distances = dict[tuple[str, str], list[float]]  # (precision, sampler) -> one for each seed


def metrics(precision: str, seed: int) -> dict:
    """Those of a run, which is started, or gone on with, where it has not ended."""
    asked = ["--model", FLAGS.model, "--seed", str(seed), f"--config.precision={precision}"]
    return measuring.ended(Path(FLAGS.workdir) / f"{precision}-{seed}", *asked)["metrics"]


def distances(runs: dict[tuple[str, int], dict]) -> Distances:
    """The Frechet distance of every sampler, by seed."""
    found: Distances = {}
    for (precision, _), run in runs.items():
        for sampler in SAMPLERS:
            values = [value for name, value in run[sampler].items() if name.startswith("fd_")]
            found.setdefault((precision, sampler), []).append(values[0])
    return found


def shortfalls(found: Distances) -> list[str]:
    """A line for each sampler whose mean in half precision is worse by more than float32's own range."""
    lines = []
    for sampler in SAMPLERS:
        single, half = (found[precision, sampler] for precision in PRECISIONS)
        worse, spread = statistics.mean(half) - statistics.mean(single), max(single) - min(single)
        if worse > spread:
            lines.append(f"{sampler}: {worse:.3g} worse in half precision, where the seeds are {spread:.3g} apart")
    return lines


def table(found: Distances) -> str:
    """A line for each precision and sampler: every seed's, and their mean."""
    from benchmarks.sampler_tables import figure, markdown

    count = len(next(iter(found.values())))
    header = ["precision", "sampler", *(f"seed {seed}" for seed in range(count)), "mean"]
    rows = [[*key, *map(figure, values), figure(statistics.mean(values))] for key, values in found.items()]
    return markdown(header, rows)


def define_flags() -> None:
    """Those of the command line; tests import several benchmarks, whose flags have the same names."""
    flags.DEFINE_string("model", "wgan_gp", "entry of the zoo, on its default data set")
    flags.DEFINE_integer("seeds", 3, "runs of each precision", lower_bound=2)
    flags.DEFINE_string("workdir", "runs/precision", "folder of the runs")
    flags.DEFINE_bool("check", False, "exit 1 where half precision is worse; RESULTS.md is left alone")


def main() -> int:
    runs = {(precision, seed): metrics(precision, seed) for seed in range(FLAGS.seeds) for precision in PRECISIONS}
    found = distances(runs)
    print(table(found))
    worse = shortfalls(found)
    text = (
        f"## Half precision\n\n`python -m benchmarks.precision --model {FLAGS.model} --seeds {FLAGS.seeds}`\n\n"
        f"fd_digits10k of `{FLAGS.model}` by its recipe, lower is better. {measuring.machine()}.\n\n{table(found)}"
    )
    return measuring.conclude(worse, FLAGS.check, "precision", text)


if __name__ == "__main__":
    define_flags()
    cli.run(main)
