r"""Compares trainings with and without adaptive augmentation on few reals; writes to RESULTS.md.

    python -m benchmarks.augmentation
    python -m benchmarks.augmentation --sizes 300 --seeds 1

Each run trains an entry by its recipe on the first reals of the train part, and measures its averaged generator without
rejection against all of the test part. A finished run is stored in `--workdir` and not repeated, and a stopped run goes
on. The table in RESULTS.md has the runs that are stored, the runs of earlier calls included.
"""

import json
import math
import time
from pathlib import Path

from absl import flags

from ganzoo import cli, files

FLAGS = flags.FLAGS

SIZES, SEEDS = (100, 300, 1_000, 3_000), 3
POLICIES = ("none", "ada")
COUNT = 10_000  # samples of a run's measurement
SHOWN = {
    "fd_digits10k": "fd_digits10k",
    "precision": "precision",
    "coverage": "coverage",
    "probability": "probability at the end",
    "milliseconds": "milliseconds a step",
}
Run = tuple[int, str, int]  # reals, policy, seed


def folder(run: Run) -> Path:
    """A run's folder, whose name with .json is the file of its figures."""
    size, policy, seed = run
    steps = f"-{FLAGS.steps}" if FLAGS.steps else ""
    return Path(FLAGS.workdir) / f"{FLAGS.model}{steps}-{size}-{policy}-{seed}"


def figures(run: Run) -> dict[str, float]:
    """The figures of a run, which is first trained, or trained on, if they are not stored."""
    stored = folder(run).with_suffix(".json")
    if not stored.exists():
        files.write_json(stored, measured(run))
    return json.loads(stored.read_text())


def measured(run: Run) -> dict[str, float]:
    """Trains one run, and measures it."""
    import keras

    from ganzoo import models
    from ganzoo.evaluation.evaluator import Evaluator
    from ganzoo.tasks import latents, workdirs

    size, policy, seed = run
    config = recipe(policy, seed)
    keras.utils.set_random_seed(seed)
    whole = latents.load(config)
    parts = few(whole, size)
    model = models.from_config(config, parts.shape)
    latents.ready(model, parts, config)
    with workdirs.held(folder(run)):
        workdirs.claim(folder(run), {"config": config.to_dict(), "split": parts.describe()}, resume=True)
        start, before = time.perf_counter(), model.steps_taken
        if not latents.train(model, parts, config, folder(run)):
            raise SystemExit(f"stopped at step {model.steps_taken} of {config.steps}; start again to go on")
        taken = model.steps_taken - before
        milliseconds = 1000 * (time.perf_counter() - start) / taken if taken else math.nan
    metrics = Evaluator(whole.train, whole.test).measure(model.sample(COUNT, seed=1000 + seed))
    probability = 0.0 if model.augmentation is None else float(model.augmentation.probability.numpy())
    return figures_of(metrics) | {"probability": probability, "milliseconds": milliseconds}


def recipe(policy: str, seed: int):
    """The entry's recipe with a policy of augmentation, a seed and the number of steps that was asked for."""
    from ganzoo.zoo.recipes import load_config

    config = load_config(FLAGS.model, "mnist_5k")
    config.seed, config.augment.policy = seed, policy
    config.steps = FLAGS.steps or config.steps
    return config


def few(parts, size: int):
    """The same parts with the first `size` reals to train on."""
    import dataclasses

    import numpy as np

    from ganzoo.errors import GanzooError

    if size > len(parts.train):
        raise GanzooError(f"--sizes asks for {size} reals, and there are {len(parts.train)} to train on.")
    return dataclasses.replace(parts, train=parts.train.take(np.arange(size)))


def figures_of(metrics: dict[str, float]) -> dict[str, float]:
    """The metrics that the table shows, by their families."""
    families = [name for name in SHOWN if any(metric.startswith(name) for metric in metrics)]
    return {name: next(v for metric, v in metrics.items() if metric.startswith(name)) for name in families}


def table(runs: dict[Run, dict[str, float]]) -> str:
    """A line for each size and policy that has runs: the mean over its seeds, and their number."""
    from benchmarks.sampler_tables import markdown, spread

    lines = []
    for size, policy in sorted({(size, policy) for size, policy, _ in runs}, key=lambda of: (of[0], of[1] != "none")):
        of_seeds = [row for run, row in sorted(runs.items()) if run[:2] == (size, policy)]
        shown = [spread([row[name] for row in of_seeds]) for name in SHOWN]
        lines.append([f"{size:,}", policy, str(len(of_seeds)), *shown])
    return markdown(["reals", "augment.policy", "seeds", *SHOWN.values()], lines)


def stored() -> dict[Run, dict[str, float]]:
    """All runs of the benchmark whose figures are stored."""
    possible = [(size, policy, seed) for size in SIZES for policy in POLICIES for seed in range(SEEDS)]
    return {run: figures(run) for run in possible if folder(run).with_suffix(".json").exists()}


def missing(runs: dict[Run, dict[str, float]]) -> str:
    """A sentence that says how many runs of the whole benchmark there are not."""
    absent = len(SIZES) * len(POLICIES) * SEEDS - len(runs)
    return f" {absent} of the {absent + len(runs)} runs were not made." if absent else ""


def define_flags() -> None:
    """Defines the command's flags. Tests import several benchmarks, whose flags have the same names."""
    flags.DEFINE_string("model", "r3gan", "an entry of the zoo")
    flags.DEFINE_list("sizes", [str(size) for size in SIZES], "numbers of reals to train on")
    flags.DEFINE_integer("seeds", SEEDS, "runs of each size and policy", lower_bound=1, upper_bound=SEEDS)
    flags.DEFINE_integer("steps", 0, "generator steps; 0: the recipe's", lower_bound=0)
    flags.DEFINE_string("workdir", "runs/augmentation", "folder of the runs")


def main() -> int:
    from benchmarks.sampler_tables import write_section
    from ganzoo.errors import GanzooError

    unknown = [size for size in FLAGS.sizes if size not in map(str, SIZES)]
    if unknown:
        raise GanzooError(f"--sizes has {', '.join(unknown)}, expected some of {', '.join(map(str, SIZES))}.")
    for size in FLAGS.sizes:
        for seed in range(FLAGS.seeds):
            for policy in POLICIES:
                figures((int(size), policy, seed))
    runs = stored()
    steps = recipe("none", 0).steps
    command = f"python -m benchmarks.augmentation --model {FLAGS.model}" + f" --steps {steps}" * bool(FLAGS.steps)
    text = (
        f"## Augmentation on few reals\n\n`{command}`\n\n"
        f"`{FLAGS.model}` by its recipe, {steps:,} steps, on the first reals of the train part of `mnist_5k`; the "
        f"averaged generator without rejection, {COUNT:,} samples against all test digits.{missing(runs)}\n\n"
        f"{table(runs)}"
    )
    write_section("augmentation", text)
    print(text)
    return 0


if __name__ == "__main__":
    define_flags()
    cli.run(main)
