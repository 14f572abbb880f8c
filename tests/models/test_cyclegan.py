import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.data.pipeline import domain_pairs
from ganzoo.data.reals import to_float
from ganzoo.training.checkpoints import Checkpoints
from tests.conftest import shapes, tiny_translator
from tests.models.descent import assert_descended, compile_for_descent, fit_one_step, values


def squared(x, target):
    return tf.reduce_mean((x - target) ** 2)


def absolute(x, y):
    return tf.reduce_mean(tf.abs(x - y))


@pytest.fixture
def pair(reals):
    data = tf.constant(reals(8))
    return data[:4], data[4:]


def test_the_cycle_loss_alone_moves_every_variable_of_both_generators(translator, pair):
    """The discriminators are made constant and the identity loss is left out."""
    model = translator("cyclegan", identity_weight=0.0, pool_size=0)
    for critic in (model.discriminator_a, model.discriminator_b):
        last_kernel = critic.trainable_variables[-2]
        last_kernel.assign(tf.zeros_like(last_kernel))
    a, b = pair
    with tf.GradientTape() as tape:
        there_and_back = absolute(model.b_to_a(model.a_to_b(a)), a) + absolute(model.a_to_b(model.b_to_a(b)), b)
        loss = 10 * there_and_back
    gradients = tape.gradient(loss, model.generator_variables)
    before = values(model.generator_variables)
    compile_for_descent(model)
    fit_one_step(model, a, b)
    assert_descended(model.generator_variables, before, gradients)
    assert len(model.a_to_b.trainable_variables) == len(model.b_to_a.trainable_variables) == len(before) / 2


def test_a_step_is_the_papers_objective(translator, pair):
    """By plain gradient descent all four networks end where the objective, written out, puts them: the generators'
    squares whole, the discriminators' halved, 10 times the cycle, 5 times the identity. The discriminators are moved on
    the fakes that the generators made before their own step."""
    model, (a, b) = translator("cyclegan", pool_size=50), pair
    g, f, d_a, d_b = model.a_to_b, model.b_to_a, model.discriminator_a, model.discriminator_b
    with tf.GradientTape() as tape:
        fake_b, fake_a = g(a), f(b)
        loss = squared(d_b(fake_b), 1) + squared(d_a(fake_a), 1)
        loss += 10 * (absolute(f(fake_b), a) + absolute(g(fake_a), b))
        loss += 5 * (absolute(f(a), a) + absolute(g(b), b))
    generators = g.trainable_variables + f.trainable_variables
    generator_gradients = tape.gradient(loss, generators)
    with tf.GradientTape() as tape:
        loss = (squared(d_a(a), 1) + squared(d_a(fake_a), 0)) / 2 + (squared(d_b(b), 1) + squared(d_b(fake_b), 0)) / 2
    critics = d_a.trainable_variables + d_b.trainable_variables
    critic_gradients = tape.gradient(loss, critics)
    before = values(generators), values(critics)

    compile_for_descent(model)
    fit_one_step(model, a, b)

    assert_descended(generators, before[0], generator_gradients)
    assert_descended(critics, before[1], critic_gradients)


def test_the_discriminators_are_shown_past_fakes(translator, pair):
    """Full pools of black pictures: some of the fakes take the place of such, which are shown, and some do not."""
    replaced = replaced_in_full_pools(translator("cyclegan", pool_size=4), pair)
    assert 0 < sum(map(len, replaced)) < 8


def test_each_pool_replaces_pictures_at_random_by_itself(translator, pair):
    """Other ones than the other pool: of 50 pictures, two draws of at most 4 are hardly ever the same."""
    model = translator("cyclegan", pool_size=50)
    steps = [replaced_in_full_pools(model, pair, step) for step in (1, 2, 3)]  # a draw may be empty: one in 16 is
    assert any(len(of_a) for of_a, _ in steps)
    assert any(len(of_b) for _, of_b in steps)
    assert all(set(of_a) != set(of_b) for of_a, of_b in steps if len(of_a) and len(of_b))
    assert any(len(of_a) and len(of_b) for of_a, of_b in steps)


def replaced_in_full_pools(model, pair, step=1):
    """The places in the pools of A and of B whose black pictures a step replaces."""
    model.step.assign(step)
    pools = model.pool_a, model.pool_b
    for pool in pools:
        pool.filled.assign(model.pool_size)
        pool.pictures.assign(-tf.ones_like(pool.pictures))
    fit_one_step(model, *pair)
    return [np.flatnonzero(np.any(np.asarray(pool.pictures) != -1, axis=(1, 2, 3))) for pool in pools]


@pytest.fixture(scope="module")
def logged():
    """weights -> what a step logs of a model with them; of each weights one model is made."""
    data = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype(np.float32)

    @functools.cache
    def log(**weights):
        model = tiny_translator("cyclegan", **weights)
        return {name: of[0] for name, of in fit_one_step(model, data[:4], data[4:]).history.items()}

    return log


@pytest.mark.parametrize("left_out", ["cycle", "identity"])
def test_a_weight_of_0_leaves_its_loss_out(logged, left_out):
    """Of the generators' loss, not of what is logged."""
    whole, without = logged(), logged(**{f"{left_out}_weight": 0.0})
    assert whole["generator_loss"] == pytest.approx(
        whole["adversarial"] + 10 * whole["cycle"] + 5 * whole["identity"], rel=1e-5
    )
    rest = without["adversarial"] + (10 * without["cycle"] if left_out == "identity" else 0.0)
    assert without["generator_loss"] == pytest.approx(rest, rel=1e-5)
    assert without[left_out] == pytest.approx(whole[left_out], rel=1e-5)
    assert whole[left_out] > 0.01


def everything(model):
    optimizers = model.generator_optimizer, model.discriminator_optimizer
    return model.get_weights() + [v.numpy() for of in optimizers for v in of.variables]


def test_a_run_that_was_killed_ends_as_one_that_was_not(translator, domains, tmp_path):
    """Seven steps with a checkpoint of the third, from which another model takes the last four: bit for bit the same
    weights, pools and optimizers. The pools (3 pictures) are full when the checkpoint is written."""
    at_checkpoint = []

    def train(model, first_step, callbacks):
        where = dict(seed=5, first_step=first_step, steps=7, image_size=16, flip=True)
        model.fit(domain_pairs(domains(), 2, **where), shuffle=False, verbose=0, callbacks=callbacks)

    def save(batch, logs):
        if whole.steps_taken == 3:
            Checkpoints(tmp_path, whole, keep=1).save()
            at_checkpoint.extend(whole.pool_b.pictures.numpy())

    whole = translator("cyclegan", pool_size=3)
    train(whole, 0, [keras.callbacks.LambdaCallback(on_train_batch_end=save)])
    resumed = translator("cyclegan", pool_size=3)
    resumed.set_weights([weight + 1 for weight in resumed.get_weights()])
    assert Checkpoints(tmp_path, resumed, keep=1).restore() == 3
    np.testing.assert_array_equal(resumed.pool_b.pictures, at_checkpoint)
    assert int(resumed.pool_b.filled) == 3
    train(resumed, 3, [])

    assert resumed.steps_taken == 7
    assert any("pictures" in weight.path for weight in whole.weights)
    for one, other in zip(everything(whole), everything(resumed), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(whole.pool_b.pictures, at_checkpoint)


def test_a_saved_model_trains_on_as_if_it_had_never_stopped(translator, pair, tmp_path):
    """`.keras` keeps networks, pools, weights of the losses and the step: one more step ends in equal weights."""
    model = translator("cyclegan", cycle_weight=3.0, identity_weight=0.0, pool_size=4)
    fit_one_step(model, *pair)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.cycle_weight, loaded.identity_weight, loaded.pool_size) == (3.0, 0.0, 4)
    assert loaded.image_shape == (16, 16, 1)
    for each in (model, loaded):
        fit_one_step(each, *pair)
    assert loaded.steps_taken == 2
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_sample_pictures_are_there_and_back_for_both_domains(translator, pair):
    model, (a, b) = translator("cyclegan"), pair
    fake_b, fake_a = model.a_to_b(a), model.b_to_a(b)
    expected = [a, fake_b, model.b_to_a(fake_b), b, fake_a, model.a_to_b(fake_a)]
    for row, picture in zip(model.sample_rows(a, b), expected, strict=True):
        np.testing.assert_allclose(row, picture, atol=1e-6)


def test_a_short_training_finds_the_negative(translator, domains):
    """Dark pictures with a bright square, and light ones with a dark square, without pairs. Untranslated, a picture is
    1.6 from its negative; after 200 steps it is .5 at most, and comes back to within .25."""
    model = translator(
        "cyclegan",
        generator=dict(width=8, blocks=1, norm="instance", init_stddev=0.0),
        discriminator=dict(width=8, layers=1, norm="instance"),
    )
    adam = [keras.optimizers.Adam(2e-3, 0.5) for _ in range(2)]
    model.compile(*adam)
    data = domain_pairs(domains(200), 8, seed=0, steps=200, image_size=16, flip=False)
    model.fit(data, shuffle=False, verbose=0)
    test = tf.constant(to_float(shapes(50, seed=9)))
    translated = model.a_to_b(test)
    assert absolute(test, -test) > 1.4
    assert absolute(translated, -test) < 0.5
    assert absolute(model.b_to_a(translated), test) < 0.25
