import copy
from pathlib import Path

import pytest

from ganzoo.errors import GanzooError
from ganzoo.files import write_json
from ganzoo.tasks.workdirs import claim, described, exported
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
    with pytest.raises(GanzooError, match="config.model.fade_images = 6400.*here it is 12800"):
        claim(tmp_path, {"config": config.to_dict()}, resume=True)
    config.model.update(phases)
    claim(tmp_path, {"config": config.to_dict()}, resume=True)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"config__name": "wgan"}, "run of 'gan'.*here it is 'wgan'"),
        ({"config__model__n_critic": 2}, "config.model.n_critic = 1.*here it is 2"),
        ({"split__sizes__train": 4}, "split.sizes.train"),
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
