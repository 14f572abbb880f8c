import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.noise import Purpose


def test_each_critic_step_sees_a_batch_of_its_own(tiny, reals):
    """The reals of a step are shared out in order, none twice."""
    model, data = tiny("wgan_gp", n_critic=4), reals(8)
    np.testing.assert_array_equal(tf.concat(model.critic_batches(tf.constant(data)), 0), data)


def test_a_batch_that_cannot_be_shared_out_is_refused(tiny, reals):
    with pytest.raises(GanzooError, match=r"batch of 8 reals.*n_critic = 3.*multiple of 3"):
        tiny("wgan_gp", n_critic=3).fit(reals(8), batch_size=8, verbose=0)


@pytest.mark.parametrize("name", ["gan", "cyclegan"])
def test_each_optimizer_moves_its_own_variables(tiny, translator, name):
    """Between them they move all that can be trained, none of it twice."""
    model = tiny(name) if name == "gan" else translator(name)
    ours = [*model.generator_variables, *model.discriminator_variables]
    assert {variable.path for variable in ours} <= {variable.path for variable in model.trainable_variables}
    assert len({id(variable) for variable in ours}) == len(ours) == len(model.trainable_variables)


def test_every_purpose_draw_and_step_has_a_seed_of_its_own(tiny):
    model = tiny("gan", (2,))
    seeds = [
        tuple(model.step_seed(purpose, draw).numpy())
        for purpose in (Purpose.LATENTS, Purpose.UNIFORMS)
        for draw in (0, 1)
    ]
    assert tuple(model.step_seed(Purpose.LATENTS, 0).numpy()) == seeds[0]
    model.step.assign_add(1)
    seeds.append(tuple(model.step_seed(Purpose.LATENTS, 0).numpy()))
    assert len(set(seeds)) == 5


def test_a_step_that_logs_other_names_than_it_says_is_an_error(tiny):
    """Nothing is counted then."""
    model = tiny("gan", (2,))
    with pytest.raises(ValueError, match="train_step logs .*typo"):
        model.log(typo=tf.constant(0.0))
    assert model.steps_taken == 0
