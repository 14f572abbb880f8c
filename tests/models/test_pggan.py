import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.density_ratio import fitting
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.networks.progressive import fades
from ganzoo.noise import Purpose
from ganzoo.zoo.recipes import load_config
from tests.models.descent import fit_eagerly

NETWORK = dict(width=4, max_width=8, base_resolution=8)  # two levels at 16 x 16


@pytest.fixture
def growing(tiny):
    """A tiny pggan of pictures; phases of 12 reals unless told."""

    def build(shape=(16, 16, 1), base_resolution=8, **overrides):
        network = NETWORK | dict(base_resolution=base_resolution)
        phases = dict(stable_images=12, fade_images=12)
        discriminator = network | dict(group_size=4)
        return tiny("pggan", shape, generator=network, discriminator=discriminator, **phases | overrides)

    return build


def alphas(network):
    return [float(fade.alpha) for fade in fades(network)]


def test_phases_are_counted_in_reals(growing):
    """Three levels: 20 reals stable, 10 to fade in, twice; then the last level for good."""
    model = growing(base_resolution=4, stable_images=20, fade_images=10)
    for images, expected in (
        (0, [0, 0]),
        (20, [0, 0]),
        (25, [0.5, 0]),
        (30, [1, 0]),
        (50, [1, 0]),
        (53, [1, 0.3]),
        (60, [1, 1]),
        (10**12, [1, 1]),
    ):
        np.testing.assert_allclose(model.alphas(images), expected, rtol=1e-6)
        np.testing.assert_allclose(model.alphas(tf.constant(images, tf.int64)), expected, rtol=1e-6)


def test_the_default_phases_fill_half_of_any_training():
    """28 x 28 has three levels to fade in, of six phases in all; a flag sets one kind of phase alone."""
    config = load_config("pggan")
    for steps in (1200, 24):
        config.steps = steps
        assert config.model.stable_images == config.model.fade_images == steps * config.batch_size // 12
    config.model.fade_images = 600_000
    assert config.model.stable_images == 24 * config.batch_size // 12


def test_a_step_is_the_papers_objective_at_its_blend(growing, reals):
    """Step 1 of batches of 6, half-way through the fade: by plain gradient descent both networks end where the
    objective, written out on the whole networks with reals blended by numpy, puts them; lambda 10, drift .001."""
    model, data = growing(stable_images=0, latent_categories=0), reals(6)
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    model.step.assign(1)
    model.grow(6)
    assert alphas(model.discriminator) == [0.5]
    averages = data.reshape(6, 8, 2, 8, 2, 1).mean((2, 4)).repeat(2, 1).repeat(2, 2)
    shown = tf.constant(0.5 * averages + 0.5 * data)
    uncut = keras.Model(model.generator.input, model.generator.get_layer("fade_1").output)
    fake = uncut(model.latents(model.step_seed(Purpose.LATENTS, 0), 6))
    weight = tf.reshape(model.uniforms(0, like=shown), [-1, 1, 1, 1])
    critic = lambda samples: model.discriminator(samples, training=True)  # noqa: E731
    with tf.GradientTape() as tape:
        between = weight * shown + (1 - weight) * fake
        with tf.GradientTape() as inner:
            inner.watch(between)
            logits = critic(between)
        norms = tf.norm(tf.reshape(inner.gradient(logits, between), [6, -1]), axis=1)
        real_logits = critic(shown)
        loss = tf.reduce_mean(critic(fake)) - tf.reduce_mean(real_logits)
        loss += 10.0 * tf.reduce_mean((norms - 1) ** 2) + 0.001 * tf.reduce_mean(real_logits**2)
    before = [variable.numpy() for variable in model.discriminator.trainable_variables]
    gradients = tape.gradient(loss, model.discriminator.trainable_variables)
    critic_after = [v - 0.1 * g for v, g in zip(before, gradients, strict=True)]
    for variable, value in zip(model.discriminator.trainable_variables, critic_after, strict=True):
        variable.assign(value)
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(critic(uncut(model.latents(model.step_seed(Purpose.LATENTS, 1), 6))))
    gradients = tape.gradient(loss, model.generator.trainable_variables)
    generator_after = [v - 0.1 * g for v, g in zip(model.generator.trainable_variables, gradients, strict=True)]
    for variable, value in zip(model.discriminator.trainable_variables, before, strict=True):
        variable.assign(value)

    fit_eagerly(model, data, batch_size=6, shuffle=False)

    for expected, network in ((critic_after, model.discriminator), (generator_after, model.generator)):
        for one, other in zip(expected, network.trainable_variables, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_a_training_changes_only_the_layers_of_its_level_and_samples_are_its_pictures(growing, reals):
    """Three steps in the stable phase of level 0: the layers of level 1 stay, samples have blocks of 2 x 2 pixels.
    Three steps later, in the fade, those layers have moved and the blocks are broken up."""
    model = growing(stable_images=12, fade_images=24)
    networks = (model.generator, model.discriminator)
    begin = [[v.numpy() for v in network.trainable_variables] for network in networks]

    def still():
        return [
            sum(np.array_equal(v, old) for v, old in zip(network.trainable_variables, olds, strict=True))
            for network, olds in zip(networks, begin, strict=True)
        ]

    model.fit(reals(12), batch_size=4, shuffle=False, verbose=0)
    # Two convolutions and the one to or from pictures, each a kernel and a bias.
    assert still() == [6, 6]
    samples = model.sample(3)
    np.testing.assert_array_equal(samples, samples[:, ::2, ::2].repeat(2, 1).repeat(2, 2))
    model.fit(reals(12), batch_size=4, shuffle=False, verbose=0)
    assert alphas(model.ema_generator) == alphas(model.discriminator) == [pytest.approx(8 / 24)]
    assert still() == [0, 0]
    assert np.abs(model.sample(3)[:, ::2, ::2] - model.sample(3)[:, 1::2, 1::2]).max() > 1e-4


def test_a_model_saved_in_the_fade_trains_on_as_if_it_had_never_stopped(growing, reals, tmp_path):
    """`.keras` keeps phases, blends and the average deviation: two more steps end in equal weights."""
    model, data = growing(stable_images=4, fade_images=100), reals(16)
    fit_eagerly(model, data[:8], batch_size=4, shuffle=False)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert alphas(loaded.generator) == alphas(model.generator) == [0.0]
    for each in (model, loaded):
        fit_eagerly(each, data[8:], batch_size=4, shuffle=False)
    assert alphas(loaded.generator) == [pytest.approx(0.08)]
    assert float(loaded.discriminator.get_layer("stddev").average) != 1.0
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_the_export_has_the_final_size_and_scores_each_sample_by_itself(growing, reals, tmp_path):
    """From an untrained model at level 0, with the ratio fitted on its trunk: every signature gives 16 x 16 pixels, and
    a row's score does not change with the rows beside it."""
    model = growing()
    options = load_config("pggan").ratio.to_dict()
    options["refit"] |= dict(steps=5)
    ratio = fitting.for_export(model, reals(60), options=options)
    sampling = load_config("pggan").sampling.to_dict() | dict(burn_in=64, batch_size=16)
    path = saved_model.export(model, tmp_path, ratio=ratio, sampling=sampling)
    signatures = tf.saved_model.load(path).signatures
    request = dict(num_samples=tf.constant(5), seed=tf.constant([1, 2]))
    latents = tf.random.stateless_normal([5, 3], [0, 1])
    assert signatures["serving_default"](latents=latents)["samples"].shape == (5, 16, 16, 1)
    assert signatures["propose"](latents=latents, uniforms=tf.zeros([5]))["samples"].shape == (5, 16, 16, 1)
    for name, more in (
        ("generate", {}),
        ("drs", dict(gamma_percentile=tf.constant(50.0))),
        ("obrs", dict(budget=tf.constant(2.0))),
        ("mh", dict(chain_length=tf.constant(5))),
    ):
        samples = signatures[name](**request, **more)["samples"]
        assert samples.shape == (5, 16, 16, 1)
    assert signatures["drs_png"](**request, gamma_percentile=tf.constant(50.0))["image_bytes"].shape == (5,)
    together = signatures["score"](samples=tf.constant(reals(5)))
    for row in range(5):
        alone = signatures["score"](samples=tf.constant(reals(5)[row : row + 1]))
        for name in ("logits", "log_ratio"):
            np.testing.assert_allclose(alone[name][0], together[name][row], rtol=1e-5, atol=1e-6)


def test_networks_without_levels_are_a_single_one(tiny):
    """Points, reals N((2, -1), .3^2): after 600 steps the samples' mean is within .3 of it."""
    model = tiny("pggan", (2,))
    model.compile(keras.optimizers.Adam(1e-3, 0.5, 0.9), keras.optimizers.Adam(1e-3, 0.5, 0.9))
    data = np.random.default_rng(0).normal([2, -1], 0.3, (600 * 160, 2)).astype(np.float32)
    history = model.fit(data, batch_size=160, shuffle=False, verbose=0).history
    assert history["level"] == [0.0]
    assert np.linalg.norm(model.sample(1000).mean(0) - [2, -1]) < 0.3


def test_batches_of_unknown_size_are_refused(growing, reals):
    """The last of four reals in batches of three would be one: what had been shown could not be told by the step."""
    data = tf.data.Dataset.from_tensor_slices(reals(4)).batch(3)
    with pytest.raises(GanzooError, match="drop the remainder"):
        growing().fit(data, shuffle=False, verbose=0)


def test_phases_of_fewer_than_no_pictures_are_refused(growing):
    with pytest.raises(GanzooError, match="at least 0"):
        growing(fade_images=-1)


def test_networks_of_one_level_keep_the_average_of_deviations(tiny, reals):
    """A discriminator of another family with minibatch deviations: the average moves from 1 towards them."""
    networks = dict(width=4, max_width=4, base_resolution=8)
    model = tiny(
        "pggan",
        network="style",
        generator=networks | dict(mapping_layers=1, style_dim=4),
        discriminator=networks | dict(group_size=4),
    )
    fit_eagerly(model, reals(4 * model.n_critic), batch_size=4 * model.n_critic)
    average = float(model.discriminator.get_layer("stddev").average)
    assert np.isfinite(average)
    assert average != 1.0
