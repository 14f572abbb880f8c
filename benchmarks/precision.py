r"""Compares the quality of an entry in float32 and in mixed_bfloat16 over several seeds; writes to RESULTS.md.

    python -m benchmarks.precision
    python -m benchmarks.precision --model gan --seeds 5 --check

Each run is `python -m ganzoo.run --model NAME --seed SEED --config.precision=PRECISION` in its own process; a run that
had ended keeps its figures. `--check` exits 1 if half precision raises the mean distance by more than float32's seeds
differ among each other.
"""

import statistics
from pathlib import Path

from absl import flags

from benchmarks import measuring
from ganzoo import cli

FLAGS = flags.FLAGS

PRECISIONS = ("float32", "mixed_bfloat16")
SAMPLERS = ("generate", "drs", "obrs")
Distances = dict[tuple[str, str], list[float]]  # (precision, sampler) -> one distance for each seed


def metrics(precision: str, seed: int) -> dict:
    """The metrics of a run, which is first started or resumed if it has not ended."""
    arguments = ["--model", FLAGS.model, "--seed", str(seed), f"--config.precision={precision}"]
    return measuring.ended(Path(FLAGS.workdir) / f"{precision}-{seed}", *arguments)["metrics"]


def distances(runs: dict[tuple[str, int], dict]) -> Distances:
    """The Frechet distance of every sampler, by seed."""
    by_sampler: Distances = {}
    for (precision, _), run in runs.items():
        for sampler in SAMPLERS:
            by_sampler.setdefault((precision, sampler), []).append(measuring.of_family(run[sampler], "fd"))
    return by_sampler


def shortfalls(by_sampler: Distances) -> list[str]:
    """A line for each sampler whose mean in half precision is worse by more than the range of float32's seeds."""
    lines = []
    for sampler in SAMPLERS:
        single, half = (by_sampler[precision, sampler] for precision in PRECISIONS)
        worse, spread = statistics.mean(half) - statistics.mean(single), max(single) - min(single)
        if worse > spread:
            lines.append(f"{sampler}: {worse:.3g} worse in half precision, where the seeds are {spread:.3g} apart")
    return lines


def table(by_sampler: Distances) -> str:
    """A line for each precision and sampler: the distance of every seed, and their mean."""
    from benchmarks.sampler_tables import figure, markdown

    count = len(next(iter(by_sampler.values())))
    header = ["precision", "sampler", *(f"seed {seed}" for seed in range(count)), "mean"]
    rows = [[*key, *map(figure, values), figure(statistics.mean(values))] for key, values in by_sampler.items()]
    return markdown(header, rows)


def define_flags() -> None:
    """Defines the command's flags. Tests import several benchmarks, whose flags have the same names."""
    flags.DEFINE_string("model", "wgan_gp", "an entry of the zoo, on its default data set")
    flags.DEFINE_integer("seeds", 3, "runs of each precision", lower_bound=2)
    flags.DEFINE_string("workdir", "runs/precision", "folder of the runs")
    flags.DEFINE_bool("check", False, "exit 1 if half precision is worse; RESULTS.md is left alone")


def main() -> int:
    runs = {(precision, seed): metrics(precision, seed) for seed in range(FLAGS.seeds) for precision in PRECISIONS}
    by_sampler = distances(runs)
    print(table(by_sampler))
    worse = shortfalls(by_sampler)
    text = (
        f"## Half precision\n\n`python -m benchmarks.precision --model {FLAGS.model} --seeds {FLAGS.seeds}`\n\n"
        f"fd_digits10k of `{FLAGS.model}` by its recipe, lower is better. {measuring.machine()}.\n\n{table(by_sampler)}"
    )
    return measuring.conclude(worse, FLAGS.check, "precision", text)


if __name__ == "__main__":
    define_flags()
    cli.run(main)
