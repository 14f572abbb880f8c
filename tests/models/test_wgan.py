import keras
import numpy as np

from tests.models.descent import fit_eagerly


def test_the_critics_weights_stay_within_the_clip(tiny, reals):
    model = tiny("wgan", n_critic=2, clip=0.02)
    assert max(np.abs(weight).max() for weight in model.discriminator.get_weights()) > 0.02
    fit_eagerly(model, reals(8), batch_size=8)
    assert max(np.abs(weight).max() for weight in model.discriminator.get_weights()) <= 0.02


def test_extra_critic_steps_follow_the_authors_schedule(tiny, reals):
    """With n_critic 5 the generator steps at every 20th call while it is in its first 25 steps, then at every call."""
    model = tiny("wgan", (2,), extra_critic_steps=True)
    data = reals(5, (2,))
    for calls, steps in ((19, 0), (20, 1), (39, 1), (500, 25), (501, 26), (510, 35)):
        model.fit(np.tile(data, (calls - model.steps_taken, 1)), batch_size=5, shuffle=False, verbose=0)
        assert int(model.generator_optimizer.iterations) == steps
        assert int(model.discriminator_optimizer.iterations) == 5 * calls


def test_every_step_counts_without_extra_ones(tiny, reals):
    model = tiny("wgan", (2,))
    fit_eagerly(model, reals(15, (2,)), batch_size=5)
    assert int(model.generator_optimizer.iterations) == 3


def test_the_generator_follows_the_critic(tiny):
    """Reals far to the right: after a short training the samples have moved there."""
    model = tiny("wgan", (2,), clip=0.1)
    model.compile(keras.optimizers.RMSprop(5e-3), keras.optimizers.RMSprop(5e-3))
    data = np.random.default_rng(0).normal([2, 0], 0.3, (200 * 160, 2)).astype(np.float32)
    before = model.sample(500).mean(0)[0]
    model.fit(data, batch_size=160, shuffle=False, verbose=0)
    assert model.sample(500).mean(0)[0] > before + 1
