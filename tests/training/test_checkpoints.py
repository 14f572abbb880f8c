import numpy as np
import pytest

import ganzoo
from ganzoo.errors import GanzooError
from ganzoo.training.checkpoints import Checkpoints, bytes_of_run


@pytest.fixture
def trained(tiny, reals):
    model = tiny("gan", (2,))
    return model, lambda: model.fit(reals(4, (2,)), batch_size=4, verbose=0)


def test_everything_that_training_needs_comes_back(trained, tiny, tmp_path):
    """Networks, average, optimizers' moments and the step."""
    model, step = trained
    step()
    Checkpoints(tmp_path, model, keep=1).save()
    other = tiny("gan", (2,), seed=5)
    assert Checkpoints(tmp_path, other, keep=1).restore() == 1
    states = [
        m.get_weights() + [v.numpy() for o in (m.generator_optimizer, m.discriminator_optimizer) for v in o.variables]
        for m in (model, other)
    ]
    for one, two in zip(*states, strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_last_few_are_kept(trained, tmp_path):
    model, step = trained
    checkpoints = Checkpoints(tmp_path, model, keep=2)
    for _ in range(4):
        step()
        checkpoints.save()
    assert sorted(path.name for path in (tmp_path / "checkpoints").glob("*.index")) == ["ckpt-3.index", "ckpt-4.index"]


def test_a_broken_checkpoint_gives_way_to_the_one_before(trained, tmp_path, capsys):
    model, step = trained
    checkpoints = Checkpoints(tmp_path, model, keep=3)
    for _ in range(2):
        step()
        checkpoints.save()
    next((tmp_path / "checkpoints").glob("ckpt-2.data*")).write_bytes(b"half")
    again = Checkpoints(tmp_path, model, keep=3)
    assert again.restore() == 1
    assert again.restored.endswith("ckpt-1")
    assert "ckpt-2 cannot be read" in capsys.readouterr().out


def test_only_broken_checkpoints_are_an_error_not_a_new_beginning(trained, tmp_path):
    model, step = trained
    step()
    Checkpoints(tmp_path, model, keep=1).save()
    for path in (tmp_path / "checkpoints").glob("ckpt-1.*"):
        path.write_bytes(b"half")
    with pytest.raises(GanzooError, match="none of the checkpoints"):
        Checkpoints(tmp_path, model, keep=1).restore()


def test_a_step_that_is_asked_for_is_the_one_that_comes_back(trained, tiny, tmp_path):
    """Its weights, not the newest; one that is not there, or broken, is an error that says so."""
    model, step = trained
    checkpoints, weights = Checkpoints(tmp_path, model, keep=3), {}
    for number in (1, 2, 3):
        step()
        checkpoints.save()
        weights[number] = model.get_weights()
    other = tiny("gan", (2,), seed=5)
    assert Checkpoints(tmp_path, other, keep=3).restore(step=2) == 2
    for one, two in zip(other.get_weights(), weights[2], strict=True):
        np.testing.assert_array_equal(one, two)
    with pytest.raises(GanzooError, match=r"no checkpoint of step 4 .* There are: 1, 2, 3\."):
        checkpoints.restore(step=4)
    next((tmp_path / "checkpoints").glob("ckpt-2.data*")).write_bytes(b"half")
    with pytest.raises(GanzooError, match="ckpt-2 cannot be read .* Ask for another step"):
        checkpoints.restore(step=2)


def test_no_checkpoint_is_step_0(trained, tmp_path):
    assert Checkpoints(tmp_path, trained[0], keep=1).restore() == 0


def test_the_room_for_a_run_is_known_before_it(tmp_path):
    """Two checkpoints of the recipe's networks take what is said, to a tenth."""
    model = ganzoo.create("gan", image_shape=(2,))
    model.compile()
    checkpoints = Checkpoints(tmp_path, model, 2)
    for step in (1, 2, 3):
        model.step.assign(step)
        checkpoints.save()
    written = sum(path.stat().st_size for path in (tmp_path / "checkpoints").glob("ckpt-*.data*"))
    said = bytes_of_run(model, 1) - bytes_of_run(model, -1)
    assert said == pytest.approx(written, rel=0.1)
