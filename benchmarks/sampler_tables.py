"""What the two sampler benchmarks share: a trained entry, its estimators and samplers as rows, and RESULTS.md."""

import json
import math
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from ganzoo import density_ratio, registry
from ganzoo.data import load, reals
from ganzoo.data.parts import Parts, split
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.models.base import AdversarialModel
from ganzoo.sampling import drs, mh, obrs, rejection
from ganzoo.sampling.proposals import burn_in
from ganzoo.training import loop, workdirs

ESTIMATORS = ("discriminator", "refit", "smoothed", "combined")
RESULTS = Path(__file__).parents[1] / "RESULTS.md"
BURN_IN_SEED = (11, 3)

Row = dict[str, float | str]


def trained(config: ConfigDict, workdir: Path) -> tuple[AdversarialModel, Parts, float]:
    """The model that a config describes, trained in `workdir` or gone on with there; its data; the seconds it took, nan
    where it was not trained in one go."""
    keras.utils.set_random_seed(config.seed)
    parts = split(load(config.dataset, **config.data))
    model = registry.from_config(config, parts.train.shape)
    loop.ready(model, parts.train.samples, config)
    workdirs.claim(workdir, {"config": config.to_dict(), "split": parts.describe()}, resume=True)
    start = time.perf_counter() if not (workdir / "checkpoints").exists() else math.nan
    if not loop.train(model, parts.train.samples, config, workdir):
        raise SystemExit(f"stopped at step {model.steps_taken} of {config.steps}; start again to go on")
    return model, parts, time.perf_counter() - start


def estimates(model: AdversarialModel, parts: Parts, config: ConfigDict) -> Iterable[tuple[str, DensityRatio, float]]:
    """Each estimator that the objective allows, by name, fitted on the ratio part, and the seconds it took; at last the
    recipe's own where that is tempered. Without a log ratio of the discriminator's own, `combined` is the `refit`."""
    held_out, factor = reals.to_float(parts.ratio.samples), config.ratio.tempering
    for name in ESTIMATORS:
        if name in ("discriminator", "combined") and not model.logits_are_log_ratio:
            continue
        options = config.ratio.to_dict() | dict(estimator=name, tempering=1.0)
        start = time.perf_counter()
        ratio = density_ratio.for_export(model, held_out, options=options, seed=config.seed)
        yield name, ratio, time.perf_counter() - start
        if name == config.ratio.estimator and factor != 1.0:
            tempered = DensityRatio(lambda samples, ratio=ratio: factor * ratio(samples), factor * ratio.held_out)
            yield f"{name}, tempered {factor}", tempered, time.perf_counter() - start


def samplers(chain_length: int, max_proposals: int) -> dict[str, Callable]:
    """The samplers by the name of their row: (propose, log_ratio, burn_in, starts, n, seed, batch_size) -> draws."""

    def rejecting(function, **rule):
        def draw(propose, log_ratio, ascending, starts, n, seed, batch_size):
            given = {name: value(ascending) if callable(value) else value for name, value in rule.items()}
            given |= dict(seed=seed, batch_size=batch_size, max_proposals=max_proposals)
            return function(propose, log_ratio, n, **given)

        return draw

    def chains(propose, log_ratio, ascending, starts, n, seed, batch_size):
        options = dict(chain_length=chain_length, batch_size=batch_size, max_chains=n)
        return mh.metropolis_hastings(propose, log_ratio, n, seed=seed, start_log_ratios=starts, **options)

    everything = lambda ascending: ascending  # noqa: E731
    return {
        "rejection, M at 99.9 %": rejecting(rejection.rejection, log_ratio_max=lambda a: drs.percentile(a, 99.9)),
        "drs 80": rejecting(drs.discriminator_rejection, burn_in=everything, gamma_percentile=80.0),
        "drs 80, M at 99.9 %": rejecting(
            drs.discriminator_rejection, burn_in=everything, gamma_percentile=80.0, maximum_percentile=99.9
        ),
        "obrs K = 2": rejecting(obrs.budgeted_rejection, burn_in=everything, budget=2.0),
        "obrs K = 5": rejecting(obrs.budgeted_rejection, burn_in=everything, budget=5.0),
        f"mh K = {chain_length}": chains,
    }


def drawer(propose, ratio: DensityRatio, sampler: Callable, n: int, batch_size: int) -> Callable:
    """seed int32 [2] -> draws, one graph with the burn-in done beforehand."""
    draw_burn_in = tf.function(burn_in, autograph=False)
    ascending = draw_burn_in(propose, ratio, 10_000, seed=tf.constant(BURN_IN_SEED), batch_size=batch_size)
    return tf.function(
        lambda seed: sampler(propose, ratio, ascending, ratio.held_out, n, seed, batch_size), autograph=False
    )


def cached(path: Path, rows: Callable[[], list[Row]]) -> list[Row]:
    """The rows in a JSON file, made and written there if it is not there yet: a benchmark that was stopped goes on."""
    if not path.exists():
        workdirs.write_json(path, rows())
    return json.loads(path.read_text())


def spread(values: list[float], digits: int = 3) -> str:
    """Mean and standard deviation over the seeds."""
    values = np.array(values, float)
    deviation = f" ± {values.std(ddof=1):.{digits}g}" if len(values) > 1 else ""
    return f"{values.mean():.{digits + 1}g}{deviation}"


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table for RESULTS.md."""
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, ["---"] * len(header), *rows])


def write_section(name: str, text: str, path: Path = RESULTS) -> None:
    """Puts text between the section's markers in RESULTS.md, where they are or at the end."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before = path.read_text() if path.exists() else "# Results\n"
    section = f"{begin}\n{text.strip()}\n{end}"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    after = pattern.sub(lambda _: section, before) if begin in before else f"{before.rstrip()}\n\n{section}\n"
    path.write_text(after)
