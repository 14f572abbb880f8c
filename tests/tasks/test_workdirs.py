import copy
import errno
import os
import re
import shutil
from pathlib import Path

import pytest
import tensorflow as tf

from ganzoo import files
from ganzoo.bases import optimizers
from ganzoo.errors import GanzooError
from ganzoo.files import write_json
from ganzoo.tasks.workdirs import claim, described, exported, held, renew
from ganzoo.zoo.recipes import load_config
from ganzoo.zoo.registry import in_package as recipes

RUN = {
    "config": {"name": "gan", "steps": 100, "model": {"n_critic": 1}, "log_every": 5, "data": {"data_dir": ""}},
    "split": {"sizes": {"train": 3}},
}


def changed(**values):
    run = copy.deepcopy(RUN)
    for path, value in values.items():
        *groups, key = path.split("__")
        target = run
        for group in groups:
            target = target[group]
        target[key] = value
    return run


def test_the_same_run_may_go_on_and_may_go_further(tmp_path):
    claim(tmp_path / "run", RUN, resume=True)
    claim(tmp_path / "run", RUN, resume=True)
    claim(tmp_path / "run", changed(config__steps=200, config__log_every=1, config__data__data_dir="d"), resume=True)


@pytest.mark.parametrize("name", [name for name in recipes() if name != "pggan"])
def test_the_schedules_of_a_recipe_do_not_keep_its_run_from_going_further(tmp_path, name):
    """More steps lengthen them; nothing else of the config changes."""
    config = load_config(name)
    claim(tmp_path, {"config": config.to_dict()}, resume=True)
    config.steps += 1
    claim(tmp_path, {"config": config.to_dict()}, resume=True)


def test_a_training_that_grows_is_not_stretched_after_the_fact(tmp_path):
    """The phases of pggan are shares of all steps: twice as many would shrink its networks again. Given their old
    lengths, the run goes further."""
    config = load_config("pggan")
    phases = {key: config.model[key] for key in ("stable_images", "fade_images")}
    claim(tmp_path, {"config": config.to_dict()}, resume=True)
    config.steps *= 2
    with pytest.raises(GanzooError, match="config.model.fade_images = 12800.*here it is 25600"):
        claim(tmp_path, {"config": config.to_dict()}, resume=True)
    config.model.update(phases)
    claim(tmp_path, {"config": config.to_dict()}, resume=True)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"config__name": "wgan"}, "run of 'gan'.*here it is 'wgan'"),
        ({"config__model__n_critic": 2}, "config.model.n_critic = 1.*here it is 2"),
        (
            {"split__sizes__train": 4},
            r"changed since the run .* began \(split.sizes.train in .*\): train 3 before, train 4 now. Restore",
        ),
        ({"config__steps": 50}, "100 steps, more than these 50"),
    ],
)
def test_another_run_is_never_mixed_in(tmp_path, change, named):
    """The message names the key and both values."""
    claim(tmp_path, RUN, resume=True)
    with pytest.raises(GanzooError, match=named):
        claim(tmp_path, changed(**change), resume=True)


def test_noresume_refuses_a_folder_with_a_run(tmp_path):
    claim(tmp_path, RUN, resume=False)
    with pytest.raises(GanzooError, match="holds a run already"):
        claim(tmp_path, RUN, resume=False)


def test_checkpoints_without_a_config_are_not_adopted(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(GanzooError, match="checkpoints but no config.json"):
        claim(tmp_path, RUN, resume=True)


def test_a_broken_config_is_named(tmp_path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(GanzooError, match="is not JSON"):
        claim(tmp_path, RUN, resume=True)


def test_a_run_is_described_as_it_was_claimed(tmp_path):
    claim(tmp_path / "run", RUN, resume=True)
    assert described(tmp_path / "run") == RUN


def test_a_folder_without_a_run_has_no_description(tmp_path):
    with pytest.raises(GanzooError, match="no run in .*nowhere"):
        described(tmp_path / "nowhere")
    (tmp_path / "config.json").write_text('{"name": "gan"}')
    with pytest.raises(GanzooError, match="not what a run leaves"):
        described(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(GanzooError, match="not what a run leaves"):
        described(tmp_path)


def test_json_is_written_whole(tmp_path):
    with pytest.raises(TypeError):
        write_json(tmp_path / "metrics.json", {"a": object()})
    assert not (tmp_path / "metrics.json").exists()


def test_a_folder_is_held_by_one_process_at_a_time(tmp_path):
    """The message says which process it is. The run in it may still be read."""
    with held(tmp_path / "run"):
        claim(tmp_path / "run", RUN, resume=True)
        with (
            pytest.raises(
                GanzooError, match=rf"in use by process {os.getpid()} on .+ since 20.*, which writes this run"
            ),
            held(tmp_path / "run"),
        ):
            pass
        assert described(tmp_path / "run") == RUN
    with held(tmp_path / "run"):
        claim(tmp_path / "run", RUN, resume=True)


def test_without_locks_a_line_says_so_and_the_run_goes_on(tmp_path, monkeypatch, capsys):
    def refuse(file):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files, "_lock", refuse)
    with held(tmp_path):
        pass
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ganzoo: {tmp_path} has no lock, because its file system has none (No locks available).")


def begun(workdir, step, schedule="linear"):
    """A run of 100 steps with a checkpoint, as `claim` finds it, and its config."""
    config = load_config("gan", "gaussians8")
    config.steps = 100
    for spec in config.optimizers.values():
        spec.update(learning_rate=0.25, schedule=schedule)
    claim(workdir, {"config": config.to_dict()}, resume=True)
    path = str(workdir / "checkpoints" / "ckpt")
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(step=tf.Variable(step)), str(workdir / "checkpoints"), 1)
    assert manager.save(checkpoint_number=step) == f"{path}-{step}"
    return config


@pytest.mark.parametrize(
    ("step", "schedule", "note"),
    [
        (100, "linear", "at its end at step 100 .* to step 200. Its schedules .* generator from 0 to 0.125 .linear."),
        (100, "constant", "the run was at its end at step 100 of 100, and now goes on to step 200.$"),
        (50, "linear", "the run was at step 50 of 100, .* of the discriminator from 0.125 to 0.188 .linear.."),
        (50, "constant", None),
    ],
)
def test_more_steps_for_a_run_are_noted_with_the_jump_of_its_rates(tmp_path, capsys, step, schedule, note):
    """As many steps as before are nothing to note."""
    config = begun(tmp_path, step, schedule)
    claim(tmp_path, {"config": config.to_dict()}, resume=True)
    assert capsys.readouterr().err == ""
    config.steps = 200
    claim(tmp_path, {"config": config.to_dict()}, resume=True)
    said = capsys.readouterr().err.strip()
    assert re.search(f"^ganzoo: .*{note}", said) if note else said == ""
    assert optimizers.rate(config.optimizers.generator, 50, 100) == (0.125 if schedule == "linear" else 0.25)


def test_an_export_is_made_again_only_if_it_would_be_another(tmp_path):
    """A run that was killed while it measured finds its version; another step or another ratio needs another."""
    config = {"ratio": {"steps": 3}, "sampling": {"budget": 2.0}, "log_every": 5}
    assert exported(tmp_path, {"config": config, "step": 9}) is None
    (tmp_path / "export" / "1").mkdir(parents=True)
    (tmp_path / "export" / "1" / "saved_model.pb").write_bytes(b"")
    write_json(tmp_path / "export" / "1" / "assets" / "config.json", {"config": config, "step": 9})
    assert Path(exported(tmp_path, {"config": config | {"log_every": 7}, "step": 9})) == tmp_path / "export" / "1"
    assert exported(tmp_path, {"config": config, "step": 10}) is None
    assert exported(tmp_path, {"config": config | {"ratio": {"steps": 4}}, "step": 9}) is None


def test_a_folder_that_was_removed_during_its_run_is_made_anew_with_a_note(tmp_path, capsys):
    claim(tmp_path / "run", RUN, resume=True)
    renew(tmp_path / "run", RUN)
    assert capsys.readouterr().err == ""
    shutil.rmtree(tmp_path / "run")
    renew(tmp_path / "run", RUN)
    assert "was removed during the run, and is made anew" in capsys.readouterr().err
    claim(tmp_path / "run", RUN, resume=True)
