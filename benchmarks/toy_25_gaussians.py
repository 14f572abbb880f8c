r"""Repeats the DRS paper's experiment (Azadi et al. 2019, section 4.1) for every estimator and sampler.

The protocol is Ding et al.'s. The table goes to RESULTS.md, the scatter plots to docs/.

    python -m benchmarks.toy_25_gaussians

The data are 25 Gaussians of sigma .05 at spacing 1: 50,000 points to train on, 50,000 for the ratio, 10,000 to compare
with. Latents lie in the plane; generators have 3 x 100 units; batches have 512 points. The default estimator is chosen
on draws (`jsd_validation`) whose seed differs from the seed of the reported draws.
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
    rejecting,
    samplers,
    spread,
    tempered,
    trained,
    whole,
    write_section,
)
from ganzoo.data.loading import load
from ganzoo.evaluation.mode_coverage import mode_coverage
from ganzoo.pictures import drawing
from ganzoo.sampling import drs
from ganzoo.zoo.recipes import load_config

_seeds = flags.DEFINE_integer("seeds", 3, "The number of seeds, from 0.", lower_bound=1)
_models = flags.DEFINE_list("models", ["gan", "wgan_gp", "r3gan"], "Entries of the zoo.")
_workdir = flags.DEFINE_string("workdir", "runs/toy_25_gaussians", "Folder of the trainings and of the rows.")
_picture = flags.DEFINE_string("picture", "docs/toy_25_gaussians.png", "The file of the scatter plots.")

COUNT = 10_000
CHAIN_LENGTH = 640
BATCH = 1024
MAX_PROPOSALS = 200 * COUNT
TWO_PROPOSALS = rejecting(drs.discriminator_rejection, MAX_PROPOSALS, burn_in=whole, gamma_percentile=45.0)
SAMPLERS = samplers(CHAIN_LENGTH, MAX_PROPOSALS) | {"drs 45": TWO_PROPOSALS}
CHOSEN_BY = "obrs K = 2"
STEPS = {"wgan_gp": 2200}  # deliberately few, so that the ratio has faults to mend; the others train by their recipes
FIGURES = ("modes", "high_quality", "std", "jsd")


def configured(model_name: str, seed: int) -> ConfigDict:
    config = load_config(model_name, "gaussians25")
    config.model.update(latent_dim=2, latent_categories=0)  # of the protocol
    with config.unlocked():  # a network family's own options
        config.networks[config.model.network].generator.update(width=100, depth=3)
    config.batch_size, config.seed = 512, seed
    config.steps = STEPS.get(model_name, config.steps)
    return config


def results(model_name: str, seed: int) -> list[dict]:
    """All rows of one entry and seed."""
    config, workdir = configured(model_name, seed), Path(_workdir.value) / f"{model_name}-{seed}"
    names = estimator_names(config)
    pairs = [(estimator, sampler) for estimator in [*names, tempered(names[-1])] for sampler in SAMPLERS]
    expected = [("-", "generate"), *pairs]
    return completed(workdir.with_suffix(".json"), expected, lambda missing: rows(config, workdir, missing))


def rows(config: ConfigDict, workdir: Path, missing: set[tuple[str, str]]) -> Iterable[dict]:
    model, parts, seconds = trained(config, workdir)

    def measure(samples):
        mixture = parts.test.mixture
        return mode_coverage(samples, parts.test.samples, mixture.centers, mixture.sigma)._asdict()

    if ("-", "generate") in missing:
        samples = model.sample(COUNT, seed=100 + config.seed)
        np.save(workdir / "generate.npy", samples)
        alone = dict(acceptance=1.0, pps=1.0, sampling_seconds=0.0) | measure(samples)
        yield dict(estimator="-", sampler="generate", seconds=seconds) | alone
    for estimator, ratio, fit_seconds in estimates(model, parts, config, {estimator for estimator, _ in missing}):
        for name, sampler in SAMPLERS.items():
            if (estimator, name) not in missing:
                continue
            draw = drawer(model.propose, ratio, sampler, COUNT, BATCH)
            start = time.perf_counter()
            draws = draw(tf.constant([config.seed, 7]))
            samples = draws.samples.numpy()
            row = dict(estimator=estimator, sampler=name, seconds=fit_seconds)
            row |= dict(sampling_seconds=time.perf_counter() - start, acceptance=float(draws.acceptance_rate))
            row |= dict(pps=int(draws.num_proposed) / len(samples)) | measure(samples)
            if name == CHOSEN_BY:
                row |= dict(jsd_validation=measure(draw(tf.constant([config.seed, 8])).samples.numpy())["jsd"])
            np.save(workdir / f"{estimator} {name}.npy", samples)
            yield row


def table(done: dict[str, list[list[dict]]]) -> str:
    """One row for each entry, estimator and sampler: means and standard deviations over the seeds."""
    header = ["model", "estimator", "sampler", "modes", "high quality", "std", "jsd", "acceptance"]
    header += ["proposals per sample", "seconds to train or fit", "seconds to sample"]
    lines = []
    for model, seeds in done.items():
        for of_seeds in zip(*seeds, strict=True):
            columns = [*FIGURES, "acceptance", "pps", "seconds", "sampling_seconds"]
            values = {name: [row[name] for row in of_seeds if not math.isnan(row[name])] for name in columns}
            figures = [spread(values[name]) if values[name] else "-" for name in columns]
            lines.append([model, of_seeds[0]["estimator"], of_seeds[0]["sampler"], *figures])
    return markdown(header, lines)


def choice(done: dict[str, list[list[dict]]]) -> str:
    """For each entry, the estimator with the lowest jsd on the validation draws at K = 2, and two rows of figures.

    The first row is for that estimator on the reported draws, the second for the default estimator under `drs` at two
    proposals per sample.
    """
    lines = []
    for model, seeds in done.items():
        default = estimator_names(configured(model, 0))[-1]
        by_drs = [row for rows in seeds for row in rows if (row["estimator"], row["sampler"]) == (default, "drs 45")]
        figures = {name: spread([row[name] for row in by_drs]) for name in (*FIGURES, "pps")}
        at_two = [[row for row in rows if row["sampler"] == CHOSEN_BY] for rows in seeds]
        of_estimator = {rows[0]["estimator"]: rows for rows in zip(*at_two, strict=True)}
        best = min(of_estimator, key=lambda name: np.mean([row["jsd_validation"] for row in of_estimator[name]]))
        chosen = {name: spread([row[name] for row in of_estimator[best]]) for name in (*FIGURES, "pps")}
        lines.append(
            f"- `{model}`: at K = 2 `{best}` has the lowest jsd on the validation draws. On other draws it finds "
            f"{chosen['modes']} modes, a share of {chosen['high_quality']} of high quality and jsd {chosen['jsd']}, "
            f"with {chosen['pps']} proposals per sample. `drs 45` with `{default}` finds {figures['modes']} modes, "
            f"{figures['high_quality']} and jsd {figures['jsd']}, with {figures['pps']} proposals."
        )
    return "\n".join(lines)


def scatter(model: str) -> None:
    """Plots seed 0 of one entry over the reals in grey: the generator alone, the paper's DRS, and a budget of 2."""
    reals = load("gaussians25").samples
    workdir = Path(_workdir.value) / f"{model}-0"
    names = ("generate", "refit drs 80", "refit obrs K = 2")
    plots = [drawing.scatter(np.load(workdir / f"{name}.npy"), reals) for name in names]
    drawing.write_png(_picture.value, np.concatenate(plots, axis=1))


def main(argv):
    del argv
    logging.set_verbosity(logging.INFO)
    done = {model: [results(model, seed) for seed in range(_seeds.value)] for model in _models.value}
    scatter(_models.value[0])
    text = (
        f"## Samplers on 25 Gaussians\n\n`python -m benchmarks.toy_25_gaussians`\n\n{_seeds.value} seeds, mean ± "
        f"standard deviation, {COUNT:,} samples in each row. `wgan_gp` is trained for {STEPS['wgan_gp']} steps only, "
        "so that there is something left to reject. Exact samples of the mixture have 25 modes, 1.00 of high quality, "
        f"std 0.0499 and jsd 0.0006. The plots show points of `{_models.value[0]}`, seed 0, over the reals in grey: "
        "the generator alone, `drs 80` with `refit`, and `obrs K = 2` with `refit`.\n\n"
        f"![Points before and after rejection]({_picture.value})\n\n{choice(done)}\n\n{table(done)}"
    )
    write_section("toy_25_gaussians", text)
    print(text)


if __name__ == "__main__":
    app.run(main)
