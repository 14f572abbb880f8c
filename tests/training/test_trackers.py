"""Runs in trackers: the stores of MLflow and Trackio and wandb's offline files hold what TensorBoard holds."""

import importlib.util
import json
import sqlite3
import struct
import sys

import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.training import trackers
from ganzoo.training.record import Record
from ganzoo.zoo.recipes import load_config
from tests import processes

PICTURE = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
METRICS = {"drs": {"fd_points": 1.5, "acceptance_rate": 0.25}, "floor": {"fd_points": float("nan")}, "note": "words"}


@pytest.fixture(params=["mlflow", "trackio", "wandb"])
def config(request, tmp_path, monkeypatch):
    """A recipe with a tracker whose store is the test's own; nothing is sent anywhere."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"the package {request.param} is not installed")
    monkeypatch.chdir(tmp_path)  # MLflow keeps its files below
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    if request.param == "trackio":
        from trackio import utils

        monkeypatch.setattr(utils, "TRACKIO_DIR", tmp_path / "trackio")
        for module in [module for name, module in sys.modules.items() if name.startswith("trackio.")]:
            if hasattr(module, "TRACKIO_DIR"):
                monkeypatch.setattr(module, "TRACKIO_DIR", tmp_path / "trackio")
    config = load_config("gan", "gaussians25")
    config.tracker = request.param
    return config


def of_mlflow(folder, run):
    """(parameters, {name: {step: value}}, number of pictures) of a run."""
    from mlflow import MlflowClient

    client = MlflowClient()
    found = client.get_run(run)
    assert found.info.status == "FINISHED"
    points = {
        name: {one.step: one.value for one in client.get_metric_history(run, name)} for name in found.data.metrics
    }
    pictures = [file for file in client.list_artifacts(run, "images") if file.path.endswith(".png")]
    return found.data.params, points, len(pictures)


def of_trackio(folder, run):
    with sqlite3.connect(folder / "trackio" / "ganzoo.db") as store:
        ((config,),) = store.execute("select config from configs where run_name = ?", [run])
        rows = store.execute("select step, metrics from metrics where run_name = ?", [run]).fetchall()
    points = {}
    for step, logged in rows:
        for name, value in json.loads(logged).items():
            points.setdefault(name, {})[step] = value
    pictures = points.pop("samples")
    for picture in pictures.values():
        assert (folder / "trackio" / "media" / picture["file_path"]).is_file()
    return {key: str(value) for key, value in json.loads(config).items()}, points, len(pictures)


def of_wandb(folder, run):
    """Each start has a file of its own, of the same run."""
    from wandb.proto import wandb_internal_pb2

    parameters, points, pictures = {}, {}, 0
    files = sorted(folder.glob(f"wandb/offline-run-*-{run}*/run-{run}.wandb"))
    assert len(files) == 3
    for file in files:
        for data in log_records(file.read_bytes()):
            record = wandb_internal_pb2.Record.FromString(data)
            for item in record.run.config.update:
                parameters[item.key] = str(json.loads(item.value_json))
            row = {item.key or item.nested_key[0]: item.value_json for item in record.history.item}
            pictures += "samples" in row
            for name, value in row.items():
                if not name.startswith("_") and name not in ("samples", "step"):
                    points.setdefault(name, {})[int(json.loads(row["step"]))] = json.loads(value)
    return parameters, points, pictures


def log_records(data):
    """The records of a log in LevelDB's format behind 7 bytes of header: blocks of 32 KB, of parts of records."""
    at, record = 7, b""
    while at + 7 <= len(data):
        if 2**15 - at % 2**15 < 7:
            at += 2**15 - at % 2**15
            continue
        _, size, kind = struct.unpack("<IHB", data[at : at + 7])
        if kind == 0:
            return
        record += data[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):  # whole, or the last part
            yield record
            record = b""


READ = {"mlflow": of_mlflow, "trackio": of_trackio, "wandb": of_wandb}


@pytest.mark.slow
def test_a_tracker_holds_the_config_the_curves_the_pictures_and_the_figures(config, tmp_path):
    """One run of the tracker, through a start, a resumed start and the figures in the end."""
    workdir = tmp_path / "run"
    workdir.mkdir()
    record = Record(tf.summary.create_file_writer(str(workdir)))
    for step in (10, 20):
        with trackers.opened(config, workdir) as record.tracker:
            record.scalars(step, {"generator_loss": np.float32(step / 8), "validation/jsd": 0.5})
            record.picture(step, "samples", PICTURE)
        record.tracker = None
    config.steps = 20
    trackers.finish(config, workdir, METRICS)
    (run,) = json.loads((workdir / "tracker.json").read_text()).values()
    parameters, points, pictures = READ[config.tracker](tmp_path, run)
    assert points == {
        "generator_loss": {10: 1.25, 20: 2.5},
        "validation/jsd": {10: 0.5, 20: 0.5},
        "final/drs/fd_points": {20: 1.5},
        "final/drs/acceptance_rate": {20: 0.25},
    }
    assert parameters["model.latent_dim"] == str(config.model.latent_dim)
    assert parameters["optimizers.generator.name"] == "adam"
    assert pictures == 2


def test_a_tracker_that_fails_ends_no_training(tmp_path, capsys):
    """One line says so, and TensorBoard gets all points."""

    class Failing:
        def scalars(self, step, values):
            raise ConnectionError("the server is gone.\nmore words")

    record = Record(tf.summary.create_file_writer(str(tmp_path)))
    record.tracker = Failing()
    record.scalars(1, {"loss": 1.0})
    record.scalars(2, {"loss": 2.0})
    record.writer.close()
    assert capsys.readouterr().err.strip() == (
        "ganzoo: the tracker failed (the server is gone); the run goes on with TensorBoard's curves alone."
    )
    (file,) = tmp_path.glob("events.*")
    steps = [event.step for event in tf.compat.v1.train.summary_iterator(str(file)) if event.summary.value]
    assert steps == [1, 2]


def test_a_tracker_that_cannot_begin_is_named(tmp_path, monkeypatch):
    config = load_config("gan", "gaussians25")
    config.tracker = "mlflow"

    def refuse(name, run, parameters):
        raise OSError("no server at http://localhost:1.")

    monkeypatch.setitem(trackers.TRACKERS, "mlflow", refuse)
    monkeypatch.setattr(trackers, "check", lambda name: None)
    with (
        pytest.raises(GanzooError, match="is 'mlflow', which could not begin: no server at http://localhost:1[.] Set"),
        trackers.opened(config, tmp_path),
    ):
        raise AssertionError("the block ran")
    assert not (tmp_path / "tracker.json").exists()
    trackers.finish(config, tmp_path, METRICS)  # after the run nothing is lost by it


def test_no_tracker_is_the_default_and_leaves_nothing(tmp_path):
    config = load_config("gan", "gaussians25")
    assert config.tracker == "none"
    with trackers.opened(config, tmp_path) as tracker:
        assert tracker is None
    trackers.finish(config, tmp_path, METRICS)
    assert list(tmp_path.iterdir()) == []


def test_a_tracker_without_its_package_is_refused_before_anything_is_made(tmp_path):
    hidden = "import sys\nsys.modules['wandb'] = None\n"
    program = f"{hidden}import runpy\nrunpy.run_module('ganzoo.run', run_name='__main__', alter_sys=True)\n"
    done = processes.run("--model=gan", "--config.tracker=wandb", f"--workdir={tmp_path}/run", code=program)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "ganzoo: config.tracker is 'wandb', whose package is not installed: pip install 'ganzoo-tf[wandb]', or in a "
        "checkout pip install '.[wandb]'. TensorBoard's curves are written without it.\n"
    )
    assert not (tmp_path / "run").exists()


def test_figures_are_numbers_by_their_path():
    assert trackers.numbers_of(METRICS) == {"drs/fd_points": 1.5, "drs/acceptance_rate": 0.25}


def test_figures_have_names_that_every_tracker_takes():
    metrics = {"a_to_b, real": {"fd_uci1k": 2.0, "in_words": "close"}, "drs": {"rate": 0.5, "std": float("nan")}}
    assert trackers.numbers_of(metrics) == {"a_to_b/real/fd_uci1k": 2.0, "drs/rate": 0.5}
