"""What a run has left in its workdir, read without its data and without loading its model."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.pictures.drawing import sample_pictures
from ganzoo.serving.exported import Exported, holds_export
from ganzoo.tasks import workdirs
from ganzoo.training import validation
from ganzoo.training.validation import History

COSTS = "costs.json"
Points = dict[int, float]  # a curve: the value at each step, in the order of the steps


class Run(NamedTuple):
    """A run as its workdir has it.

    Attributes:
        workdir: the run's folder.
        config: the resolved recipe, as plain JSON.
        split: sizes and hashes of the data's parts.
        plugins: paths of the user's own files.
        metrics: of the export, `metrics.json`; None if the run is not measured yet.
        exported: `assets/config.json` of the newest export; None without an export.
        curves: from TensorBoard's event files, by tag; a value that is not finite is NaN or infinite here, too.
        seconds: of the training, from its first step to the last record, summed over all starts.
        validation: the measurements during the training; None without one.
        pictures: the sample pictures by step, in order.
        costs: one entry for each start that ended by itself, `{"seconds": {part: s}, "peak_memory_mb": MB}`.
        problems: what could not be read, in sentences.
    """

    workdir: Path
    config: dict
    split: dict
    plugins: list[str]
    metrics: dict | None
    exported: dict | None
    curves: dict[str, Points]
    seconds: float
    validation: History | None
    pictures: dict[int, Path]
    costs: list[dict]
    problems: list[str]

    @property
    def entry(self) -> str:
        """The model and the data, such as "wgan_gp on mnist_5k"."""
        return f"{self.config['name']} on {self.config['dataset']}"

    @property
    def is_translator(self) -> bool:
        return self.config.get("task") == "translation"

    @property
    def step(self) -> int:
        """The last step on record."""
        steps = [0, *self.pictures, *(step for curve in self.curves.values() for step in curve)]
        steps += list(self.validation.values) if self.validation else []
        if self.exported:
            steps.append(self.exported.get("trained_steps", self.exported.get("step", 0)))
        return max(steps)

    @property
    def measured_step(self) -> int | None:
        """The last step of the training that `metrics.json` is of; None if the run is not measured yet."""
        if self.metrics is None or self.exported is None:
            return None
        return self.exported.get("trained_steps", self.exported.get("step"))

    @property
    def peak_memory_mb(self) -> float | None:
        """The most memory of any start that ended by itself; None where nobody measured it."""
        return max((cost["peak_memory_mb"] for cost in self.costs if cost.get("peak_memory_mb")), default=None)


def read(workdir: str | Path) -> Run:
    """Reads a run's folder.

    Raises:
        GanzooError: if there is no such folder, if it holds no run, and for a file that no run writes.
    """
    workdir = Path(workdir)
    if not workdir.is_dir():
        raise GanzooError(f"there is no folder {workdir}. Give the folder of a run, such as runs/wgan_gp-mnist_5k-0.")
    description = workdirs.described(workdir)
    config = description["config"]
    for key in ("name", "dataset", "steps", "seed"):
        if not isinstance(config, Mapping) or key not in config:
            raise GanzooError(f"{workdir / 'config.json'} is not what a run leaves: its `config` has no `{key}`.")
    problems: list[str] = []
    curves, seconds = _events(workdir, problems)
    return Run(
        workdir,
        dict(config),
        description["split"],
        list(description.get("plugins", [])),
        metrics_of(workdir),
        _export_facts(workdir, problems),
        curves,
        seconds,
        validation.history(workdir),
        sample_pictures(workdir),
        _json(workdir / COSTS) or [],
        problems,
    )


def metrics_of(workdir: Path) -> dict | None:
    """`metrics.json`, {row: {metric: value}}; None without one.

    Raises:
        GanzooError: if the file is not what a run writes.
    """
    path = workdir / "metrics.json"
    metrics = _json(path)
    if metrics is None:
        return None
    if not isinstance(metrics, dict) or not all(isinstance(row, dict) for row in metrics.values()):
        raise GanzooError(f"{path} is not what a run writes: expected rows of metrics. Remove it, and measure again.")
    return metrics


def _export_facts(workdir: Path, problems: list[str]) -> dict | None:
    if not holds_export(workdir / "export"):
        return None
    try:
        return Exported.describe(workdir / "export")
    except GanzooError as error:
        problems.append(str(error))
        return None


def _json(path: Path):
    if not path.exists():
        return None
    try:
        return json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise GanzooError(f"{path} is not JSON ({error}). Remove it, and give the run's command again.") from error


def _events(workdir: Path, problems: list[str]) -> tuple[dict[str, Points], float]:
    """The scalars of all event files by tag, and the seconds that the files span.

    A resumed run writes a file of its own, which replaces what earlier files have from its first step on.
    """
    curves: dict[str, Points] = {}
    seconds = 0.0
    for path in sorted(workdir.glob("events.out.tfevents.*"), key=_order):
        times, found = [], {}
        try:
            for time, tag, step, value in _scalars(path):
                times.append(time)
                if tag:
                    found.setdefault(tag, {})[step] = value
        except tf.errors.DataLossError:
            problems.append(f"{path.name} ends in the middle of a record, as after a power cut; the rest is shown.")
        seconds += max(times) - min(times) if times else 0.0
        first = min((step for curve in found.values() for step in curve), default=math.inf)
        for tag in curves:
            curves[tag] = {step: value for step, value in curves[tag].items() if step < first}
        for tag, curve in found.items():
            curves[tag] = dict(sorted((curves.get(tag, {}) | curve).items()))
    return {tag: curve for tag, curve in curves.items() if curve}, seconds


def _order(path: Path) -> tuple[int, str]:
    """Event files in the order of their starts: the name has the second."""
    second = path.name.split(".")[3]
    return (int(second) if second.isdigit() else 0), path.name


def _scalars(path: Path) -> Iterator[tuple[float, str, int, float]]:
    """(time, tag, step, value) of each scalar; of other records the time alone, with an empty tag."""
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        event = tf.compat.v1.Event.FromString(record)
        yield event.wall_time, "", event.step, 0.0
        for value in event.summary.value:
            shape = value.tensor.tensor_shape
            if value.HasField("tensor") and not shape.dim and value.tensor.dtype == tf.float32.as_datatype_enum:
                yield event.wall_time, value.tag, event.step, float(np.asarray(tf.make_ndarray(value.tensor)))
