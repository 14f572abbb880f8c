r"""Trains, measures and exports every entry of the zoo by its recipe, on its default data set.

The tables go to RESULTS.md: one table of the models that sample, one of the models that translate. The means over the
seeds go into the README's table of models that sample.

    python -m benchmarks.zoo --seeds 3
    python -m benchmarks.zoo --models cgan,infogan
    python -m benchmarks.zoo --models cyclegan,pix2pix,stargan
    python -m benchmarks.zoo --seeds 3 --scheduler tcp://10.0.0.1:8786

Each run is `python -m ganzoo.run --model NAME` in its own process. A run that had ended keeps its figures. A run that
was stopped goes on; its minutes count from its last start. With `--scheduler` the workers of a Dask cluster make the
runs, each worker one at a time if it has one thread. They need this repository on their path and `--workdir` on a disk
that all of them share: `PYTHONPATH=. dask worker ADDRESS --nthreads 1`.
"""

import re
import statistics
from pathlib import Path

from absl import flags

from benchmarks import measuring
from benchmarks.sampler_tables import figure, markdown, write_section
from ganzoo import cli
from ganzoo.zoo.recipes import load_config
from ganzoo.zoo.registry import in_package as recipes

_models = flags.DEFINE_list("models", recipes(), "Entries of the zoo.")
_seeds = flags.DEFINE_integer("seeds", 1, "Runs of each entry, with the seeds 0, 1 and so on.", lower_bound=1)
_workdir = flags.DEFINE_string("workdir", "runs/zoo", "Folder of the runs.")
_scheduler = flags.DEFINE_string("scheduler", None, "A Dask scheduler whose workers make the runs; default: one here.")

README = Path(__file__).parent.parent / "README.md"
QUALITY = ("precision", "recall", "coverage")


def ended(folder: str, run: tuple[str, int]) -> dict:
    """Config, metrics and minutes of an entry's run, which is first started or resumed if it has not ended.

    Args:
        folder: the folder of the runs.
        run: the entry's name and the seed.
    """
    model, seed = run
    workdir = Path(folder) / (f"{model}-{seed}" if seed else model)
    return measuring.ended(workdir, "--model", model, "--seed", str(seed))


def command(models: list[str]) -> str:
    """The command that makes a table of these models."""
    return f"python -m benchmarks.zoo --seeds {_seeds.value} --models {','.join(models)}"


def seeded(models: list[str]) -> list[tuple[str, int, dict]]:
    """(model, seed, run) of every seed of every model."""
    folder = str(Path(_workdir.value).resolve())
    runs = [(model, seed) for model in models for seed in range(_seeds.value)]
    if _scheduler.value is None:
        return [(*run, ended(folder, run)) for run in runs]
    from ganzoo.serving.batch.cluster import Cluster

    with Cluster(_scheduler.value) as cluster:
        found = dict(cluster.spread(ended, folder, runs))
    return [(*run, found[run]) for run in runs]


def metric(row: dict[str, float], family: str) -> str:
    """The metric of a family, whatever its features and count; `-` if the row has no such metric."""
    value = measuring.of_family(row, family)
    return "-" if value is None else figure(value)


def line(model: str, seed: int, run: dict) -> list[str]:
    """One row of the table: figures of the generator alone and of rejection."""
    alone, by_drs, by_obrs = (run["metrics"][sampler] for sampler in ("generate", "drs", "obrs"))
    distances = [metric(row, "fd") for row in (alone, by_drs, by_obrs)]
    quality = [f"{metric(alone, name)} / {metric(by_drs, name)}" for name in QUALITY]
    acceptance = figure(by_drs["acceptance_rate"])
    config, minutes = run["config"], run["minutes"]["minutes"]
    of_run = [model, config["dataset"], str(seed), str(config["steps"]), figure(minutes)]
    return [*of_run, *distances, *quality, acceptance, *labels(run["metrics"])]


def labels(metrics: dict) -> list[str]:
    """The last column: further figures of a conditional entry, or of an entry with codes."""
    if "codes" in metrics:
        return [f"code tells the digit: {metric(metrics['codes'], 'unsupervised_accuracy')}"]
    shares = [metric(metrics[sampler], "label_accuracy") for sampler in ("generate", "drs")]
    return ["" if shares[0] == "-" else f"of their label: {shares[0]} / {shares[1]}"]


def with_means(readme: str, runs: list[tuple[str, int, dict]]) -> str:
    """The README with the runs' means over the seeds, and their standard deviations, in its table of models.

    Args:
        readme: the README's text. A line is changed if its arguments are `--model NAME` alone and NAME has runs.
        runs: (model, seed, run) of models that sample pictures.
    """
    lines = readme.splitlines(keepends=True)
    for index, row in enumerate(lines):
        match = re.match(r"(\| `\w+` \| [^|]* \| `--model (\w+)` \|)[^|]*\|[^|]*\|[^|]*\|\n", row)
        if match and (seeds := [run for model, _, run in runs if model == match[2]]):
            lines[index] = f"{match[1]} {' | '.join(mean_cells(seeds))} |\n"
    return "".join(lines)


def mean_cells(seeds: list[dict]) -> list[str]:
    """The README's cells of one entry: time, then distance and coverage of the generator and of drs."""
    minutes = statistics.mean(run["minutes"]["minutes"] for run in seeds)
    distances = {name: family(seeds, name, "fd") for name in ("generate", "drs")}
    best = min(distances, key=lambda name: statistics.mean(distances[name]))
    cells = [f"{minutes:.0f} min"]
    for name, values in distances.items():
        text = f"**{mean_and_spread(values)}**" if name == best else mean_and_spread(values)
        cells.append(f"{text}, {statistics.mean(family(seeds, name, 'coverage')):.3f}")
    return cells


def family(seeds: list[dict], sampler: str, name: str) -> list[float]:
    """One value of a metric's family for each seed."""
    return [measuring.of_family(run["metrics"][sampler], name) for run in seeds]


def mean_and_spread(values: list[float]) -> str:
    """The mean, and with several values the standard deviation: `5.58 ± 0.31`."""
    spread = f" ± {figure(statistics.stdev(values))}" if len(values) > 1 else ""
    return figure(statistics.mean(values)) + spread


def sampling_table(models: list[str], runs: list[tuple[str, int, dict]]) -> str:
    """The entries that sample from latents; `runs` as of `seeded(models)`."""
    header = ["model", "dataset", "seed", "steps", "minutes", "fd_digits10k", "by drs", "by obrs (K = 2)"]
    header += [f"{name}, alone / by drs" for name in QUALITY] + ["acceptance of drs", "besides"]
    floor = runs[0][2]["metrics"]["floor"]
    return (
        f"## The zoo\n\n`{command(models)}`\n\nEach by `python -m ganzoo.run "
        "--model NAME --seed SEED`, 10,000 samples. Minutes are for the whole run on 2 CPU cores, with measuring and "
        f"export. Real digits: fd_digits10k {metric(floor, 'fd')}, precision {metric(floor, 'precision')}, recall "
        f"{metric(floor, 'recall')}, coverage {metric(floor, 'coverage')}.\n\n"
        f"{markdown(header, [line(*run) for run in runs])}"
    )


def translation_table(models: list[str], runs: list[tuple[str, int, dict]]) -> str:
    """The entries that translate pictures: a row for each seed and direction; `runs` as of `seeded(models)`."""
    header = ["model", "dataset", "seed", "steps", "minutes", "direction"]
    header += ["class survives: translated / untranslated / real", "fd to the target: likewise", "cycle error"]
    header += ["identity error", "L1: translated / by drs / untranslated", "SSIM: likewise"]
    return (
        f"## Translators\n\n`{command(models)}`\n\nEach by `python -m ganzoo.run "
        "--model NAME --seed SEED` on the whole test part; the metrics' names in `metrics.json` say how many "
        "pictures that is. Minutes are for the whole run on 2 CPU cores. Errors are on the scale 0 to 1.\n\n"
        f"{markdown(header, [row for model, seed, run in runs for row in directions(model, seed, run)])}"
    )


def directions(model: str, seed: int, run: dict) -> list[list[str]]:
    """The rows of one run."""
    config, metrics, rows = run["config"], run["metrics"], []

    def of(names: list[str], family: str) -> str:
        return " / ".join(metric(metrics[name], family) for name in names if name in metrics)

    for name in (name for name in metrics if "," not in name):
        likewise = [name, f"{name}, untranslated", f"{name}, real"]
        candidates = [name, f"{name}, drs", f"{name}, untranslated"]
        row = [model, config["dataset"], str(seed), str(config["steps"]), figure(run["minutes"]["minutes"]), name]
        row += [of(likewise, family) for family in ("class_survives", "fd")]
        row += [of([name], family) for family in ("cycle_error", "identity_error")]
        has_pairs = metric(metrics[name], "l1") != "-"
        rows.append([*row, *(of(candidates, family) if has_pairs else "-" for family in ("l1", "ssim"))])
    return rows


def main() -> int:
    tables = {"sampling": ("zoo", sampling_table), "translation": ("translators", translation_table)}
    for task, (section, table) in tables.items():
        if models := [model for model in _models.value if load_config(model).task == task]:
            runs = seeded(models)
            write_section(section, text := table(models, runs))
            print(text)
            if task == "sampling":
                README.write_text(with_means(README.read_text(), runs))
    return 0


if __name__ == "__main__":
    cli.run(main)
