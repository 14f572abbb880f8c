import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks.layers.spectral import SpectralLayer
from tests.models.descent import fit_eagerly

SPECTRAL = dict(width=4, base_resolution=4, kernel_size=3, norm="spectral", init_stddev=0.0)
RESNETS = dict(
    network="resnet",
    generator=dict(width=4, base_resolution=4),
    discriminator=dict(width=4, base_resolution=8, norm="spectral"),
)


def directions(model):
    """u of every layer."""
    return [layer.u.numpy() for layer in model.discriminator.layers if isinstance(layer, SpectralLayer)]


def iterated(kernel, u, times):
    """u after so many power iterations, by numpy; W has a row per output."""
    w = kernel.reshape(-1, kernel.shape[-1]).T
    for _ in range(times):
        v = w.T @ u / np.linalg.norm(w.T @ u)
        u = w @ v / np.linalg.norm(w @ v)
    return u


def by_hand(layers, x):
    """The perceptron's logits, from its list of (kernel, bias, u), with W / sigma written out."""
    for depth, (kernel, bias, u) in enumerate(layers):
        v = kernel @ u[:, None]
        v = tf.stop_gradient(v / tf.norm(v))
        sigma = tf.squeeze(tf.transpose(v) @ kernel @ u[:, None])
        x = x @ (kernel / sigma) + bias
        x = tf.nn.leaky_relu(x, 0.2) if depth < len(layers) - 1 else x
    return x[:, 0]


def test_the_discriminator_step_is_algorithm_1(tiny, reals):
    """One power iteration, then by gradient descent where the hinge loss with sigma and u written out puts it."""
    model, data = tiny("sngan", (2,), n_critic=1), tf.constant(reals(8, (2,)))
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.1))
    fake = model.generate(0, like=data)
    layers = [layer for layer in model.discriminator.layers if layer.weights]
    kernels = [tf.Variable(layer.kernel) for layer in layers]
    biases = [tf.Variable(layer.bias) for layer in layers]
    us = [tf.constant(iterated(layer.kernel.numpy(), layer.u.numpy(), 1)) for layer in layers]
    with tf.GradientTape() as tape:
        real_logits, fake_logits = (by_hand([*zip(kernels, biases, us, strict=True)], x) for x in (data, fake))
        loss = tf.reduce_mean(tf.maximum(0.0, 1 - real_logits)) + tf.reduce_mean(tf.maximum(0.0, 1 + fake_logits))
    gradients = tape.gradient(loss, kernels + biases)
    expected = [v - 0.1 * g for v, g in zip(kernels + biases, gradients, strict=True)]

    logs = fit_eagerly(model, data, batch_size=8, shuffle=False).history

    assert logs["discriminator_loss"][0] == pytest.approx(loss.numpy(), rel=1e-5)
    for one, layer in zip(us, layers, strict=True):
        np.testing.assert_allclose(one, layer.u, rtol=1e-4, atol=1e-6)
    got = [layer.kernel.numpy() for layer in layers] + [layer.bias.numpy() for layer in layers]
    for one, other in zip(expected, got, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_the_generator_step_is_equation_17(tiny, reals):
    """By plain gradient descent on -E[D(G(z))], through the discriminator as its own step has left it."""
    model, data = tiny("sngan", (2,), n_critic=1), tf.constant(reals(8, (2,)))
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.0))
    layers = [layer for layer in model.discriminator.layers if layer.weights]
    weights = [(layer.kernel, layer.bias, iterated(layer.kernel.numpy(), layer.u.numpy(), 1)) for layer in layers]
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(by_hand(weights, model.generate(1, like=data)))
    gradients = tape.gradient(loss, model.generator.trainable_variables)
    expected = [v - 0.1 * g for v, g in zip(model.generator.get_weights(), gradients, strict=True)]

    logs = fit_eagerly(model, data, batch_size=8).history

    assert logs["generator_loss"][0] == pytest.approx(loss.numpy(), rel=1e-5)
    for one, other in zip(expected, model.generator.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_u_moves_once_per_discriminator_step(tiny, reals):
    """Kernels held still: after two generator steps of three discriminator steps each, u is iterated six times, by
    numpy; neither the seven passes of a step nor sampling and scoring afterwards have moved it.
    """
    model = tiny("sngan", n_critic=3, discriminator=SPECTRAL)
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    layers = [layer for layer in model.discriminator.layers if isinstance(layer, SpectralLayer)]
    expected = [iterated(layer.kernel.numpy(), layer.u.numpy(), 6) for layer in layers]
    fit_eagerly(model, reals(12), batch_size=6)
    model.discriminator(model.sample(2))
    for one, other in zip(expected, directions(model), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_u_is_saved_and_training_goes_on_as_if_it_had_never_stopped(tiny, reals, tmp_path):
    """In checkpoints, and in `.keras` files: another step ends in equal weights, u among them."""
    model, data = tiny("sngan", n_critic=1, discriminator=SPECTRAL), reals(4)
    fit_eagerly(model, data, batch_size=4)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    restored = tiny("sngan", n_critic=1, discriminator=SPECTRAL)
    path = tf.train.Checkpoint(model=model).save(tmp_path / "checkpoint")
    tf.train.Checkpoint(model=restored).restore(path).assert_existing_objects_matched()
    for one, other in zip(directions(model), directions(restored), strict=True):
        np.testing.assert_array_equal(one, other)
    for each in (model, loaded):
        fit_eagerly(each, data, batch_size=4)
    for one, other in zip(model.discriminator.get_weights(), loaded.discriminator.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_export_scores_with_the_effective_kernels(tiny, reals, tmp_path):
    """Scored twice, lest a call of the export moves something."""
    model = tiny("sngan", n_critic=1, discriminator=SPECTRAL)
    fit_eagerly(model, reals(4), batch_size=4)
    score = tf.saved_model.load(model.export(tmp_path)).signatures["score"]
    for _ in range(2):
        logits = score(samples=tf.constant(reals(3)))["logits"]
        np.testing.assert_allclose(logits, model.discriminator(reals(3)), rtol=1e-5)


def test_a_discriminator_with_free_weights_is_refused(tiny):
    with pytest.raises(GanzooError, match=r"layers subpixel.*conv2d.*logit are not spectrally.*norm='spectral'"):
        tiny("sngan")
    with pytest.raises(GanzooError, match="network=spectral_mlp"):
        tiny("sngan", (2,), network="mlp")


@pytest.mark.parametrize(("shape", "networks"), [((2,), {}), ((16, 16, 1), dict(discriminator=SPECTRAL))])
def test_effective_kernels_have_spectral_norm_1_after_training(tiny, reals, shape, networks):
    """By NumPy's singular values of the kernel as it is used, within 2 % in every layer, after 200 steps at a rate that
    falls to 0, as the recipe's does."""
    model = tiny("sngan", shape, n_critic=2, **networks)
    rates = [keras.optimizers.schedules.CosineDecay(1e-3, steps) for steps in (200, 400)]
    model.compile(*(keras.optimizers.Adam(rate, 0.0, 0.9) for rate in rates))
    model.fit(np.tile(reals(16, shape), (200, *[1] * len(shape))), batch_size=16, shuffle=False, verbose=0)
    spectral = [layer for layer in model.discriminator.layers if isinstance(layer, SpectralLayer)]
    assert len(spectral) > 2
    for layer in spectral:
        kernel = layer.effective_kernel().numpy()
        assert np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0] == pytest.approx(1, abs=0.02)


def test_residual_networks_train_in_half_precision_too(tiny, reals):
    """One step in mixed_bfloat16: finite losses, float32 weights, half-precision features."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tiny("sngan", n_critic=1, **RESNETS)
    finally:
        keras.config.set_dtype_policy("float32")
    logs = model.fit(reals(2), batch_size=2, verbose=0).history
    assert np.isfinite(logs["discriminator_loss"] + logs["generator_loss"]).all()
    assert {weight.dtype for weight in model.discriminator.weights} == {"float32"}
    assert model.discriminator.layers[1].output.dtype == "bfloat16"


def test_a_short_training_pulls_samples_to_the_reals(tiny):
    """Reals N((2, -1), .3^2): after 300 steps the samples' mean is within .3 of it."""
    model = tiny("sngan", (2,), n_critic=1)
    model.compile(keras.optimizers.Adam(3e-3, 0.0, 0.9), keras.optimizers.Adam(3e-3, 0.0, 0.9))
    data = np.random.default_rng(0).normal([2, -1], 0.3, (300 * 32, 2)).astype(np.float32)
    model.fit(data, batch_size=32, shuffle=False, verbose=0)
    assert np.linalg.norm(model.sample(1000).mean(0) - [2, -1]) < 0.3
