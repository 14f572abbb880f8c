import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import models
from ganzoo.errors import GanzooError
from ganzoo.evaluation.evaluator import Evaluator
from ganzoo.tasks import latents
from ganzoo.training import checkpoints, loop
from ganzoo.training.validation import PLATEAU, History, choose, history
from tests.conftest import TINY


@pytest.fixture
def config():
    config = ganzoo.load_config("gan", "gaussians8")
    for network in ("generator", "discriminator"):
        config.networks.mlp[network].update(TINY["points"][network])
    config.update(dict(batch_size=16, steps=12, steps_per_execution=1, checkpoint_every=3, evaluate_every=2))
    config.evaluation.validation_samples = 7
    return config


def train(config, workdir, numbers, steps=None, evaluated=None):
    """Trains to `steps` of the config's steps, as after a kill and a new start.

    Args:
        numbers: the value of each measurement by its step.
        evaluated: as of `loop.train`.

    Returns:
        The model, and whether the training has ended.
    """
    keras.utils.set_random_seed(0)
    model = models.from_config(config, (2,))
    loop.compile_for(model, config)
    seen = []

    def measure(samples):
        seen.append(samples.shape)
        return "distance_7", numbers[model.steps_taken]

    def data(first_step, share):
        batches = tf.data.Dataset.from_tensors(np.zeros((16, 2), np.float32))
        return batches.repeat((steps or config.steps) - first_step)

    picture = lambda: np.zeros((2, 2, 1), np.uint8)  # noqa: E731
    ended = loop.train(model, data, picture, config, workdir, distance=measure, evaluated=evaluated)
    assert set(seen) <= {(7, 2)}
    return model, ended


NUMBERS = {2: 5.0, 4: 3.0, 6: 4.0, 8: 2.5, 10: 2.5, 12: 6.0}


def test_whoever_asks_is_told_after_each_measurement_and_finds_it_on_disk(config, tmp_path):
    """The measurement in `validation.json`, and the curves up to its step in the event file."""
    seen = []

    def evaluated():
        (events,) = tmp_path.glob("events.*")
        records = tf.data.TFRecordDataset(str(events)).as_numpy_iterator()
        steps = [tf.compat.v1.Event.FromString(record).step for record in records]
        seen.append((max(history(tmp_path).values), max(steps)))

    config.log_every = 1
    train(config, tmp_path, NUMBERS, evaluated=evaluated)
    assert seen == [(step, step) for step in NUMBERS]


def test_the_best_checkpoint_is_kept_and_exported_and_the_last_ones_stay(config, tmp_path, capsys):
    """The first of two equal ones, off the steps of the other checkpoints."""
    model, ended = train(config, tmp_path, NUMBERS)
    assert ended
    assert [path.stem for path in (tmp_path / "checkpoints/best").glob("*.index")] == ["ckpt-8"]
    assert history(tmp_path) == History("distance_7", NUMBERS)
    best = models.from_config(config, (2,))
    best.compile()
    checkpoints.best(tmp_path, best).restore()
    last = model.ema_generator.get_weights()
    assert choose(model, tmp_path, config) == {
        "step": 8,
        "trained_steps": 12,
        "checkpoint": "best",
        "validation": {"distance_7": 2.5},
    }
    said = "exporting step 8, the best of 6 measured checkpoints: distance_7 2.5, 6 at the last step 12\n"
    assert capsys.readouterr().out.endswith(said)
    for exported, kept in zip(model.ema_generator.get_weights(), best.ema_generator.get_weights(), strict=True):
        np.testing.assert_array_equal(exported, kept)
    assert any((a != b).any() for a, b in zip(last, model.ema_generator.get_weights(), strict=True))


def test_the_last_checkpoint_is_exported_where_the_config_says_so(config, tmp_path, capsys):
    config.export = "last"
    model, _ = train(config, tmp_path, NUMBERS)
    facts = choose(model, tmp_path, config)
    assert facts == {"step": 12, "trained_steps": 12, "checkpoint": "last", "validation": {"distance_7": 6.0}}
    assert "exporting step 12, the last of 6 measured checkpoints: distance_7 6\n" in capsys.readouterr().out


def test_a_run_that_was_not_measured_exports_its_last_step_alone(config, tmp_path):
    config.evaluate_every = 0
    model = models.from_config(config, (2,))
    model.compile()
    assert choose(model, tmp_path, config) == {"step": 0}


def test_a_resumed_run_has_the_measurements_and_the_best_of_a_whole_one(config, tmp_path):
    """It goes on from step 6, before the best one; measurements after step 6 are made again."""
    train(config, tmp_path / "whole", NUMBERS)
    config.checkpoint_every = 6
    train(config, tmp_path / "parts", NUMBERS, steps=11)
    for path in (tmp_path / "parts/checkpoints").glob("ckpt-11.*"):  # as if killed before the end
        path.unlink()
    train(config, tmp_path / "parts", NUMBERS)
    states = []
    for run in ("whole", "parts"):
        reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(tmp_path / run / "checkpoints/best"))
        states.append({name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()})
    assert history(tmp_path / "whole") == history(tmp_path / "parts")
    whole, parts = states
    assert whole.keys() == parts.keys()
    for name in whole.keys() - {"_CHECKPOINTABLE_OBJECT_GRAPH"}:
        np.testing.assert_array_equal(whole[name], parts[name], err_msg=name)


def test_measuring_does_not_change_the_training(config, tmp_path):
    model, _ = train(config, tmp_path / "measured", NUMBERS)
    config.evaluate_every = 6
    other, _ = train(config, tmp_path / "less", NUMBERS)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_patience_ends_the_training_with_all_saved(config, tmp_path, capsys):
    config.patience = 2
    numbers = {2: 3.0, 4: 2.0, 6: 2.1, 8: 2.2, 10: 1.0, 12: 1.0}
    model, ended = train(config, tmp_path, numbers)
    assert ended
    assert model.steps_taken == 8
    assert tf.train.latest_checkpoint(tmp_path / "checkpoints").endswith("ckpt-8")
    said = "the training ends at step 8: no better than at step 4 (distance_7 2) in 2 measurements (config.patience)."
    assert said in capsys.readouterr().err
    model, ended = train(config, tmp_path, numbers)
    assert ended
    assert model.steps_taken == 8  # a second start takes no step
    config.patience = 0
    model, ended = train(config, tmp_path, numbers)
    assert ended
    assert model.steps_taken == 12


def test_a_run_that_has_stopped_improving_says_so_once(config, tmp_path, capsys):
    config.evaluate_every = 1
    train(config, tmp_path, {step: float(step) for step in range(1, 13)})
    said = capsys.readouterr().err
    assert said.count("no better than at step 1 (distance_7 1)") == 1
    assert f"at step {1 + PLATEAU} no better" in said


def test_a_generator_that_is_not_finite_is_left_to_the_guard(config, tmp_path, monkeypatch):
    """The averaged weights have become NaN: no measurement, and no error of its own."""
    broken = np.full((7, 2), np.nan, np.float32)
    monkeypatch.setattr(models.model_class("gan"), "sample", lambda self, count: broken)
    _, ended = train(config, tmp_path, {})
    assert ended
    assert history(tmp_path) is None


def test_a_broken_file_of_measurements_is_named(tmp_path):
    (tmp_path / "validation.json").write_text('{"metric": "fd"}')
    with pytest.raises(GanzooError, match=r"validation.json is not what a run writes .* Remove it"):
        history(tmp_path)


def test_the_curve_is_in_tensorboard(config, tmp_path):
    train(config, tmp_path, NUMBERS)
    events = [event for path in tmp_path.glob("events.*") for event in tf.compat.v1.train.summary_iterator(str(path))]
    tags = {value.tag: event.step for event in events for value in event.summary.value}
    assert tags["validation/distance_7"] == 12


def test_a_recipe_measures_the_averaged_generator_on_the_held_out_reals(config, tmp_path):
    parts = latents.load(config)
    config.steps = 2
    model = models.from_config(config, parts.shape)
    latents.ready(model, parts, config)
    latents.train(model, parts, config, tmp_path)
    assert json.loads((tmp_path / "validation.json").read_text())["metric"] == "jsd_7"
    assert history(tmp_path).values[2] == Evaluator(parts.train, parts.ratio).distance(model.sample(7))[1]
