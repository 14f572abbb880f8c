"""The common code of the two sampler benchmarks: a trained entry, its estimators and samplers as rows, RESULTS.md."""

import functools
import json
import math
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl import logging
from ml_collections import ConfigDict

from benchmarks.measuring import Figure
from ganzoo import files, models
from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.data import reals
from ganzoo.data.loading import load_parts
from ganzoo.data.parts import Parts
from ganzoo.density_ratio import fitting
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.sampling import drs, mh, obrs, rejection
from ganzoo.sampling.proposals import burn_in
from ganzoo.tasks import latents, workdirs

TEMPERING = 0.5
RESULTS = Path(__file__).parents[1] / "RESULTS.md"
BURN_IN_SEED = (11, 3)

Row = dict[str, float | str]


def trained(config: ConfigDict, workdir: Path) -> tuple[AdversarialModel, Parts, float]:
    """Trains the model that a config describes in `workdir`, or resumes its training there.

    Returns:
        The model, its data, and the training's seconds, nan if it was not trained in one go.
    """
    keras.utils.set_random_seed(config.seed)
    parts = load_parts(config.dataset, **config.data)
    model = models.from_config(config, parts.train.shape)
    latents.ready(model, parts, config)
    with workdirs.held(workdir):
        workdirs.claim(workdir, {"config": config.to_dict(), "split": parts.describe()}, resume=True)
        start = time.perf_counter() if not (workdir / "checkpoints").exists() else math.nan
        if not latents.train(model, parts, config, workdir):
            raise SystemExit(f"stopped at step {model.steps_taken} of {config.steps}; start again to go on")
        return model, parts, time.perf_counter() - start


def estimator_names(config: ConfigDict) -> list[str]:
    """The estimators that the objective allows, the best last.

    If the discriminator's logits are no log ratio, `combined` would equal `refit` and is left out.
    """
    own = models.model_class(config.name).logits_are_log_ratio
    return ["discriminator", "refit", "smoothed", "combined"] if own else ["smoothed", "refit"]


def tempered(name: str) -> str:
    """The name of an estimator whose log ratio is halved."""
    return f"{name}, tempered {TEMPERING}"


def estimates(
    model: AdversarialModel, parts: Parts, config: ConfigDict, chosen: set[str]
) -> Iterable[tuple[str, DensityRatio, float]]:
    """The chosen estimators of `estimator_names`, plain or tempered, fitted on the ratio part.

    Yields:
        The estimator's name, its ratio, and the seconds of its fit. An estimator that builds on an earlier fit does not
        count its time again.
    """
    held_out, options = reals.to_float(parts.ratio.samples), config.ratio.to_dict() | dict(tempering=1.0)
    names = [name for name in estimator_names(config) if chosen & {name, tempered(name)}]
    known = dict(training=parts.train.samples, options=options, seed=config.seed)
    ratios = fitting.by_each(names, model, held_out, parts.ratio.labels, **known)
    for name in names:
        start = time.perf_counter()
        ratio = next(ratios)
        seconds = time.perf_counter() - start
        if name in chosen:
            yield name, ratio, seconds
        if tempered(name) in chosen:
            half = DensityRatio(lambda samples, ratio=ratio: TEMPERING * ratio(samples), TEMPERING * ratio.held_out)
            yield tempered(name), half, seconds


def rejecting(function: Callable, max_proposals: int, **rule) -> Callable:
    """A rejection sampler as (propose, log_ratio, burn_in, starts, n, seed, batch_size) -> draws.

    Args:
        function: the sampler.
        max_proposals: its bound.
        **rule: further arguments of the sampler. A function among them is called with the burn-in, and its result is
            the argument.
    """

    def draw(propose, log_ratio, ascending, starts, n, seed, batch_size):
        arguments = {name: value(ascending) if callable(value) else value for name, value in rule.items()}
        arguments |= dict(seed=seed, batch_size=batch_size, max_proposals=max_proposals)
        return function(propose, log_ratio, n, **arguments)

    return draw


def whole(ascending: tf.Tensor) -> tf.Tensor:
    """The burn-in as it is."""
    return ascending


def samplers(chain_length: int, max_proposals: int) -> dict[str, Callable]:
    """The samplers by the names of their rows, with the arguments of `rejecting`'s samplers."""
    by_drs = functools.partial(rejecting, drs.discriminator_rejection, max_proposals, burn_in=whole)
    by_budget = functools.partial(rejecting, obrs.budgeted_rejection, max_proposals, budgets=obrs.budgets_of)
    maximum = functools.partial(drs.percentile, percent=99.9)

    def chains(propose, log_ratio, ascending, starts, n, seed, batch_size):
        options = dict(chain_length=chain_length, batch_size=batch_size, max_chains=n)
        return mh.metropolis_hastings(propose, log_ratio, n, seed=seed, start_log_ratios=starts, **options)

    return {
        "rejection, M at 99.9 %": rejecting(rejection.rejection, max_proposals, log_ratio_max=maximum),
        "drs 80": by_drs(gamma_percentile=80.0),
        "drs 80, M at 99.9 %": by_drs(gamma_percentile=80.0, maximum_percentile=99.9),
        "obrs K = 2": by_budget(budget=2.0),
        "obrs K = 5": by_budget(budget=5.0),
        f"mh K = {chain_length}": chains,
    }


def drawer(propose, ratio: DensityRatio, sampler: Callable, n: int, batch_size: int) -> Callable:
    """seed int32 [2] -> draws, as one graph; the burn-in is drawn beforehand."""
    draw_burn_in = tf.function(burn_in, autograph=False)
    ascending = draw_burn_in(propose, ratio, 10_000, seed=tf.constant(BURN_IN_SEED), batch_size=batch_size)
    return tf.function(
        lambda seed: sampler(propose, ratio, ascending, ratio.held_out, n, seed, batch_size), autograph=False
    )


def completed(path: Path, expected: list[tuple[str, str]], rows: Callable[[set], Iterable[Row]]) -> list[Row]:
    """The rows of a JSON file in the expected order. Missing rows are made first, so that a stopped benchmark resumes.

    Args:
        path: the file, written after each row.
        expected: (estimator, sampler) of each row.
        rows: makes the rows of the given (estimator, sampler) pairs.
    """
    done = {(row["estimator"], row["sampler"]): row for row in json.loads(path.read_text())} if path.exists() else {}
    if missing := set(expected) - done.keys():
        for row in rows(missing):
            done[row["estimator"], row["sampler"]] = row
            logging.info("%s: %s", path.stem, row)
            files.write_json(path, list(done.values()))
    return [done[pair] for pair in expected]


def figure(value: float) -> str:
    """A measured number in a table: a float with three digits, a count as it is, `-` if it is not finite.

    >>> figure(0.99873), figure(1.0), figure(45.72), figure(26_123.4), figure(10_001), figure(math.nan)
    ('0.999', '1.00', '45.7', '26,100', '10,001', '-')
    """
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return "-"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.{places(rounded)}f}"


def places(value: float) -> int:
    """The number of decimals that show a number's first three digits."""
    return max(2 - math.floor(math.log10(abs(value))), 0) if value else 0


def spread(values: list[float]) -> str:
    """Mean and standard deviation over the seeds; a deviation below the mean's last digit is left out.

    >>> spread([24, 25, 25]), spread([25, 25, 25]), spread([0.9984, 0.999, 0.9988])
    ('24.7 ± 0.6', '25', '0.999')
    """
    mean = float(np.mean(values))
    if not math.isfinite(mean):
        return "-"
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    if not deviation:
        return figure(int(mean) if mean.is_integer() else mean)
    decimals = min(places(float(f"{number:.3g}")) for number in (mean or deviation, deviation))
    shown = f"{float(f'{deviation:.3g}'):,.{decimals}f}"
    return f"{figure(mean)} ± {shown}" if shown.strip("0.") else figure(mean)


def with_error(shown: Figure) -> str:
    """A figure with three digits, and its standard error behind ±."""
    return f"{figure(shown.value)} ± {figure(shown.error)}"


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table for RESULTS.md."""
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, ["---"] * len(header), *rows])


def write_section(name: str, text: str, path: Path = RESULTS) -> None:
    """Writes text between the section's markers in RESULTS.md; a section without markers is added at the end."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before = path.read_text() if path.exists() else "# Results\n"
    section = f"{begin}\n{text.strip()}\n{end}"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    after = pattern.sub(lambda _: section, before) if begin in before else f"{before.rstrip()}\n\n{section}\n"
    path.write_text(after)
