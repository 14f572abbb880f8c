import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import noise
from ganzoo.density_ratio.fitting import for_export
from ganzoo.errors import GanzooError
from ganzoo.export import other_runtimes, saved_model
from ganzoo.networks import style
from ganzoo.networks.layers.modulated import fresh_noise
from ganzoo.noise import Purpose
from ganzoo.serving.exported import Exported
from tests.conftest import TINY
from tests.models.descent import assert_descended, compile_for_descent, fit_eagerly, fit_one_step, values

NETWORKS = TINY["stylegan2"]


@pytest.fixture
def styled(tiny):
    """A tiny stylegan2 of pictures with a noise that shows, the same one every time."""

    def build(shape=(16, 16, 1), **options):
        model = tiny("stylegan2", shape, latent_categories=0, **options)
        for network in (model.generator, model.ema_generator):
            for weight in network.trainable_variables:
                if weight.name == "strength":
                    weight.assign(0.1)
        return model

    return build


def by_hand(model, draw, rows):
    """A draw's styles [rows, layers, d] and its noise, from the streams of the step."""
    mapping, _, layers = style.parts(model.generator)
    latents = [
        noise.normal(model.step_seed(purpose, draw), rows, 3) for purpose in (Purpose.LATENTS, Purpose.FINE_LATENTS)
    ]
    uniforms = noise.uniforms(model.step_seed(Purpose.CROSSOVERS, draw), rows, 2).numpy()
    coarse, fine = (mapping(each) for each in latents)
    styles = []
    for row in range(rows):
        at = layers
        if uniforms[row, 0] < model.style_mixing:
            at = 1 + int(uniforms[row, 1] * (layers - 1))
        styles.append(tf.stack([coarse[row]] * at + [fine[row]] * (layers - at)))
    return tf.stack(styles), fresh_noise(noise.stream(model.step_seed(Purpose.LAYER_NOISE, draw)))


def fakes(model, draw, rows):
    styles, noisy = by_hand(model, draw, rows)
    with noisy:
        return style.parts(model.generator).synthesis(styles, training=True)


@pytest.mark.parametrize("step", [0, 1])
def test_a_step_is_the_papers_objective(styled, reals, step):
    """By plain gradient descent, written out: the logistic losses on fakes with mixed styles and fresh noise; in step
    0 also 4 times gamma / 2 |grad D|^2 and 3 times the weighted deviation of |J^T y| from the mean of before."""
    model, data = styled(style_mixing=0.5, r1_weight=3.0, r1_interval=4, path_length_interval=3), tf.constant(reals(8))
    compile_for_descent(model)
    model.step.assign(step)
    model.path_length.assign(0.7)
    critic = lambda samples: model.discriminator(samples, training=True)  # noqa: E731
    before = values(model.discriminator.trainable_variables)
    of_generator = values(model.generator.trainable_variables)
    with tf.GradientTape() as tape:
        with tf.GradientTape() as inner:
            inner.watch(data)
            logits = critic(data)
        loss = tf.reduce_mean(tf.math.log(1 + tf.exp(-logits)))
        loss += tf.reduce_mean(tf.math.log(1 + tf.exp(critic(tf.stop_gradient(fakes(model, 0, 8))))))
        if step == 0:
            slopes = tf.reduce_sum(inner.gradient(logits, data) ** 2, axis=[1, 2, 3])
            loss += 4 * 3.0 / 2 * tf.reduce_mean(slopes)
    gradients = tape.gradient(loss, model.discriminator.trainable_variables)
    for variable, gradient in zip(model.discriminator.trainable_variables, gradients, strict=True):
        variable.assign(variable - 0.1 * gradient)

    directions = noise.normal(model.step_seed(Purpose.PATH_DIRECTIONS, 2), 8, 256)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.math.log(1 + tf.exp(-critic(fakes(model, 1, 8)))))
        styles, noisy = by_hand(model, 2, 8)
        with noisy, tf.GradientTape() as inner:
            inner.watch(styles)
            pictures = style.parts(model.generator).synthesis(styles, training=True)
            total = tf.reduce_sum(tf.reshape(pictures, [8, 256]) * directions) / 16
        lengths = tf.sqrt(tf.reduce_mean(tf.reduce_sum(inner.gradient(total, styles) ** 2, axis=2), axis=1))
        if step == 0:
            loss += 3 * 2.0 * tf.reduce_mean((lengths - 0.7) ** 2)
    generator_gradients = tape.gradient(loss, model.generator.trainable_variables)
    for variable, value in zip(model.discriminator.trainable_variables, before, strict=True):
        variable.assign(value)

    logs = fit_one_step(model, data).history

    assert_descended(model.discriminator.trainable_variables, before, gradients)
    assert_descended(model.generator.trainable_variables, of_generator, generator_gradients)
    expected = 0.99 * 0.7 + 0.01 * float(tf.reduce_mean(lengths)) if step == 0 else 0.7
    np.testing.assert_allclose(model.path_length, expected, rtol=1e-5)
    np.testing.assert_allclose(logs["path_length"], expected, rtol=1e-5)
    assert (logs["r1"][0] > 0) == (step == 0)


def test_regularisers_come_every_so_many_steps(styled, reals):
    """R1 in steps 0 and 3, path lengths in steps 0, 2 and 4: their weights, and nothing else, change those steps."""
    model = styled(r1_interval=3, path_length_interval=2)
    lengths, r1 = [0.0], []
    for _ in range(5):
        r1.append(fit_eagerly(model, reals(4), batch_size=4).history["r1"][0])
        lengths.append(float(model.path_length))
    assert [value > 0 for value in r1] == [True, False, False, True, False]
    assert [bool(change) for change in np.diff(lengths)] == [True, False, True, False, True]


def test_without_weights_there_are_no_regularisers(styled, reals):
    model = styled(r1_weight=0.0, path_length_weight=0.0)
    logs = fit_eagerly(model, reals(4), batch_size=4).history
    assert logs["r1"] == logs["path_length"] == [0.0]
    assert float(model.path_length) == 0.0


def test_the_average_of_minibatch_deviations_follows_reals_and_fakes(styled, reals):
    """One step from 1: 99 % of it and 1 % of the mean deviation of both batches."""
    model, data = styled(), reals(4)
    trunk = keras.Model(model.discriminator.input, model.discriminator.get_layer("stddev").input)
    stddev = model.discriminator.get_layer("stddev")
    deviations = [stddev.deviation(trunk(batch)) for batch in (data, fakes(model, 0, 4))]
    fit_eagerly(model, data, batch_size=4, shuffle=False)
    np.testing.assert_allclose(stddev.average, 0.99 + 0.01 * np.mean(deviations), rtol=1e-5)


def test_a_training_with_all_it_has_moves_every_weight(styled, reals):
    """Four steps, traced: mixing, noise, both regularisers. (The first step moves no style of the noise's strength.)"""
    model = styled(style_mixing=0.9, r1_interval=2, path_length_interval=2, augment=dict(policy="ada"))
    before = values(model.trainable_variables)
    logs = model.fit(reals(16), batch_size=4, verbose=0).history
    assert np.isfinite(list(logs.values())).all()
    for variable, value in zip(model.trainable_variables, before, strict=True):
        assert not np.array_equal(variable, value), variable.path


def test_a_resumed_training_is_the_whole_one(styled, reals, tmp_path):
    """Two steps and two more from a file: the same weights, mean path length and average deviation as of four."""
    whole, first = (styled(style_mixing=0.5, r1_interval=2, path_length_interval=2) for _ in range(2))
    data = reals(16)
    fit_eagerly(whole, data, batch_size=4, shuffle=False)
    fit_eagerly(first, data[:8], batch_size=4, shuffle=False)
    first.save(tmp_path / "m.keras")
    second = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(second.sample(3, seed=1), first.sample(3, seed=1))
    fit_eagerly(second, data[8:], batch_size=4, shuffle=False)
    assert second.steps_taken == 4
    for one, other in zip(whole.variables, second.variables, strict=True):
        if "optimizer" not in one.path and one.name not in ("total", "count"):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6, err_msg=one.path)


def test_in_training_every_row_has_its_own_noise_and_samples_have_none(styled):
    """The same latents twice: training's fakes differ, the samples of an export do not."""
    model = styled()
    model.latents = lambda seed, row_count, *, first_row=0: tf.ones([row_count, 3])
    fake = model.generate(0, like=tf.zeros([2, 16, 16, 1])).numpy()
    assert np.abs(fake[0] - fake[1]).max() > 1e-3
    samples = model.sample(2)
    np.testing.assert_allclose(samples[0], samples[1], atol=1e-6)


def test_points_have_one_style(tiny, reals):
    """The networks of another family: nothing to mix, path lengths by the latents."""
    model = tiny("stylegan2", (2,), style_mixing=0.9, path_length_weight=1.0)
    like = tf.zeros([5, 2])
    latents = model.latents(model.step_seed(Purpose.LATENTS, 0), 5)
    np.testing.assert_allclose(model.generate(0, like), model.generator(latents), rtol=1e-6)
    fit_eagerly(model, reals(4, (2,)), batch_size=4)
    assert float(model.path_length) > 0


def test_batch_norm_in_the_discriminator_is_refused(tiny):
    discriminator = dict(width=4, base_resolution=4, kernel_size=3, norm="batch", init_stddev=0.0)
    generator = discriminator | dict(norm="none")
    with pytest.raises(GanzooError, match="cannot have batch norm"):
        tiny("stylegan2", network="dcgan", generator=generator, discriminator=discriminator)


@pytest.mark.parametrize(
    "wrong", [dict(r1_interval=0), dict(style_mixing=1.5), dict(path_length_weight=-1.0), dict(path_length_interval=0)]
)
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(GanzooError, match=f"config.model.{next(iter(wrong))} is"):
        ganzoo.create("stylegan2", image_shape=(16, 16, 1), **wrong)


def test_a_short_training_pulls_samples_to_the_reals(tiny):
    """Reals N((2, -1), .3^2): after 400 steps the samples' mean is within .3 of it."""
    model = tiny("stylegan2", (2,))
    model.compile(keras.optimizers.Adam(3e-3, 0.0, 0.9), keras.optimizers.Adam(3e-3, 0.0, 0.9))
    data = np.random.default_rng(0).normal([2, -1], 0.3, (400 * 64, 2)).astype(np.float32)
    model.fit(data, batch_size=64, shuffle=False, verbose=0)
    assert np.linalg.norm(model.sample(1000).mean(0) - [2, -1]) < 0.3


def test_r3gan_and_infogan_train_the_networks_with_fresh_noise(tiny, reals):
    """Two steps of any objective: the strength of the noise moves, which it cannot without noise of its own."""
    for name, more in (("r3gan", {}), ("infogan", dict(categories=2, continuous=1))):
        model = tiny(name, network="style", **NETWORKS | more)
        strengths = [v for v in model.generator.trainable_variables if v.name == "strength"]
        fit_eagerly(model, reals(8), batch_size=4)
        assert all(np.abs(strength.numpy()) > 0 for strength in strengths)
        drawn = model.generate(0, like=tf.zeros([4, 16, 16, 1])) - model.generator(model.step_latents(0, tf.zeros([4])))
        assert np.abs(drawn).max() > 0


def test_r3gan_with_the_networks_survives_a_file(tiny, reals, tmp_path):
    model = tiny("r3gan", network="style", **NETWORKS)
    fit_eagerly(model, reals(4), batch_size=4)
    model.save(tmp_path / "m.keras")
    loaded = ganzoo.load(str(tmp_path / "m.keras"))
    np.testing.assert_array_equal(loaded.sample(4, seed=1), model.sample(4, seed=1))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A tiny model with categories, and its export."""
    keras.utils.set_random_seed(0)
    model = ganzoo.create("stylegan2", image_shape=(16, 16, 1), latent_dim=4, **NETWORKS | dict(latent_categories=3))
    for weight in model.ema_generator.weights:
        if weight.name == "strength":
            weight.assign(0.1)
    sampling = model.recipe().sampling.to_dict() | dict(burn_in=64, batch_size=16, max_samples=40, max_rows=40)
    folder = tmp_path_factory.mktemp("export")
    return model, Exported(saved_model.export(model, folder, ratio=for_export(model, None), sampling=sampling))


def test_without_truncation_and_mixing_samples_from_styles_are_the_samples(exported):
    model, export = exported
    plain = export.draw("generate", 20, seed=3)["samples"]
    np.testing.assert_allclose(export.draw("generate_from_styles", 20, seed=3)["samples"], plain, atol=1e-6)
    np.testing.assert_allclose(model.sample(20, seed=3), plain, atol=1e-6)
    np.testing.assert_array_equal(export.draw("generate", 20, seed=3)["samples"], plain)


def test_a_truncation_moves_styles_to_their_average(exported):
    """psi = .3, by hand from the average over the seed's 10,000 latents; at psi = 0 all samples are one."""
    model, export = exported
    mapping, synthesis, layers = style.parts(model.ema_generator)
    average = mapping(model.latents(tf.constant(noise.root(model.seed, Purpose.AVERAGE_STYLE)), 10_000)).numpy().mean(0)
    styles = mapping(model.latents(tf.constant([3, 0]), 6)).numpy()
    truncated = np.repeat((average + 0.3 * (styles - average))[:, None], layers, axis=1)
    drawn = export.draw("generate_from_styles", 6, seed=3, truncation=0.3)["samples"]
    np.testing.assert_allclose(drawn, synthesis(truncated, training=False), atol=1e-5)
    alike = export.draw("generate_from_styles", 6, seed=3, truncation=0.0)["samples"]
    np.testing.assert_allclose(alike, np.repeat(alike[:1], 6, axis=0), atol=1e-6)
    assert np.abs(drawn - alike).max() > 1e-3


def test_mixed_styles_are_rows_of_two_latents(exported):
    """At crossover 0 the fine latents' samples, at the last the coarse ones', between them others."""
    model, export = exported
    coarse, fine = (model.latents(tf.constant([seed, 0]), 4) for seed in (1, 2))
    call = export.signatures["mix_styles"]
    made = [
        call(latents=coarse, fine_latents=fine, crossover=tf.constant(at), truncation=tf.constant(1.0))["samples"]
        for at in (0, 2, 4)
    ]
    np.testing.assert_allclose(made[0], model(fine), atol=1e-5)
    np.testing.assert_allclose(made[2], model(coarse), atol=1e-5)
    assert min(np.abs(made[1] - made[k]).max() for k in (0, 2)) > 1e-3
    with pytest.raises(tf.errors.InvalidArgumentError, match="crossover must be in 0 .. 4"):
        call(latents=coarse, fine_latents=fine, crossover=tf.constant(5), truncation=tf.constant(1.0))


def test_with_mixing_some_samples_have_two_styles(exported):
    """At probability .5 about half of the samples are not those of `generate`; at 1 all are others."""
    _, export = exported
    plain = export.draw("generate", 40, seed=3)["samples"]
    for probability, least, most in ((0.5, 10, 30), (1.0, 40, 40)):
        mixed = export.draw("generate_from_styles", 40, seed=3, style_mixing=probability)["samples"]
        others = (np.abs(mixed - plain).max((1, 2, 3)) > 1e-5).sum()
        assert least <= others <= most
    again = export.draw("generate_from_styles", 40, seed=3, style_mixing=1.0)["samples"]
    np.testing.assert_array_equal(again, mixed)


def test_a_truncation_out_of_bounds_is_refused(exported):
    with pytest.raises(GanzooError, match="truncation must be in -1 .. 1"):
        exported[1].draw("generate_from_styles", 2, truncation=1.5)


def test_rejection_works_on_its_samples(exported):
    draws = exported[1].draw("drs", 5, seed=1)
    assert draws["samples"].shape == (5, 16, 16, 1)
    assert "truncation" not in exported[1].specs("drs")


@pytest.mark.parametrize("format", ["onnx", "litert"])
@pytest.mark.parametrize("signature", ["serving_default", "score"])
def test_it_is_the_same_in_other_runtimes(exported, signature, format, tmp_path):
    """With noise of a strength that shows; `write` compares the file's answers with the SavedModel's."""
    for package in other_runtimes.FORMATS[format].packages:
        pytest.importorskip(package)
    model, _ = exported
    what = saved_model.servable(model, ratio=None, sampling=model.recipe().sampling)
    path = tmp_path / f"model{other_runtimes.FORMATS[format].suffixes[0]}"
    assert other_runtimes.write(what, signature, path, format) <= other_runtimes.TOLERANCE
