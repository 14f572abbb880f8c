"""A run in an experiment tracker, beside TensorBoard: MLflow, Weights & Biases or Trackio (`config.tracker`).

A tracker gets the config as parameters, every point of TensorBoard's curves by the same name and step, the sample
pictures, and the figures of `metrics.json` as `final/SAMPLER/METRIC`. Where it keeps them is set by its own environment
variables, such as MLFLOW_TRACKING_URI; without them it is a store on this machine, or for wandb what `wandb login` and
WANDB_MODE say.

The workdir's `tracker.json` says which run of the tracker is this run, so that a resumed run goes on in it.
"""

import contextlib
import importlib.util
import json
import math
import numbers
import os
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ml_collections import ConfigDict

from ganzoo.errors import GanzooError, install_hint
from ganzoo.files import write_json
from ganzoo.zoo.values import flat

if TYPE_CHECKING:
    import numpy as np

FILE = "tracker.json"
PROJECT = "ganzoo"  # unless the tracker's own environment variable names another
NONE = "none"


class Tracker(Protocol):
    """One run of a tracker.

    Attributes:
        id: by which the tracker finds the run again.
    """

    id: str

    def scalars(self, step: int, values: Mapping[str, float]) -> None: ...

    def picture(self, step: int, name: str, picture: "np.ndarray") -> None:
        """Adds a picture, uint8 [height, width, 1 or 3]."""

    def close(self) -> None:
        """Ends the run until it is opened again."""


class MLflow:
    """A run of MLflow, by its client, which leaves the active run of the process alone."""

    def __init__(self, name: str, run: str | None, parameters: Mapping[str, object]):
        from mlflow import MlflowClient
        from mlflow.entities import Param

        self._client = MlflowClient()
        if run is None:
            project = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
            experiment = self._client.get_experiment_by_name(project)
            where = experiment.experiment_id if experiment else self._client.create_experiment(project)
            run = self._client.create_run(where, run_name=name).info.run_id
            params = [Param(key, str(value)) for key, value in parameters.items()]
            for first in range(0, len(params), 100):  # more are refused
                self._client.log_batch(run, params=params[first : first + 100])
        else:
            self._client.update_run(run, status="RUNNING")
        self.id = run

    def scalars(self, step, values):
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        self._client.log_batch(self.id, metrics=[Metric(name, value, now, step) for name, value in values.items()])

    def picture(self, step, name, picture):
        self._client.log_image(self.id, _rgb(picture), key=name, step=step, synchronous=True)

    def close(self):
        self._client.set_terminated(self.id)


class WeightsAndBiases:
    """A run of Weights & Biases. In its offline mode each start writes a folder of its own with the run's id."""

    def __init__(self, name: str, run: str | None, parameters: Mapping[str, object]):
        import wandb

        project = os.environ.get("WANDB_PROJECT", PROJECT)
        self._package = wandb
        self._run = wandb.init(
            project=project, name=name, id=run, resume="allow", config=dict(parameters), reinit="create_new"
        )
        # A point of a step that has gone by is refused unless the step is a value like all others.
        self._run.define_metric("step")
        self._run.define_metric("*", step_metric="step")
        self.id = self._run.id

    def scalars(self, step, values):
        self._run.log({**values, "step": step})

    def picture(self, step, name, picture):
        self._run.log({name: self._package.Image(_rgb(picture)), "step": step})

    def close(self):
        self._run.finish()


class Trackio:
    """A run of Trackio, found again by its name, which has a random end."""

    def __init__(self, name: str, run: str | None, parameters: Mapping[str, object]):
        import trackio

        project = os.environ.get("TRACKIO_PROJECT", PROJECT)
        self._package = trackio
        self.id = run or f"{name}-{uuid.uuid4().hex[:8]}"
        how = "must" if run else "never"
        self._run = trackio.init(project=project, name=self.id, resume=how, config=dict(parameters), embed=False)

    def scalars(self, step, values):
        self._run.log(dict(values), step=step)

    def picture(self, step, name, picture):
        self._run.log({name: self._package.Image(_rgb(picture))}, step=step)

    def close(self):
        self._run.finish()


TRACKERS = {"mlflow": MLflow, "wandb": WeightsAndBiases, "trackio": Trackio}


def check(name: str) -> None:
    """
    Raises:
        GanzooError: for a tracker whose package is not installed.
    """
    if name != NONE and not _is_installed(name):
        raise GanzooError(
            f"config.tracker is '{name}', whose package is not installed: {install_hint(name)}. "
            "TensorBoard's curves are written without it."
        )


@contextlib.contextmanager
def opened(config: ConfigDict, workdir: Path) -> Iterator[Tracker | None]:
    """The run of `config.tracker` for the block: begun, or gone on with if the workdir has begun one; None for none.

    Args:
        config: a resolved recipe.
        workdir: the run's folder.

    Raises:
        GanzooError: without the tracker's package, and if it refuses the run.
    """
    name = config.tracker
    if name == NONE:
        yield None
        return
    check(name)
    path = workdir / FILE
    before = json.loads(path.read_text()) if path.exists() else {}
    title = f"{config.name}-{config.dataset}-{config.seed}"
    parameters = dict(flat(config.to_dict()))
    try:
        tracker = TRACKERS[name](title, before.get(name), parameters)
    except Exception as error:  # each package has errors of its own
        raise GanzooError(
            f"config.tracker is '{name}', which could not begin: {first_line(error)}. Set it up by its own commands "
            f"and environment variables, or leave --config.tracker out."
        ) from error
    write_json(path, before | {name: tracker.id})
    try:
        yield tracker
    finally:
        try:
            tracker.close()
        except Exception as error:
            print(f"ganzoo: {name} did not end the run ({first_line(error)}).", file=sys.stderr)


def finish(config: ConfigDict, workdir: Path, metrics: Mapping) -> None:
    """Adds the figures of `metrics.json` at the last step, as `final/SAMPLER/METRIC`. A tracker that fails is noted."""
    try:
        with opened(config, workdir) as tracker:
            if tracker is not None:
                tracker.scalars(config.steps, {f"final/{key}": value for key, value in numbers_of(metrics).items()})
    except Exception as error:  # each package has errors of its own, and the run has ended
        print(f"ganzoo: the tracker did not get the figures ({first_line(error)}).", file=sys.stderr)


def numbers_of(metrics: Mapping) -> dict[str, float]:
    """The finite numbers of nested figures, each by its path: `drs/acceptance_rate`, or `a_to_b/real/fd_uci1k`.

    MLflow refuses the comma of a translator's rows, such as "a_to_b, real".
    """
    found = {
        key.replace(".", "/").replace(", ", "/"): value
        for key, value in flat(metrics)
        if isinstance(value, numbers.Real)
    }
    return {key: float(value) for key, value in found.items() if math.isfinite(value)}


def _rgb(picture: "np.ndarray") -> "np.ndarray":
    """uint8 [height, width, 3], which every tracker takes."""
    import numpy as np

    return np.broadcast_to(picture, (*picture.shape[:2], 3)).copy()


def first_line(error: Exception) -> str:
    """The first line of an error's message without its full stop, or its class's name."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # of a module that is None, as where it is blocked
        return False
