r"""The experiment of the DRS paper (Azadi et al. 2019, section 4.1) by Ding et al.'s protocol, for every estimator and
sampler; the table and the scatter plots go to RESULTS.md and docs/.

    python benchmarks/toy_25_gaussians.py

25 Gaussians of sigma .05 at spacing 1, 50,000 points to train, 50,000 for the ratio, 10,000 to compare with; latents in
the plane, generators of 3 x 100 units, batches of 512. The default estimator is chosen on draws of another seed
(`jsd_validation`) than those whose figures are reported.
"""

import math
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import app, flags, logging
from sampler_tables import cached, drawer, estimates, markdown, samplers, spread, trained, write_section

from ganzoo import pictures
from ganzoo.config import load_config
from ganzoo.evaluation.mode_coverage import mode_coverage

_seeds = flags.DEFINE_integer("seeds", 3, "How many, from 0.", lower_bound=1)
_models = flags.DEFINE_list("models", ["gan", "wgan_gp", "r3gan"], "Entries of the zoo.")
_workdir = flags.DEFINE_string("workdir", "runs/toy_25_gaussians", "Folder of the trainings and of the rows.")
_picture = flags.DEFINE_string("picture", "docs/toy_25_gaussians.png", "The scatter before and after.")

COUNT = 10_000
CHAIN_LENGTH = 640
BATCH = 1024
CHOSEN_BY = "obrs K = 2"
STEPS = {"wgan_gp": 2200}  # deliberately short: what the ratio can mend; the others train by their recipes
FIGURES = ("modes", "high_quality", "std", "jsd")


def rows(model_name: str, seed: int) -> list[dict]:
    config = load_config(model_name, "gaussians25")
    with config.unlocked():  # a network family's own options
        config.networks[config.model.network].generator.update(width=100, depth=3)
    config.batch_size, config.seed = 512, seed
    config.steps = STEPS.get(model_name, config.steps)
    workdir = Path(_workdir.value) / f"{model_name}-{seed}"
    model, parts, seconds = trained(config, workdir)

    def measure(samples):
        mixture = parts.test.mixture
        return mode_coverage(samples, parts.test.samples, mixture.centers, mixture.sigma)._asdict()

    def drawn(name, draw):
        start = time.perf_counter()
        draws = draw(tf.constant([seed, 7]))
        samples = draws.samples.numpy()
        spent = dict(acceptance=float(draws.acceptance_rate), pps=int(draws.num_proposed) / len(samples))
        spent |= dict(sampling_seconds=time.perf_counter() - start)
        if name == CHOSEN_BY:
            spent |= dict(jsd_validation=measure(draw(tf.constant([seed, 8])).samples.numpy())["jsd"])
        return samples, spent | measure(samples)

    samples = model.sample(COUNT, seed=100 + seed)
    alone = dict(acceptance=1.0, pps=1.0, sampling_seconds=0.0) | measure(samples)
    done = [dict(estimator="-", sampler="generate", seconds=seconds) | alone]
    np.save(workdir / "generate.npy", samples)
    logging.info("%s seed %d: %s", model_name, seed, done[0])
    for estimator, ratio, fit_seconds in estimates(model, parts, config):
        for name, sampler in samplers(CHAIN_LENGTH, max_proposals=200 * COUNT).items():
            samples, figures = drawn(name, drawer(model.propose, ratio, sampler, COUNT, BATCH))
            np.save(workdir / f"{estimator} {name}.npy", samples)
            done.append(dict(estimator=estimator, sampler=name, seconds=fit_seconds) | figures)
            logging.info("%s seed %d: %s", model_name, seed, done[-1])
    return done


def table(done: dict[str, list[list[dict]]]) -> str:
    header = [
        "model",
        "estimator",
        "sampler",
        "modes",
        "high quality",
        "std",
        "jsd",
        "acceptance",
        "proposals per sample",
    ]
    header += ["seconds to train or fit", "seconds to sample"]
    lines = []
    for model, seeds in done.items():
        for of_seeds in zip(*seeds, strict=True):
            columns = [*FIGURES, "acceptance", "pps", "seconds", "sampling_seconds"]
            digits = {"high_quality": 5, "seconds": 2, "sampling_seconds": 2}
            values = {name: [row[name] for row in of_seeds if not math.isnan(row[name])] for name in columns}
            figures = [spread(values[name], digits.get(name, 3)) if values[name] else "-" for name in columns]
            lines.append([model, of_seeds[0]["estimator"], of_seeds[0]["sampler"], *figures])
    return markdown(header, lines)


def choice(done: dict[str, list[list[dict]]]) -> str:
    """For each entry the estimator of the lowest jsd on the validation draws at K = 2; its figures on the others."""
    said = []
    for model, seeds in done.items():
        at_two = [[row for row in rows if row["sampler"] == CHOSEN_BY] for rows in seeds]
        of_estimator = {rows[0]["estimator"]: rows for rows in zip(*at_two, strict=True)}
        best = min(of_estimator, key=lambda name: np.mean([row["jsd_validation"] for row in of_estimator[name]]))
        chosen = {name: spread([row[name] for row in of_estimator[best]], 4) for name in (*FIGURES, "pps")}
        said.append(
            f"- `{model}`: lowest jsd on the validation draws at K = 2 by `{best}`; on the others {chosen['modes']} "
            f"modes, {chosen['high_quality']} of high quality, jsd {chosen['jsd']}, {chosen['pps']} proposals a sample."
        )
    return "\n".join(said)


def scatter(model: str) -> None:
    """Seed 0 of one entry: the generator alone, the paper's DRS and the budget of 2, side by side."""
    workdir = Path(_workdir.value) / f"{model}-0"
    names = ("generate", "refit drs 80", "refit obrs K = 2")
    plots = [pictures.scatter(np.load(workdir / f"{name}.npy")) for name in names]
    pictures.write_png(_picture.value, np.concatenate(plots, axis=1))


def main(argv):
    del argv
    logging.set_verbosity(logging.INFO)
    done = {
        model: [
            cached(Path(_workdir.value) / f"{model}-{seed}.json", lambda m=model, s=seed: rows(m, s))
            for seed in range(_seeds.value)
        ]
        for model in _models.value
    }
    scatter(_models.value[-1])
    text = (
        f"## Samplers on 25 Gaussians\n\n`python benchmarks/toy_25_gaussians.py`\n\n{_seeds.value} seeds, mean ± "
        f"standard deviation; {COUNT:,} samples a row. `wgan_gp` is deliberately short ({STEPS['wgan_gp']} steps). "
        f"Exact samples: 25 modes, .9997, .0499, jsd .0006.\n\n{choice(done)}\n\n{table(done)}"
    )
    write_section("toy_25_gaussians", text)
    print(text)


if __name__ == "__main__":
    app.run(main)
