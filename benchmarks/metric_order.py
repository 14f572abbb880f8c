r"""Do the figures of an extractor put reals before a trained model, 20-step blobs and noise? Writes to RESULTS.md.

    python -m benchmarks.metric_order --feature_extractor hed_bsds500.weights.h5 --datasets folder:cells,folder:faces
    python -m benchmarks.metric_order --feature_extractor vgg16.h5 --datasets folder:cells --seeds 1 --check

An entry is trained twice on each data set, for `--steps` and for 20 steps, and measured as in every run. Reals are
training pictures in the place of samples; noise is uniform in [-1, 1]. A metric puts one kind before the next if its
figures differ by more than two standard errors of the difference; by less it may be chance. `--check` exits 1 if a
metric does not put the four in order, by any seed.
"""

import itertools
from collections.abc import Mapping
from pathlib import Path

from absl import flags

from benchmarks import measuring
from benchmarks.measuring import Figure
from ganzoo import cli

FLAGS = flags.FLAGS
KINDS = ("reals", "trained", "20 steps", "noise")  # the order that is expected, the best first
FEW_STEPS = 20
METRICS = ("kd", "coverage")


Figures = dict[str, Figure]  # by kind


def measure(dataset: str, seed: int) -> dict[str, Figures]:
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
        workdir = Path(FLAGS.workdir) / measuring.folder_name(dataset, steps, seed)
        run = measuring.ended(workdir, *(f"--{flag}={value}" for flag, value in arguments.items()))
        metrics = run["metrics"]
        rows[kind] = metrics["generate"], metrics["standard_errors"]["generate"]
    rows |= of_reals_and_noise(run["config"], seed)
    found = {}
    for metric in METRICS:
        (name,) = (each for each in rows["reals"][0] if each.startswith(f"{metric}_"))
        found[name] = {kind: Figure(*(figures[name] for figures in rows[kind])) for kind in KINDS}
    return found


def of_reals_and_noise(config: Mapping, seed: int) -> dict[str, tuple[dict, dict]]:
    """The metrics, and their standard errors, of as many training pictures and of as much noise as a run samples."""
    import numpy as np

    from ganzoo.data.loading import load_parts
    from ganzoo.environment import cache_folder
    from ganzoo.evaluation import extractors
    from ganzoo.evaluation.evaluator import Evaluator
    from ganzoo.evaluation.samples import subset

    parts = load_parts(config["dataset"], **config["data"])
    extractor = extractors.load(config["evaluation"]["feature_extractor"])
    evaluator = Evaluator(parts.train, parts.test, extractor=extractor, cache=cache_folder())
    count = config["evaluation"]["num_samples"]
    noise = np.random.default_rng(seed).uniform(-1, 1, (count, *parts.shape)).astype(np.float32)
    pictures = {"reals": subset(parts.train.samples, count), "noise": noise}
    return {kind: (evaluator.measure(each), evaluator.standard_errors(each)) for kind, each in pictures.items()}


def order(metric: str, first: Figure, second: Figure) -> str:
    """Whether a metric puts the first before the second: "yes", "no", or "chance" where it does not tell."""
    from ganzoo.evaluation.suites import direction
    from ganzoo.reports.words import may_be_chance

    ahead = (second.value - first.value) * (1 if direction(metric) == "lower" else -1)
    if may_be_chance(ahead, first.error, second.error):
        return "chance"
    return "yes" if ahead > 0 else "no"


def shortfalls(found: Mapping[tuple[str, int], Mapping[str, Figures]]) -> list[str]:
    """A line for each data set, seed, metric and pair of kinds that is not in order."""
    said = {"no": "puts {1} before {0}", "chance": "does not tell {0} from {1}"}
    return [
        f"{dataset}, seed {seed}: {name} {said[answer].format(one, other)}"
        for (dataset, seed), metrics in found.items()
        for name, figures in metrics.items()
        for one, other in itertools.pairwise(KINDS)
        if (answer := order(name, figures[one], figures[other])) != "yes"
    ]


def table(found: Mapping[tuple[str, int], Mapping[str, Figures]]) -> str:
    """A line for each data set and metric; each cell has its figures, or its answers, by seed."""
    from benchmarks.sampler_tables import markdown, with_error

    lines = {}
    for (dataset, _), metrics in found.items():
        for name, figures in metrics.items():
            lines.setdefault((dataset, name), []).append(figures)
    pairs, rows = list(itertools.pairwise(KINDS)), []
    for (dataset, name), seeds in lines.items():
        values = [" / ".join(with_error(of[kind]) for of in seeds) for kind in KINDS]
        answers = [" / ".join(order(name, of[one], of[other]) for of in seeds) for one, other in pairs]
        rows.append([Path(dataset).name.removeprefix("folder:"), name, *values, *answers])
    return markdown(["data", "metric", *KINDS, *(f"{one} before {other}" for one, other in pairs)], rows)


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
        f"trained for {FLAGS.steps} and for {FEW_STEPS} steps, {FLAGS.seeds} seed{'s' * (FLAGS.seeds > 1)}. Features "
        f"of {Path(FLAGS.feature_extractor).name}. ± is one standard error of the draw; a difference of less than two "
        f"may be chance. {measuring.machine()}.\n\n{table(found)}"
    )
    return measuring.conclude(shortfalls(found), FLAGS.check, "metric order", text)


if __name__ == "__main__":
    define_flags()
    cli.run(main)
