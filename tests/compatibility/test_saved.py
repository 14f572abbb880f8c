"""What the code of commit 1e8b19c saved still loads and gives what it gave then; `make_saved.py` wrote `saved/`."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo.serving.exported import Exported
from tests import processes
from tests.compatibility import streams_of_then
from tests.compatibility.make_saved import (
    MODELS,
    MORE_STEPS,
    RUN,
    SAVED,
    SEED,
    STEPS,
    answers,
    fit_two_steps,
    made_by,
    norms,
    norms_in_checkpoint,
)

ROOT = Path(__file__).parents[2]
CLOSE = dict(rtol=1e-5, atol=1e-5)  # other kernels and numbers of threads are within 2e-6


@pytest.fixture(scope="module")
def expected():
    """The stored arrays of one kind by their names."""
    with np.load(SAVED / "expected.npz") as arrays:
        stored = dict(arrays)
    return lambda kind: {
        name.removeprefix(f"{kind}/"): array for name, array in stored.items() if name.startswith(f"{kind}/")
    }


@pytest.fixture
def workdir(tmp_path):
    """A copy of the run, for commands in `tmp_path`."""
    shutil.copytree(SAVED / "run", tmp_path / "run")
    return tmp_path / "run"


def command(*flags, module, folder):
    """The command's standard output."""
    done = processes.run(*flags, module=module, cwd=folder)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def new_process(tmp_path_factory):
    """The folder of a process that imports nothing before `ganzoo.load`, and then measures the export.

    It leaves `registered.json`, what Keras knows by name after the load, and `metrics.json`. The load and the command
    share a process because the import of TensorFlow takes most of the time of each.
    """
    folder = tmp_path_factory.mktemp("new_process")
    code = (
        "import json, pathlib, runpy, sys, ganzoo\n"
        "ganzoo.load(sys.argv.pop(1))\n"
        "import keras\n"
        "pathlib.Path('registered.json').write_text(json.dumps([*keras.saving.get_custom_objects()]))\n"
        "runpy.run_module('ganzoo.evaluate', run_name='__main__', alter_sys=True)"
    )
    flags = [f"--export_dir={SAVED}/run/export", "--sampler=generate", "--sampler=drs", "--out=metrics.json"]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-c", code, SAVED / "cgan.keras", *flags],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return folder


@pytest.mark.parametrize("name", MODELS)
def test_a_keras_file_makes_what_it_made_and_trains_on(expected, name, monkeypatch):
    """Two steps more move the pictures as they did then, by the optimizers' saved averages and the saved step.

    The steps get the random numbers of then, since a training's streams are other ones today.
    """
    streams_of_then.restore(monkeypatch.setattr)
    stored = expected(name)
    model = ganzoo.load(SAVED / f"{name}.keras")
    assert (model.zoo_name, model.steps_taken) == (name, 2)
    np.testing.assert_allclose(made_by(model), stored["loaded"], **CLOSE)
    fit_two_steps(model)
    assert model.steps_taken == 4
    assert np.abs(stored["trained"] - stored["loaded"]).max() > 0.01
    np.testing.assert_allclose(made_by(model), stored["trained"], **CLOSE)
    np.testing.assert_allclose(norms(model), stored["norms"], **CLOSE)


def test_a_new_process_finds_all_that_keras_files_may_name(new_process):
    """The names are of classes and functions, not of modules."""
    found = json.loads((new_process / "registered.json").read_text())
    stored = json.loads((SAVED / "registered.json").read_text())
    assert len(stored) == 40
    assert set(stored) <= set(found)


def test_an_export_answers_as_it_did_to_tensorflow_alone(expected):
    found = answers(tf.saved_model.load(str(SAVED / "run/export/1")).signatures)
    stored = expected("export")
    assert found.keys() == stored.keys()
    for name, array in stored.items():
        np.testing.assert_allclose(found[name], array, **CLOSE, err_msg=name)


def test_an_export_answers_as_it_did_in_python(expected):
    """`Exported` takes from the export's own config what is not given."""
    stored = expected("export")
    exported = Exported(SAVED / "run/export")
    assert exported.config["step"] == STEPS
    for signature in ("generate", "drs", "obrs", "mh"):
        samples = exported.draw(signature, 20, seed=SEED)["samples"]
        np.testing.assert_allclose(samples, stored[f"{signature}/samples"], **CLOSE)
    scores = exported.score(stored["drs/samples"])
    np.testing.assert_allclose(scores["log_ratio"], stored["drs/log_ratio"], **CLOSE)


def test_an_export_is_measured_as_it_was(new_process):
    """By the command, on the data and by the task that the export's config names: the run measured the same figures."""
    found, stored = (json.loads((folder / "metrics.json").read_text()) for folder in (new_process, SAVED / "run"))
    for row in ("generate", "drs", "floor", "log_ratio"):
        for metric in stored[row].keys() - {"samples_per_second", "fraction_of_bound"}:
            assert found[row][metric] == pytest.approx(stored[row][metric], rel=1e-3, abs=1e-3), (row, metric)


@pytest.mark.slow
def test_a_run_goes_on_to_the_same_weights(expected, workdir):
    """By the same command with more steps, in a new process, from the checkpoint to the next version of the export."""
    of_then = ("--config.model.latent_dim=2", "--config.model.latent_categories=0")
    said = command(*RUN, *of_then, f"--steps={MORE_STEPS}", module=streams_of_then.__name__, folder=workdir.parent)
    assert f"going on from step {STEPS}" in said
    found, stored = norms_in_checkpoint(workdir), expected("resumed")
    assert found.keys() == stored.keys()
    for shape, of_shape in stored.items():
        np.testing.assert_allclose(found[shape], of_shape, rtol=1e-4, err_msg=shape)
    assert json.loads((workdir / "export/2/assets/config.json").read_text())["step"] == MORE_STEPS
    before, after = (json.loads((folder / "metrics.json").read_text()) for folder in (SAVED / "run", workdir))
    for row, metrics in before.items():
        assert metrics.keys() <= after[row].keys()


@pytest.mark.slow
def test_a_run_is_exported_again(expected, workdir):
    """By the command, from the checkpoint: the same samples and logits, and a density ratio fitted anew."""
    command("--workdir=run", "--out=again", module="export.export_model", folder=workdir.parent)
    found = answers(tf.saved_model.load(str(workdir.parent / "again/1")).signatures)
    stored = expected("export")
    assert stored.keys() <= found.keys()
    np.testing.assert_allclose(found["generate/samples"], stored["generate/samples"], **CLOSE)
    np.testing.assert_allclose(found["score/logits"], stored["score/logits"], **CLOSE)
    assert np.isfinite(found["score/log_ratio"]).all()
