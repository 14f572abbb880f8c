import keras
import numpy as np
import pytest

from ganzoo.errors import GanzooError
from ganzoo.training import optimizers
from zoo_configs.common import adam, rmsprop


def test_arguments_reach_the_optimizer():
    built = optimizers.build(adam(1e-4, beta_1=0.0, beta_2=0.9), steps=10)
    assert isinstance(built, keras.optimizers.Adam)
    assert (built.beta_1, built.beta_2, float(built.learning_rate.numpy())) == (0.0, 0.9, pytest.approx(1e-4))
    assert optimizers.build(rmsprop(5e-5), steps=10).rho == 0.9


@pytest.mark.parametrize(("schedule", "halfway"), [("linear", 0.5), ("cosine", 0.5), ("constant", 1.0)])
def test_schedules_end_at_the_last_step(schedule, halfway):
    """Half way they are at the share that their formula says, and at the end at 0 (but for the constant one)."""
    built = optimizers.build(adam(1.0, schedule=schedule), steps=100)
    rates = {}
    for step in (50, 100):
        built.iterations.assign(step)
        rates[step] = float(np.asarray(built.learning_rate))
    assert rates[50] == pytest.approx(halfway)
    assert rates[100] == pytest.approx(1.0 if schedule == "constant" else 0.0, abs=1e-6)


def test_both_schedules_end_with_the_training():
    """The discriminator takes n_critic steps for each of the generator's: its schedule is as much longer."""
    recipe = {"generator": adam(1.0, schedule="linear"), "discriminator": adam(1.0, schedule="linear")}
    generator, discriminator = optimizers.build_both(recipe, steps=100, n_critic=5)
    generator.iterations.assign(50)
    discriminator.iterations.assign(250)
    for half_way in (generator, discriminator):
        assert float(np.asarray(half_way.learning_rate)) == pytest.approx(0.5)


def test_unknown_schedules_and_optimizers_are_named():
    with pytest.raises(GanzooError, match="no schedule 'cosin'. Did you mean 'cosine'"):
        optimizers.build(adam(1.0, schedule="cosin"), steps=1)
    with pytest.raises(GanzooError, match="no optimizer 'adamm'. Did you mean 'adam'"):
        optimizers.build(adam(1.0) | {"name": "adamm"}, steps=1)
