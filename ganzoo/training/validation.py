"""Measures the generator during the training, keeps its best checkpoint, and ends a run that no longer improves."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ml_collections import ConfigDict
from tqdm import tqdm

from ganzoo.bases.stepped import TwoOptimizerModel
from ganzoo.errors import GanzooError
from ganzoo.files import write_json
from ganzoo.training.callbacks import EverySteps, StopOnSignal
from ganzoo.training.checkpoints import best
from ganzoo.training.record import Record

FILE = "validation.json"
PLATEAU = 5  # measurements in a row without a better one, after which a run says that it has stopped improving


class History(NamedTuple):
    """The measurements of a run so far.

    Attributes:
        metric: what was measured; lower is better.
        values: the number at each measured step, in the order of the steps.
    """

    metric: str
    values: dict[int, float]

    @property
    def best(self) -> int | None:
        """The step of the lowest number, the earlier of two equal ones; None without a measurement."""
        return min(self.values, key=self.values.get, default=None)

    @property
    def since_best(self) -> int:
        """The number of measurements after the best one."""
        return sum(step > self.best for step in self.values)

    def is_over(self, patience: int) -> bool:
        """Whether there was no better measurement in the last `patience` ones; a patience of 0 never ends."""
        return 0 < patience <= self.since_best


def history(workdir: Path) -> History | None:
    """The measurements of the run in a folder; None if it has none.

    Raises:
        GanzooError: if the file is not what a run writes.
    """
    path = workdir / FILE
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text())
        values = {int(step): float(value) for step, value in stored["values"].items()}
        return History(str(stored["metric"]), dict(sorted(values.items())))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise GanzooError(
            f"{path} is not what a run writes ({error}). Remove it, and the run measures anew."
        ) from error


class Watch(EverySteps):
    """Measures the averaged generator every `config.evaluate_every` steps, and keeps the best checkpoint.

    `validation.json` has all measurements, and the record the curve. A resumed run goes on with the measurements up to
    its step, so that it ends as an uninterrupted one. The best checkpoint is written before its measurement: a run that
    is killed between the two measures again.

    Args:
        config: a resolved recipe.
        workdir: the run's folder.
        record: where the curve goes.
        model: whose averaged generator is measured, at the step where the run goes on.
        distance: samples -> a metric's name and its value; lower is better.
        stop: the callback that ends the training on all hosts.

    Attributes:
        is_over: whether `config.patience` measurements in a row were no better.
    """

    def __init__(
        self,
        config: ConfigDict,
        workdir: Path,
        record: Record,
        model: TwoOptimizerModel,
        distance: Callable[[np.ndarray], tuple[str, float]],
        stop: StopOnSignal,
    ):
        super().__init__(config.evaluate_every, config.steps)
        self.count, self.patience = config.evaluation.validation_samples, config.patience
        self.workdir, self.record, self.distance, self.stop = workdir, record, distance, stop
        self._sample, self._best = model.sample, best(workdir, model)
        before = history(workdir) or History("", {})
        step = model.steps_taken
        self.history = History(before.metric, {at: value for at, value in before.values.items() if at <= step})

    @property
    def is_over(self) -> bool:
        return self.history.is_over(self.patience)

    def at(self, step, logs):
        samples = self._sample(self.count)
        if not np.isfinite(samples).all():
            return  # the next step's loss will not be finite either, and Guard stops there
        metric, value = self.distance(samples)
        values = self.history.values if metric == self.history.metric else {}
        self.history = History(metric, values | {step: value})
        if self.history.best == step:
            self._best.save()
        write_json(self.workdir / FILE, self.history._asdict())
        self.record.scalars(step, {f"validation/{metric}": value})
        if self.is_over:
            tqdm.write(f"ganzoo: the training ends at step {step}: {self._words()} (config.patience).", file=sys.stderr)
            self.stop.end()
        elif self.history.since_best == PLATEAU:
            ends = "Ctrl-C stops the run; --config.patience ends such a run by itself."
            tqdm.write(f"ganzoo: at step {step} {self._words()}. {ends}", file=sys.stderr)

    def _words(self) -> str:
        best, since = self.history.best, self.history.since_best
        value = self.history.values[best]
        return f"no better than at step {best} ({self.history.metric} {value:.3g}) in {since} measurements"


def restore_exported(model: TwoOptimizerModel, workdir: Path, config: ConfigDict) -> History | None:
    """Restores the best checkpoint if the run exports it, and gives the run's measurements; None if it has none.

    Args:
        model: the model at its last step.
        workdir: the run's folder.
        config: a resolved recipe.
    """
    measured = history(workdir) if config.get("evaluate_every") else None
    if measured is None or measured.best is None:
        return None
    if config.export == "best":
        best(workdir, model).restore()
    return measured


def choose(model: TwoOptimizerModel, workdir: Path, config: ConfigDict) -> dict[str, object]:
    """Restores the checkpoint that the run exports, `config.export`, and says which it is.

    Args:
        model: the trained model at its last step.
        workdir: the run's folder.
        config: a resolved recipe.

    Returns:
        Facts for the export's config.json: `step`, the step of its weights. Of a run that measured itself also
        `trained_steps`, `checkpoint` ("best" or "last"), and `validation`, the metric's value at that step.
    """
    trained = model.steps_taken
    measured = restore_exported(model, workdir, config)
    if measured is None:
        return {"step": trained}
    step = model.steps_taken
    value = measured.values.get(step)
    shown = "" if value is None else f": {measured.metric} {value:.3g}"
    last = measured.values.get(trained)
    beside = f", {last:.3g} at the last step {trained}" if last is not None and step != trained else ""
    print(f"exporting step {step}, the {config.export} of {len(measured.values)} measured checkpoints{shown}{beside}")
    facts = {"step": step, "trained_steps": trained, "checkpoint": config.export}
    return facts | ({} if value is None else {"validation": {measured.metric: value}})
