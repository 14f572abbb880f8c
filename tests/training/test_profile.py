import pytest

from ganzoo.training.callbacks import Profile
from ganzoo.training.start_up import Laps


def train(tiny, reals, folder, steps):
    """A tiny model's steps with the callback; its laps."""
    laps = Laps()
    model = tiny("gan", (2,))
    model.fit(reals(4 * steps, (2,)), batch_size=4, verbose=0, callbacks=[Profile(laps, folder)])
    return laps


def test_steps_are_profiled_and_the_laps_told_once(tiny, reals, tmp_path, capsys):
    """A profile where TensorBoard looks for it, of one session; the first step's lap is marked once."""
    laps = train(tiny, reals, tmp_path, 25)
    assert list(laps.seconds) == ["checkpoints and callbacks", "tracing to the first step"]
    assert len(list((tmp_path / "plugins" / "profile").glob("*/*.xplane.pb"))) == 1
    said = capsys.readouterr().out
    assert said.count("tracing to the first step") == 1
    assert said.count("tensorboard --logdir") == 1


@pytest.mark.parametrize("steps, has_profile", [(5, False), (12, True)])
def test_a_short_training_ends_its_profile(tiny, reals, tmp_path, steps, has_profile):
    """Of 12 steps those from the tenth on; of 5 none."""
    train(tiny, reals, tmp_path, steps)
    assert bool(list(tmp_path.rglob("*.xplane.pb"))) == has_profile
