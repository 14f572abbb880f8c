import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.bases import optimizers
from ganzoo.errors import GanzooError
from zoo_configs.common import adam, rmsprop


def test_arguments_reach_the_optimizer():
    built = optimizers.build(adam(1e-4, beta_1=0.0, beta_2=0.9), steps=10)
    assert isinstance(built, keras.optimizers.Adam)
    assert (built.beta_1, built.beta_2, float(built.learning_rate.numpy())) == (0.0, 0.9, pytest.approx(1e-4))
    assert optimizers.build(rmsprop(5e-5), steps=10).rho == 0.99


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


def test_constant_then_linear_keeps_the_rate_for_half_and_ends_at_0():
    """Zhu et al. 2017: 100 epochs at the rate, 100 down to 0. Beyond the last step it stays there."""
    built = optimizers.build(adam(0.2, schedule="constant_then_linear"), steps=200)
    rates = []
    for step in (0, 50, 100, 125, 150, 199, 200, 250):
        built.iterations.assign(step)
        rates.append(float(np.asarray(built.learning_rate)))
    np.testing.assert_allclose(rates, [0.2, 0.2, 0.2, 0.15, 0.1, 0.002, 0.0, 0.0], rtol=1e-5, atol=1e-8)


def test_constant_then_linear_is_saved_with_its_optimizer():
    built = optimizers.build(adam(0.2, schedule="constant_then_linear"), steps=200)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(built))
    copy.iterations.assign(150)
    assert float(np.asarray(copy.learning_rate)) == pytest.approx(0.1)


def test_both_schedules_end_with_the_training():
    """The discriminator takes n_critic steps for each of the generator's: its schedule is as much longer."""
    recipe = {"generator": adam(1.0, schedule="linear"), "discriminator": adam(1.0, schedule="linear")}
    generator, discriminator = optimizers.build_both(recipe, steps=100, n_critic=5)
    generator.iterations.assign(50)
    discriminator.iterations.assign(250)
    for half_way in (generator, discriminator):
        assert float(np.asarray(half_way.learning_rate)) == pytest.approx(0.5)


def test_beta_2_follows_half_a_cosine_and_stays():
    """From .9 to .99 in 100 steps; the discriminator's, which steps three times as often, in 300."""
    spec = adam(1.0, beta_1=0.0, beta_2=0.9, beta_2_end=0.99)
    both = optimizers.build_both(dict(generator=spec, discriminator=spec), steps=100, n_critic=3)
    for built, scale in zip(both, (1, 3), strict=True):
        betas = []
        for step in (0, 25, 50, 100, 200):
            built.iterations.assign(scale * step)
            betas.append(float(built.beta_2))
        quarter = 0.9 + 0.09 * (1 - np.cos(np.pi / 4)) / 2
        np.testing.assert_allclose(betas, [0.9, quarter, 0.945, 0.99, 0.99], rtol=1e-6)


@pytest.mark.parametrize("compiled", [tf.function, lambda apply: apply], ids=["in a graph", "eagerly"])
def test_adam_with_a_changing_beta_2_is_adam_written_out(compiled):
    """Ten steps in numpy, two more than the schedule has: the moments and their bias by the betas of each step."""
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=(4,)).astype(np.float32), rng.normal(size=(10, 4)).astype(np.float32)
    built = optimizers.build(adam(0.1, beta_1=0.5, beta_2=0.9, beta_2_end=0.99), steps=8)
    variable = keras.Variable(start)
    built.build([variable])
    apply = compiled(lambda gradient: built.apply([gradient], [variable]))

    expected, m, v = start, 0.0, 0.0
    for step, gradient in enumerate(gradients):
        beta_1, beta_2 = 0.5, 0.99 - 0.09 * (1 + np.cos(np.pi * min(step / 8, 1))) / 2
        m = beta_1 * m + (1 - beta_1) * gradient
        v = beta_2 * v + (1 - beta_2) * gradient**2
        bias_1, bias_2 = 1 - beta_1 ** (step + 1), 1 - beta_2 ** (step + 1)
        expected = expected - 0.1 * (m / bias_1) / np.sqrt(v / bias_2)
        apply(tf.constant(gradient))
        np.testing.assert_allclose(variable, expected, rtol=1e-4, atol=1e-5)


def test_a_changing_beta_2_is_saved_and_goes_on():
    """The copy has the same class and schedule, and from the same number of steps the same beta_2."""
    built = optimizers.build(adam(0.1, beta_2=0.9, beta_2_end=0.99), steps=8)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(built))
    for optimizer in (built, copy):
        optimizer.iterations.assign(4)
    assert type(copy) is optimizers.ScheduledAdam
    assert copy.get_config() == built.get_config()
    assert float(copy.beta_2) == float(built.beta_2) == pytest.approx(0.945)


def test_without_an_end_beta_2_stays():
    assert type(optimizers.build(adam(0.1, beta_2=0.9), steps=8)) is optimizers.FusedAdam


@pytest.mark.parametrize("spec", [adam(1.0, beta_2_end=1.0), rmsprop(1.0) | {"beta_2_end": 0.9}])
def test_an_end_that_no_beta_2_could_have_is_refused(spec):
    with pytest.raises(GanzooError, match="beta_2_end"):
        optimizers.build(spec, steps=1)


def test_unknown_schedules_and_optimizers_are_named():
    with pytest.raises(GanzooError, match="no schedule 'cosin'. Did you mean 'cosine'"):
        optimizers.build(adam(1.0, schedule="cosin"), steps=1)
    with pytest.raises(GanzooError, match="no optimizer 'adamm'. Did you mean 'adam'"):
        optimizers.build(adam(1.0) | {"name": "adamm"}, steps=1)


@pytest.mark.parametrize("gradient", ["dense", "of a few rows"])
def test_fused_adam_takes_the_steps_of_keras_adam(gradient):
    """Weights and both moments, after steps of a schedule."""
    rng = np.random.default_rng(0)
    start, taken = rng.normal(size=(5, 3)).astype("float32"), {}
    for kind in (optimizers.FusedAdam, keras.optimizers.Adam):
        weight = keras.Variable(start)
        optimizer = kind(optimizers.ConstantThenLinear(0.1, 20), beta_1=0.5, beta_2=0.9, epsilon=1e-3)
        for of_step in np.random.default_rng(1).normal(size=(20, 2, 3)).astype("float32"):
            rows = tf.IndexedSlices(of_step, tf.constant([1, 4]), tf.constant([5, 3]))
            optimizer.apply([rows if gradient == "of a few rows" else tf.convert_to_tensor(rows)], [weight])
        taken[kind] = [np.asarray(value) for value in (weight, *optimizer.variables)]
    fused, plain = taken.values()
    assert np.abs(plain[0] - start).max() > 0.3
    for one, other in zip(fused, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_fused_adam_has_keras_variables_of_keras_names():
    """So that a checkpoint of the one is one of the other."""
    built = [kind() for kind in (optimizers.FusedAdam, keras.optimizers.Adam)]
    for optimizer in built:
        optimizer.build([keras.Variable(np.zeros(2), name="weight")])
    names = [[variable.path.split("/")[-1] for variable in optimizer.variables] for optimizer in built]
    assert names[0] == names[1]


def test_fused_adam_is_one_operation_for_each_variable():
    weights = [keras.Variable(np.ones(3)) for _ in range(2)]
    optimizer = optimizers.build(adam(1e-3), steps=10)
    optimizer.build(weights)
    graph = tf.function(lambda: optimizer.apply([tf.ones(3)] * 2, weights)).get_concrete_function().graph
    kinds = [operation.type for operation in graph.get_operations()]
    assert kinds.count("ResourceApplyAdam") == 2
    assert "Sqrt" not in kinds


@pytest.mark.parametrize("scale", [1e-6, 1e-4, 1e-2, 1.0])
def test_rmsprop_is_the_authors(scale):
    """Five steps in numpy: rate * g / (sqrt(v) + 1e-8) with v = .99 v + .01 g^2, for gradients of every size."""
    gradients = scale * np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    built = optimizers.build(rmsprop(0.1), steps=8)
    variable = keras.Variable(np.zeros(4, np.float32))
    built.build([variable])
    expected, v = 0.0, 0.0
    for gradient in gradients.astype(np.float64):
        built.apply([tf.constant(gradient, tf.float32)], [variable])
        v = 0.99 * v + 0.01 * gradient**2
        expected = expected - 0.1 * gradient / (np.sqrt(v) + 1e-8)
    np.testing.assert_allclose(variable.numpy(), expected, rtol=2e-5)


def test_rmsprop_is_saved_with_its_epsilon():
    built = optimizers.build(rmsprop(0.2), steps=200)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(built))
    assert (type(copy), copy.rho, copy.epsilon) == (optimizers.RMSprop, 0.99, 1e-8)


def test_options_that_an_optimizer_does_not_have_are_named():
    with pytest.raises(GanzooError, match="'rmsprop' cannot be built of .*beta_1"):
        optimizers.build(rmsprop(1e-3) | dict(beta_1=0.5), steps=10)
    with pytest.raises(GanzooError, match="neither momentum"):
        optimizers.build(rmsprop(1e-3) | dict(momentum=0.5), steps=10)
