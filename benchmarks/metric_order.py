r"""Do the figures of an extractor put reals before a trained model, 20-step blobs and noise? Writes to RESULTS.md.

    python -m benchmarks.metric_order --feature_extractor hed_bsds500.weights.h5 --datasets folder:cells,folder:faces
    python -m benchmarks.metric_order --feature_extractor vgg16.h5 --datasets folder:cells --seeds 1 --check

An entry is trained twice on each data set, for `--steps` and for 20 steps, and measured as in every run. Reals are the
floor of the run, training pictures in the place of samples; noise is uniform in [-1, 1]. `--check` exits 1 if a metric
does not order the four, by any seed.
"""

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

from absl import flags

from benchmarks import measuring
from ganzoo import cli

FLAGS = flags.FLAGS
KINDS = ("reals", "trained", "20 steps", "noise")  # the order that is expected, the best first
FEW_STEPS = 20
METRICS = ("kd", "coverage")
Values = dict[str, float]  # by kind


def measure(dataset: str, seed: int) -> dict[str, Values]:
    """The figures of each kind, by the name of the metric with its features and count."""
    rows = {}
    for kind, steps in (("trained", FLAGS.steps), (f"{FEW_STEPS} steps", FEW_STEPS)):
        arguments = {
            "model": FLAGS.model,
            "dataset": dataset,
            "seed": seed,
            "steps": steps,
            "feature_extractor": FLAGS.feature_extractor,
            "config.data.image_size": FLAGS.image_size,
            "config.evaluation.num_samples": FLAGS.samples,
        }
        workdir = Path(FLAGS.workdir) / f"{re.sub(r'[^A-Za-z0-9_.]+', '_', dataset)}-{steps}-{seed}"
        run = measuring.ended(workdir, *(f"--{flag}={value}" for flag, value in arguments.items()))
        rows[kind], floor = run["metrics"]["generate"], run["metrics"]["floor"]
    rows |= {"reals": floor, "noise": of_noise(run["config"], seed)}
    found = {}
    for metric in METRICS:
        (name,) = (each for each in floor if each.startswith(f"{metric}_"))
        found[name] = {kind: rows[kind][name] for kind in KINDS}
    return found


def of_noise(config: Mapping, seed: int) -> dict[str, float]:
    """The figures of as many pictures of uniform noise as a run measures samples."""
    import numpy as np

    from ganzoo.data.loading import load_parts
    from ganzoo.environment import cache_folder
    from ganzoo.evaluation import extractors
    from ganzoo.evaluation.evaluator import Evaluator

    parts = load_parts(config["dataset"], **config["data"])
    extractor = extractors.load(config["evaluation"]["feature_extractor"])
    evaluator = Evaluator(parts.train, parts.test, extractor=extractor, cache=cache_folder())
    size = (config["evaluation"]["num_samples"], *parts.shape)
    return evaluator.measure(np.random.default_rng(seed).uniform(-1, 1, size).astype(np.float32))


def is_ordered(metric: str, values: Values) -> bool:
    """Whether each kind is strictly better than the next."""
    from ganzoo.evaluation.suites import direction

    sign = 1 if direction(metric) == "lower" else -1
    return all(sign * values[one] < sign * values[other] for one, other in itertools.pairwise(KINDS))


def shortfalls(found: Mapping[tuple[str, int], Mapping[str, Values]]) -> list[str]:
    """A line for each data set, seed and metric whose figures are in another order."""
    return [
        f"{dataset}, seed {seed}: {name} does not put {', '.join(KINDS)} in this order"
        for (dataset, seed), figures in found.items()
        for name, values in figures.items()
        if not is_ordered(name, values)
    ]


def table(found: Mapping[tuple[str, int], Mapping[str, Values]]) -> str:
    """A line for each data set and metric; each kind has its figures by seed."""
    from benchmarks.sampler_tables import figure, markdown

    lines = {}
    for (dataset, _), figures in found.items():
        for name, values in figures.items():
            lines.setdefault((dataset, name), []).append((values, is_ordered(name, values)))
    rows = []
    for (dataset, name), seeds in lines.items():
        by_kind = [" / ".join(figure(values[kind]) for values, _ in seeds) for kind in KINDS]
        ordered = f"{sum(is_one for _, is_one in seeds)} of {len(seeds)}"
        rows.append([Path(dataset).name.removeprefix("folder:"), name, *by_kind, ordered])
    return markdown(["data", "metric", *KINDS, "seeds in this order"], rows)


def define_flags() -> None:
    """Defines the command's flags. Tests import several benchmarks, whose flags have the same names."""
    flags.DEFINE_string("feature_extractor", None, "a network's file, as of `ganzoo.run`", required=True)
    flags.DEFINE_list("datasets", None, "data sets of pictures, such as folder:pictures", required=True)
    flags.DEFINE_string("model", "r3gan", "an entry of the zoo that samples")
    flags.DEFINE_integer("image_size", 32, "the side of the pictures, in pixels")
    flags.DEFINE_integer("steps", 600, "training steps of the trained model", lower_bound=FEW_STEPS + 1)
    flags.DEFINE_integer("samples", 1000, "samples that a run measures", lower_bound=2)
    flags.DEFINE_integer("seeds", 3, "runs of each", lower_bound=1)
    flags.DEFINE_string("workdir", "runs/metric_order", "folder of the runs")
    flags.DEFINE_bool("check", False, "exit 1 if a metric orders them otherwise; RESULTS.md is left alone")


def main() -> int:
    with cli.quiet_imports():
        import tensorflow  # noqa: F401 - its remarks are silenced here
    found = {}
    for dataset in FLAGS.datasets:
        for seed in range(FLAGS.seeds):
            found[dataset, seed] = measure(dataset, seed)
            print(dataset, seed, found[dataset, seed], flush=True)
    print(table(found))
    options = [f" --{name} {FLAGS[name].value}" for name in ("model", "image_size", "steps", "samples", "seeds")]
    text = (
        "## Which figures can be trusted\n\n`python -m benchmarks.metric_order --feature_extractor FILE --datasets ..."
        f"{''.join(options)}`\n\n`{FLAGS.model}` on pictures of {FLAGS.image_size} pixels, "
        f"trained for {FLAGS.steps} and for {FEW_STEPS} steps, {FLAGS.seeds} seeds. Features of "
        f"{Path(FLAGS.feature_extractor).name}. {measuring.machine()}.\n\n{table(found)}"
    )
    return measuring.conclude(shortfalls(found), FLAGS.check, "metric order", text)


if __name__ == "__main__":
    define_flags()
    cli.run(main)
