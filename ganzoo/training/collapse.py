"""Warns of mode collapse during the training: fakes that were diverse have become alike."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import pdist
from tqdm import tqdm

from ganzoo.data.reals import Reals, to_float
from ganzoo.evaluation.mode_coverage import assign_modes
from ganzoo.files import write_json
from ganzoo.training.callbacks import EverySteps
from ganzoo.training.record import Record

COUNT = 256  # fakes in a check: one batch makes them, and their mean distance has an error of a few percent

# Both measures of diversity are 1 for reals. An untrained generator is often nearly constant, and a learning generator
# wavers. Fakes have therefore collapsed only if they were diverse once and are not diverse at two checks in a row.
DIVERSE = 0.5  # the least diversity of diverse fakes; two pictures in turn have half of the reals' mean distance
KEPT = 0.6  # the share of its best diversity that a generator keeps while it wavers about DIVERSE
IN_A_ROW = 2

# A cloud without modes has some points in every mode, so that one sample does not cover a mode.
SHARE = 0.25  # the share of an even mixture's samples in a mode that covers the mode

Checks = Mapping[int, Mapping[str, float]]


class Collapse(NamedTuple):
    """A measure that fell."""

    step: int  # the step of the second low check
    measure: str  # "spread" or "modes"
    value: float
    best_step: int
    best: float


class CollapseWarning(EverySteps):
    """Warns once per run, on standard error, that fakes seem to have collapsed.

    There are two measures among the curves. `fakes_spread` is the mean distance between two fakes of the averaged
    generator, divided by the mean distance between two reals. `fakes_modes` is the share of a mixture's modes that
    fakes cover. The workdir's `diversity.json` has all checks, so that a resumed run knows the earlier best values and
    does not warn again.

    Args:
        every: the number of steps between two checks.
        steps: the number of steps of the whole training.
        workdir: the run's folder.
        record: where the two measures go.
        reals: the training part, in random order.
    """

    def __init__(self, every: int, steps: int, workdir: Path, record: Record, reals: Reals):
        super().__init__(every, steps)
        self.record, self.mixture = record, reals.mixture
        self._path = workdir / "diversity.json"
        self._distance = mean_distance(to_float(reals.samples[:COUNT]))

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        done = json.loads(self._path.read_text()) if self._path.exists() else {}
        self._checks = {int(step): measures for step, measures in done.items() if int(step) <= self._step}

    def at(self, step, logs):
        fakes = self.model.sample(COUNT, seed=0)
        if not np.isfinite(fakes).all():
            return  # the next step's loss will not be finite either, and Guard stops there
        self._checks[step] = measures = self._diversity(fakes)
        write_json(self._path, self._checks)
        self.record.scalars(step, {f"fakes_{measure}": value for measure, value in measures.items()})
        collapse = first_collapse(self._checks)
        if collapse and collapse.step == step:
            tqdm.write(self._words(collapse), file=sys.stderr)

    def _diversity(self, fakes: np.ndarray) -> dict[str, float]:
        measures = {"spread": mean_distance(fakes) / self._distance}
        if self.mixture is not None:
            measures["modes"] = modes_share(fakes, self.mixture.centers, self.mixture.sigma)
        return measures

    def _words(self, collapse: Collapse) -> str:
        now, best = collapse.value, f"at step {collapse.best_step}"
        if collapse.measure == "modes":
            modes = len(self.mixture.centers)
            seen = f"fakes are in {now * modes:.0f} of the {modes} modes ({collapse.best * modes:.0f} {best})"
        else:
            seen = f"fakes are on average {now:.2f} times as far from each other as reals ({collapse.best:.2f} {best})"
        return (
            f"ganzoo: mode collapse at step {collapse.step}? {seen}. Look at samples/; Ctrl-C stops the run. "
            "A lower --config.optimizers.generator.learning_rate or another --seed may help, or r3gan or wgan_gp, "
            "which collapse less."
        )


def first_collapse(checks: Checks) -> Collapse | None:
    """The first collapse in a run's checks, {step: {measure: value}}, or None.

    A measure has collapsed if its best value was at least DIVERSE, and IN_A_ROW checks in a row are below DIVERSE and
    below KEPT times this best value.
    """
    best: dict[str, tuple[float, int]] = {}
    low: dict[str, int] = {}
    for step, measures in sorted(checks.items()):
        for measure, value in measures.items():
            most, at_step = best.get(measure, (0.0, step))
            fell = most >= DIVERSE and value < min(DIVERSE, KEPT * most)
            low[measure] = low.get(measure, 0) + 1 if fell else 0
            if low[measure] == IN_A_ROW:
                return Collapse(step, measure, value, at_step, most)
            if value > most:
                best[measure] = (value, step)
    return None


def mean_distance(samples: np.ndarray) -> float:
    """The mean Euclidean distance between two different samples of [n, ...]."""
    return float(pdist(samples.reshape(len(samples), -1)).mean())


def modes_share(samples: np.ndarray, centers: np.ndarray, sigma: float) -> float:
    """The share of a mixture's modes that have at least a quarter of an even share of the samples."""
    modes = len(centers)
    counts = np.bincount(assign_modes(samples, centers, sigma), minlength=modes + 1)[:modes]
    return float(np.mean(counts >= SHARE * len(samples) / modes))
