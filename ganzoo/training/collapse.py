"""Notices mode collapse while there is time to stop: fakes that have become alike after they were not."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from scipy.spatial.distance import pdist
from tqdm import tqdm

from ganzoo.data.reals import Reals, to_float
from ganzoo.evaluation.mode_coverage import assign_modes
from ganzoo.files import write_json
from ganzoo.training.callbacks import EverySteps

COUNT = 256  # fakes looked at: their mean distance is known to a few percent, and one batch makes them

# Both measures of diversity are 1 for reals. An untrained generator is often nearly constant, and one that learns
# wavers; so fakes have collapsed only if they were diverse once, and are not at two checks in a row.
DIVERSE = 0.5  # of what reals have; two pictures in turn have half of their mean distance
KEPT = 0.6  # of its own best, where a generator that hovers about DIVERSE stays above
IN_A_ROW = 2

# A cloud that knows nothing of modes has some points in each of them, so that a mode takes more than one.
SHARE = 0.25  # of the samples that an even mixture has in a mode

Checks = Mapping[int, Mapping[str, float]]


class Collapse(NamedTuple):
    """A measure that fell."""

    step: int  # at which it is sure
    measure: str  # "spread" or "modes"
    value: float
    best_step: int
    best: float


class CollapseWarning(EverySteps):
    """Says once per run, on standard error, that fakes seem to have collapsed.

    Two measures, TensorBoard's `fakes_spread` and `fakes_modes`: the mean distance between two fakes of the averaged
    generator, as a share of that between two reals; and on a mixture the share of its modes that fakes are in. All
    checks stand in `diversity.json` of the workdir, so that a resumed run knows of the best before it, and of what has
    been said.

    Args:
        every: steps.
        steps: of the whole training.
        workdir: of the run.
        writer: of TensorBoard's scalars.
        reals: the training part, in random order.
    """

    def __init__(self, every: int, steps: int, workdir: Path, writer: tf.summary.SummaryWriter, reals: Reals):
        super().__init__(every, steps)
        self.writer, self.mixture = writer, reals.mixture
        self._path = workdir / "diversity.json"
        self._distance = mean_distance(to_float(reals.samples[:COUNT]))

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        done = json.loads(self._path.read_text()) if self._path.exists() else {}
        self._checks = {int(step): found for step, found in done.items() if int(step) <= self._step}

    def at(self, step, logs):
        fakes = self.model.sample(COUNT, seed=0)
        if not np.isfinite(fakes).all():
            return  # the next step's loss will not be finite either, and Guard stops there
        self._checks[step] = found = self._diversity(fakes)
        write_json(self._path, self._checks)
        with self.writer.as_default(step):
            for measure, value in found.items():
                tf.summary.scalar(f"fakes_{measure}", value)
        collapse = first_collapse(self._checks)
        if collapse and collapse.step == step:
            tqdm.write(self._words(collapse), file=sys.stderr)

    def _diversity(self, fakes: np.ndarray) -> dict[str, float]:
        found = {"spread": mean_distance(fakes) / self._distance}
        if self.mixture is not None:
            found["modes"] = modes_share(fakes, self.mixture.centers, self.mixture.sigma)
        return found

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
    """The first in a run's checks, {step: {measure: value}}; None where there is none.

    A measure has collapsed once it has been below DIVERSE and below KEPT of its best before, itself at least DIVERSE,
    at IN_A_ROW checks.
    """
    best: dict[str, tuple[float, int]] = {}
    low: dict[str, int] = {}
    for step, found in sorted(checks.items()):
        for measure, value in found.items():
            most, at_step = best.get(measure, (0.0, step))
            fell = most >= DIVERSE and value < min(DIVERSE, KEPT * most)
            low[measure] = low.get(measure, 0) + 1 if fell else 0
            if low[measure] == IN_A_ROW:
                return Collapse(step, measure, value, at_step, most)
            if value > most:
                best[measure] = (value, step)
    return None


def mean_distance(samples: np.ndarray) -> float:
    """The mean Euclidean distance between two different ones of samples [n, ...]."""
    return float(pdist(samples.reshape(len(samples), -1)).mean())


def modes_share(samples: np.ndarray, centers: np.ndarray, sigma: float) -> float:
    """The share of a mixture's modes with at least a quarter of the samples that it would have if all were even."""
    modes = len(centers)
    counts = np.bincount(assign_modes(samples, centers, sigma), minlength=modes + 1)[:modes]
    return float(np.mean(counts >= SHARE * len(samples) / modes))
