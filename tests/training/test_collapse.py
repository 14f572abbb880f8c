"""Generators that are made to collapse, and generators that only look like it."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from ganzoo.data.reals import Reals
from ganzoo.data.sources.toys import grid_of_25
from ganzoo.training.callbacks import EverySteps
from ganzoo.training.collapse import CollapseWarning, first_collapse, mean_distance, modes_share
from ganzoo.training.record import Record


def spreads(*values):
    return {10 * (k + 1): {"spread": value} for k, value in enumerate(values)}


@pytest.mark.parametrize(
    "values",
    [
        (0.02, 0.01, 0.01, 0.3, 0.1, 0.1),
        (0.9, 0.95, 0.93, 0.97),
        (0.9, 0.3, 0.8, 0.3, 0.9),
        (0.55, 0.45, 0.45, 0.4, 0.4),
        (1.6, 0.8, 0.7, 0.9),
    ],
    ids=["never diverse", "healthy", "wavers", "hovers about a half", "begins as noise"],
)
def test_what_only_looks_like_a_collapse_is_none(values):
    assert first_collapse(spreads(*values)) is None


def test_a_collapse_is_sure_at_its_second_check_and_told_once():
    """Whatever comes after: of a run's checks there is one first."""
    values = (0.1, 0.8, 0.92, 0.3, 0.31, 0.2, 0.9, 0.1, 0.1)
    found = [first_collapse(spreads(*values[:k])) for k in range(1, len(values) + 1)]
    assert found[:4] == [None] * 4
    assert set(found[4:]) == {(50, "spread", 0.31, 30, 0.92)}


def test_modes_collapse_while_the_spread_stays():
    """Two opposite corners of a grid are further from each other than its reals."""
    centers, sigma = grid_of_25().centers, grid_of_25().sigma
    assert modes_share(centers.repeat(10, axis=0), centers, sigma) == 1.0
    corners = centers[[0, 24]].repeat(125, axis=0)
    assert modes_share(corners, centers, sigma) == 2 / 25
    assert mean_distance(corners) > mean_distance(centers.repeat(10, axis=0))


def test_a_cloud_over_all_modes_is_in_none():
    """Uniform points: an eighth lies within the modes, fewer in each than a quarter of an even share."""
    mixture = grid_of_25()
    cloud = np.random.default_rng(0).uniform(-2.5, 2.5, (10_000, 2)).astype(np.float32)
    assert modes_share(cloud, mixture.centers, mixture.sigma) == 0.0


def normals(model):
    """Reals that the model's generator makes as it is now."""
    return Reals("normals", model.sample(1000, seed=9))


def scale(model, factor):
    """Draws the averaged generator's points together, or apart."""
    *weights, kernel, bias = model.ema_generator.get_weights()
    model.ema_generator.set_weights([*weights, factor * kernel, bias])


def warning_for(model, workdir, reals):
    """As at the start of a run, or of a later part of it."""
    warning = CollapseWarning(10, 99, workdir, Record(tf.summary.create_file_writer(str(workdir))), reals)
    warning.set_model(model)
    warning.on_train_begin()
    return warning


def test_a_generator_that_collapses_in_a_fit_is_warned_about_once(tiny, tmp_path, capsys):
    """Several steps in one call: checks at 4, 8, ..., 24 are the first after each multiple of three. Its weights make
    it constant from step 12 on, which is sure at 16 and said there."""

    class Collapse(EverySteps):
        def at(self, step, logs):
            self.model.ema_generator.set_weights(first)
            scale(self.model, 1.0 if step < 12 else 0.1)

    model = tiny("gan", (2,), latent_categories=0)
    first, reals = model.ema_generator.get_weights(), normals(model)
    model.compile(steps_per_execution=4)
    warning = CollapseWarning(3, 24, tmp_path, Record(tf.summary.create_file_writer(str(tmp_path))), reals)
    model.fit(reals.samples[:96], batch_size=4, verbose=0, callbacks=[Collapse(1, 24), warning])
    said = capsys.readouterr().err
    assert said.count("ganzoo: mode collapse") == 1
    assert "mode collapse at step 16? fakes are on average 0.10 times as far from each other as reals (" in said
    warning.record.writer.flush()
    (events,) = tmp_path.glob("events.*")
    assert b"fakes_spread" in events.read_bytes()


@pytest.mark.parametrize("factor", [1.0, 0.01], ids=["healthy", "untrained"])
def test_healthy_and_untrained_generators_are_not_warned_about(tiny, tmp_path, capsys, factor):
    model = tiny("gan", (2,))
    warning = warning_for(model, tmp_path, normals(model))
    scale(model, factor)
    for step in (10, 20, 30):
        warning.at(step, {})
    assert "collapse" not in capsys.readouterr().err
    checks = json.loads((tmp_path / "diversity.json").read_text())
    assert [check["spread"] for check in checks.values()] == [pytest.approx(factor, rel=0.1)] * 3


def test_a_resumed_run_knows_the_best_before_it_and_what_was_said(tiny, tmp_path, capsys):
    """Diverse until its first end; collapsed in the second part, where it is said, and in the third, where it is not
    said again."""
    model = tiny("gan", (2,))
    reals, said = normals(model), []
    for factor, steps in ((1.0, (10, 20)), (0.1, (30, 40)), (1.0, (50, 60))):
        warning = warning_for(model, tmp_path, reals)
        scale(model, factor)
        for step in steps:
            model.step.assign(step)
            warning.at(step, {})
        said.append(capsys.readouterr().err)
    assert [part.count("mode collapse at step 40?") for part in said] == [0, 1, 0]
    assert "collapse" not in said[0] + said[2]


def test_checks_beyond_the_checkpoint_that_a_run_resumes_from_are_forgotten(tiny, tmp_path):
    """A killed run had come to step 300; it begins anew, and its first check is the only one."""
    (tmp_path / "diversity.json").write_text('{"300": {"spread": 0.1}}')
    model = tiny("gan", (2,))
    warning_for(model, tmp_path, normals(model)).at(10, {})
    assert list(json.loads((tmp_path / "diversity.json").read_text())) == ["10"]


def test_a_mixture_that_loses_modes_is_warned_about(tmp_path, capsys):
    """All 25 at first, then four of them, no less apart."""
    mixture, rng = grid_of_25(), np.random.default_rng(0)
    modes = np.arange(25)

    def sample(count, seed):
        return mixture.centers[rng.choice(modes, count)] + np.float32(0.01)

    reals = Reals("gaussians25", sample(1000, 0), mixture=mixture)
    warning = warning_for(SimpleNamespace(steps_taken=0, sample=sample), tmp_path, reals)
    warning.at(10, {})
    modes = np.array([0, 4, 20, 24])
    for step in (20, 30, 40):
        warning.at(step, {})
    said = capsys.readouterr().err
    assert said.count("ganzoo: mode collapse") == 1
    assert "at step 30? fakes are in 4 of the 25 modes (25 at step 10). Look at samples/" in said


def test_pictures_are_compared_as_the_networks_see_them(tmp_path):
    """Reals of 8 bits come into [-1, 1]: fakes that are the reals themselves have a spread of 1."""
    pictures = Reals("noise", np.random.default_rng(0).integers(0, 256, (256, 16, 16, 1), dtype=np.uint8))
    fakes = pictures.samples / np.float32(127.5) - 1
    warning_for(SimpleNamespace(steps_taken=0, sample=lambda count, seed: fakes), tmp_path, pictures).at(10, {})
    assert json.loads((tmp_path / "diversity.json").read_text())["10"]["spread"] == pytest.approx(1.0, rel=1e-5)


def test_fakes_that_are_not_numbers_are_left_to_the_guard(tmp_path):
    """It stops at the next step, whose loss is not a number either."""
    mixture = grid_of_25()
    reals = Reals("gaussians25", mixture.centers, mixture=mixture)
    broken = SimpleNamespace(steps_taken=0, sample=lambda count, seed: np.full((count, 2), np.nan))
    warning_for(broken, tmp_path, reals).at(10, {})
    assert not (tmp_path / "diversity.json").exists()
