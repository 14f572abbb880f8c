import keras
import numpy as np
import pytest

from ganzoo.errors import GanzooError
from tests import processes


def weights(model):
    return [
        value
        for network in (model.generator, model.discriminator, model.ema_generator)
        for value in network.get_weights()
    ]


def assert_same(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_saved_model_trains_on_as_if_it_had_never_stopped(tiny, reals, tmp_path):
    """`.keras` keeps the networks, the average, both optimizers and the step: two more steps end in equal weights."""
    model, data = tiny("wgan_gp", n_critic=2), reals(16)
    model.fit(data, batch_size=8, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        each.fit(data, batch_size=8, shuffle=False, verbose=0)
    assert loaded.steps_taken == 4
    assert_same(weights(model), weights(loaded))


def test_training_is_a_function_of_the_seed(tiny, reals):
    """The same seed draws the same latents, another seed others."""
    ends = []
    for seed in (1, 1, 2):
        model = tiny("gan", (2,), seed=seed)
        model.fit(reals(8, (2,)), batch_size=8, verbose=0)
        ends.append(model.generator.get_weights()[0])
    np.testing.assert_array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])


def test_the_average_follows_the_generator_statistics_of_batch_norm_included(tiny, reals):
    """After the first step its decay is 2/11: average = weight + 2/11 (before - weight), for every weight."""
    model = tiny("gan")
    before = model.ema_generator.get_weights()
    model.fit(reals(4), batch_size=4, verbose=0)
    assert any("moving_mean" in weight.path for weight in model.generator.weights)
    for old, average, weight in zip(
        before, model.ema_generator.get_weights(), model.generator.get_weights(), strict=True
    ):
        np.testing.assert_allclose(average, weight + 2 / 11 * (old - weight), rtol=1e-4, atol=1e-6)


def test_without_memory_the_average_is_the_generator(tiny, reals):
    model = tiny("gan", (2,), ema_decay=0.0)
    model.fit(reals(8, (2,)), batch_size=4, verbose=0)
    assert_same(model.ema_generator.get_weights(), model.generator.get_weights())


def test_the_same_seed_gives_the_same_samples_and_more_samples_begin_with_fewer(tiny):
    model = tiny("gan", (2,))
    np.testing.assert_array_equal(model.sample(5, seed=1), model.sample(300, seed=1)[:5])
    assert not np.array_equal(model.sample(5, seed=1), model.sample(5, seed=2))


def test_a_model_built_in_a_notebooks_strategy_trains_and_its_replicas_share_one_stream_of_noise():
    """Two logical devices: the replicas' latents are the rows of one device, one half each."""
    code = """
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import ganzoo
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    model = ganzoo.create("gan", image_shape=(2,))
    model.compile()
drawn = strategy.run(lambda: model.step_latents(0, tf.zeros([3, 2])))
joined = np.concatenate(strategy.experimental_local_results(drawn))
np.testing.assert_array_equal(joined, model.latents(model.step_seed(ganzoo.noise.Purpose.LATENTS, 0), 6))
model.fit(np.zeros((16, 2), "float32"), batch_size=8, verbose=0)
assert model.steps_taken == 2
"""
    done = processes.run(code=code)
    assert done.returncode == 0, done.stderr[-2000:]


def test_networks_of_ones_own_are_trained_and_sampled(reals):
    """A notebook user's networks: any built Keras models with the right inputs and outputs."""
    from ganzoo.models.gan import GAN

    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1), keras.layers.Reshape(())])
    model = GAN(generator, discriminator, loss="minimax", n_critic=1, ema_decay=0.9)
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    history = model.fit(reals(8, (2,)), batch_size=4, verbose=0).history
    assert np.isfinite(history["generator_loss"]).all()
    assert model.sample(3, seed=0).shape == (3, 2)


@pytest.mark.parametrize(("argument", "value"), [("n_critic", 0), ("ema_decay", 1.0), ("ema_decay", -0.1)])
def test_numbers_that_no_training_could_have_are_refused(tiny, argument, value):
    with pytest.raises(GanzooError, match=argument):
        tiny("gan", (2,), **{argument: value})
