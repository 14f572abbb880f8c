r"""Measures every density ratio estimator with every sampler on digits, over several seeds; writes to RESULTS.md.

    python -m benchmarks.digits_samplers --dataset mnist_5k
    python -m benchmarks.digits_samplers --dataset mnist --data_dir ~/tensorflow_datasets

Models are trained by their recipes in `--workdir`. Run the same command again to resume. For each model, a pool of
proposals is drawn once and scored once by each estimator; the samplers run on the pool with the exports' graph code.
The default estimator is chosen on the test part of the data (`fd_validation`). `fd_digits10k` is measured against
MNIST's own 10,000 test images, which no part contains.
"""

import math
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import app, flags, logging
from ml_collections import ConfigDict

from benchmarks.sampler_tables import (
    completed,
    drawer,
    estimates,
    estimator_names,
    markdown,
    samplers,
    spread,
    trained,
    write_section,
)
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.evaluation.evaluator import Evaluator
from ganzoo.evaluation.features import DigitsFeatures
from ganzoo.evaluation.frechet import fit_gaussian, frechet_distance
from ganzoo.pictures import drawing
from ganzoo.zoo.recipes import load_config

_dataset = flags.DEFINE_enum("dataset", "mnist_5k", ["mnist_5k", "mnist"], "Digits to train and to fit on.")
_data_dir = flags.DEFINE_string("data_dir", "", "The folder where TFDS has MNIST.")
_models = flags.DEFINE_list("models", ["r3gan", "wgan_gp"], "Entries of the zoo.")
_seeds = flags.DEFINE_integer("seeds", 3, "The number of seeds, from 0.", lower_bound=1)
_workdir = flags.DEFINE_string("workdir", "runs/digits_samplers", "Folder of the trainings and of the rows.")

COUNT = 10_000  # samples of each row of the table
POOL = 100_000  # proposals: enough for COUNT chains of CHAIN_LENGTH
CHAIN_LENGTH = 10
CHOSEN_BY = "obrs K = 2"
SAMPLERS = samplers(CHAIN_LENGTH, max_proposals=POOL)
FIGURES = ("fd_digits10k", "fd_validation", "precision", "recall", "coverage")


def results(model_name: str, seed: int) -> list[dict]:
    """All rows of one entry and seed."""
    config = load_config(model_name, _dataset.value)
    config.seed, config.data.data_dir = seed, _data_dir.value
    workdir = Path(_workdir.value) / f"{model_name}-{_dataset.value}-{seed}"
    pairs = [(estimator, sampler) for estimator in estimator_names(config) for sampler in SAMPLERS]
    expected = [("-", "generate"), *pairs]
    return completed(workdir.with_suffix(".json"), expected, lambda missing: rows(config, workdir, missing))


def rows(config: ConfigDict, workdir: Path, missing: set[tuple[str, str]]) -> Iterable[dict]:
    model, parts, seconds = trained(config, workdir)
    evaluator, features = Evaluator(parts.train, parts.test), DigitsFeatures()
    validation = fit_gaussian(features.features(parts.test.samples))

    def measure(samples):
        metrics = evaluator.measure(samples)
        shares = {name: value for key, value in metrics.items() for name in FIGURES if key.startswith(f"{name}_")}
        own = frechet_distance(fit_gaussian(features.features(samples)), validation)
        return shares | dict(fd_digits10k=metrics["fd_digits10k"], fd_validation=own)

    pool = model.sample(POOL, seed=1000 + config.seed)
    drawing.write_png(workdir / "generate.png", drawing.grid(pool[:64]))
    if ("-", "generate") in missing:
        yield dict(estimator="-", sampler="generate", seconds=seconds, acceptance=1.0) | measure(pool[:COUNT])
    for estimator, ratio, fit_seconds in estimates(model, parts, config, {estimator for estimator, _ in missing}):
        start = time.perf_counter()
        score = tf.function(ratio.log_ratio, reduce_retracing=True, autograph=False)
        scores = tf.concat([score(pool[first : first + 500]) for first in range(0, POOL, 500)], 0)
        score_seconds = time.perf_counter() - start
        looked_up = lambda row, scores=scores: tf.gather(scores, tf.cast(row[:, 0], tf.int32))  # noqa: E731
        of_row = DensityRatio(looked_up, ratio.held_out)
        for name, sampler in SAMPLERS.items():
            if (estimator, name) not in missing:
                continue
            drawn = drawer(pool_rows, of_row, sampler, COUNT, 256)(tf.constant([config.seed, 7]))
            samples = pool[drawn.samples.numpy()[:, 0].astype(int)]
            if name == CHOSEN_BY:
                drawing.write_png(workdir / f"{estimator}.png", drawing.grid(samples[:64]))
            row = dict(estimator=estimator, sampler=name, seconds=fit_seconds, score_seconds=score_seconds)
            row |= dict(acceptance=float(drawn.acceptance_rate), found=len(samples))
            yield row | (measure(samples) if len(samples) == COUNT else dict.fromkeys(FIGURES, math.nan))


def pool_rows(seed, first_row, rows):
    """Row numbers of the pool, in place of its pictures; float32 holds these numbers exactly."""
    return tf.cast((tf.range(rows)[:, None] + first_row + 40_009 * seed[0]) % POOL, tf.float32)


def table(done: dict[str, list[list[dict]]]) -> str:
    """One row for each entry, estimator and sampler: means and standard deviations over the seeds."""
    header = ["model", "estimator", "sampler", "fd_digits10k", "times lower", "fd_validation", "precision", "recall"]
    header += ["coverage", "acceptance"]
    lines = []
    for model, seeds in done.items():
        alone = [rows[0]["fd_digits10k"] for rows in seeds]
        for of_seeds in zip(*seeds, strict=True):
            ratios = [fd / row["fd_digits10k"] for fd, row in zip(alone, of_seeds, strict=True)]
            figures = [spread([row[name] for row in of_seeds]) for name in FIGURES]
            acceptance = spread([row["acceptance"] for row in of_seeds])
            named = [model, of_seeds[0]["estimator"], of_seeds[0]["sampler"]]
            lines.append([*named, figures[0], spread(ratios), *figures[1:], acceptance])
    return markdown(header, lines)


def choice(done: dict[str, list[list[dict]]]) -> str:
    """For each entry, the estimator that is best on the validation reals at K = 2, with its figures on test reals."""
    lines = []
    for model, seeds in done.items():
        at_two = [[row for row in rows if row["sampler"] == CHOSEN_BY] for rows in seeds]
        score = {
            rows[0]["estimator"]: np.mean([np.log(row["fd_validation"]) for row in rows])
            for rows in zip(*at_two, strict=True)
        }
        best = min(score, key=score.get)
        chosen = [next(row for row in rows if row["estimator"] == best) for rows in at_two]
        pairs = [(rows[0], row) for rows, row in zip(seeds, chosen, strict=True)]
        lower = spread([alone["fd_digits10k"] / row["fd_digits10k"] for alone, row in pairs])
        lost = {name: spread([row[name] - alone[name] for alone, row in pairs]) for name in ("coverage", "recall")}
        lines.append(
            f"- `{model}`: at K = 2 `{best}` is best on the validation reals. On the test reals its Frechet distance "
            f"is {lower} times lower than the generator's (goal: 1.8). Coverage changes by {lost['coverage']}, "
            f"recall by {lost['recall']} (goal: not below -0.03)."
        )
    return "\n".join(lines)


def main(argv):
    del argv
    logging.set_verbosity(logging.INFO)
    done = {model: [results(model, seed) for seed in range(_seeds.value)] for model in _models.value}
    data_dir = " --data_dir DIR" if _data_dir.value else ""
    command = f"python -m benchmarks.digits_samplers --dataset {_dataset.value}{data_dir} --models {','.join(done)}"
    text = (
        f"## Samplers on {_dataset.value}\n\n`{command}`\n\n{_seeds.value} seeds, mean ± standard deviation, "
        f"{COUNT:,} samples in each row. A row has no figures where {POOL:,} proposals were not enough for them.\n\n"
        f"{choice(done)}\n\n{table(done)}"
    )
    write_section(f"digits_samplers {_dataset.value}", text)
    print(text)


if __name__ == "__main__":
    app.run(main)
