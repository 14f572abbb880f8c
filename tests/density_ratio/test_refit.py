import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import density_ratio
from ganzoo.density_ratio.refit import frozen_trunk, refit
from ganzoo.errors import GanzooError
from ganzoo.models.gan import GAN
from ganzoo.models.wgan_gp import WassersteinGANGP
from ganzoo.networks import mlp

OPTIONS = dict(steps=600, batch_size=256, learning_rate=2e-3, width=64, dropout=0.3, held_out=0.2)


def standard_normal_model(objective=WassersteinGANGP, **options):
    """A model whose fakes are N(0, I) in the plane: its generator is the identity."""
    keras.utils.set_random_seed(0)
    latents = keras.Input((2,))
    identity = keras.layers.Dense(2, kernel_initializer="identity", use_bias=False)
    generator = keras.Model(latents, identity(latents))
    options = options or dict(gradient_penalty_weight=10.0, one_sided=False)
    return objective(generator, mlp.discriminator((2,), width=8, depth=1), n_critic=1, ema_decay=0.0, **options)


def reals(rows, mean=(0.0, 0.0), scale=1.0, seed=1):
    return (np.array(mean) + scale * np.random.default_rng(seed).normal(size=(rows, 2))).astype(np.float32)


def picture_model():
    """16 x 16 pictures from an untrained multilayer perceptron; the critic's logits are no log ratio."""
    keras.utils.set_random_seed(0)
    layers = dict(width=32, depth=2)
    return ganzoo.create(
        "wgan_gp", image_shape=(16, 16, 1), network="mlp", latent_dim=4, generator=layers, discriminator=layers
    )


def assert_equal_up_to_a_constant(ratio, exact, points, within):
    estimate, exact = ratio(tf.constant(points)).numpy(), exact(points)
    assert np.corrcoef(estimate, exact)[0, 1] > 0.98
    offset = np.mean(estimate - exact)
    assert np.sqrt(np.mean((estimate - exact - offset) ** 2)) < within
    assert abs(offset) < within


def test_the_ratio_of_two_gaussians_side_by_side_is_recovered():
    """N((1, 0), I) against N(0, I): log ratio x - 1/2, although the model's own critic is a Wasserstein critic."""
    ratio = refit(standard_normal_model(), reals(40_000, mean=(1.0, 0.0)), **OPTIONS)
    points = np.concatenate([reals(2000, mean=(1.0, 0.0), seed=8), reals(2000, seed=9)])
    assert_equal_up_to_a_constant(ratio, lambda x: x[:, 0] - 0.5, points, within=0.25)


def test_the_ratio_of_a_narrower_gaussian_is_recovered():
    """N(0, .5 I) against N(0, I): log 4 - 1.5 |x|^2, over the bulk of the reals."""
    ratio = refit(standard_normal_model(), reals(40_000, scale=0.5), **OPTIONS)
    points = reals(4000, scale=0.5, seed=8)
    assert_equal_up_to_a_constant(ratio, lambda x: np.log(4.0) - 1.5 * (x**2).sum(1), points, within=0.2)


def test_narrow_modes_are_seen():
    """Nine modes of sigma .05 at spacing 1, fakes N(0, I): on the modes the log ratio is 3 above that between them."""
    rng = np.random.default_rng(0)
    centers = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]), -1).reshape(-1, 2)
    samples = centers[rng.integers(0, 9, 10_000)] + 0.05 * rng.normal(size=(10_000, 2))
    ratio = refit(standard_normal_model(), samples.astype(np.float32), **OPTIONS)
    between = np.stack(np.meshgrid([-0.5, 0.5], [-0.5, 0.5]), -1).reshape(-1, 2)
    on_modes, off_modes = (ratio(tf.constant(points, tf.float32)).numpy() for points in (centers, between))
    assert on_modes.min() > 3.0 + off_modes.max()


def test_equal_seeds_fit_equal_ratios():
    """The split, the fakes, the batches and the head come from the seed alone."""
    points = tf.constant(reals(50))
    options = OPTIONS | dict(steps=20)
    first, second, other = (
        refit(standard_normal_model(), reals(200), **options, seed=seed)(points).numpy() for seed in (1, 1, 2)
    )
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert np.abs(first - other).max() > 1e-3


@pytest.mark.parametrize("rows", [0, 1])
def test_fewer_than_two_reals_are_refused(rows):
    """With their number in the message."""
    with pytest.raises(GanzooError, match=f"^{rows} held-out reals cannot be fitted"):
        refit(standard_normal_model(), reals(rows), **OPTIONS)


def test_a_head_on_the_frozen_trunk_tells_pictures_apart_and_leaves_the_model_as_it_was():
    """Reals are upside down: held-out ones get larger ratios, and no weight of the model moves."""
    model = picture_model()
    weights = [weight.copy() for weight in model.get_weights()]
    pictures = model.sample(600, seed=5)[:, ::-1]
    ratio = refit(model, pictures[:500], **OPTIONS | dict(steps=100, batch_size=64))
    assert tf.reduce_mean(ratio(pictures[500:])) > 1.0 + tf.reduce_mean(ratio(model.sample(100, seed=6)))
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)


def test_the_discriminator_can_be_trained_on_after_a_refit():
    """An export in mid-training freezes nothing: as many trainable weights as before."""
    model = picture_model()
    weights = len(model.discriminator.trainable_variables)
    refit(model, model.sample(40), **OPTIONS | dict(steps=1, batch_size=8))
    assert len(model.discriminator.trainable_variables) == weights


def test_the_head_replaces_the_discriminators_last_layer_with_weights():
    """Whatever the discriminator is: here one dense layer on the flat picture, so that the trunk is the picture."""
    model = picture_model()
    samples = keras.Input((16, 16, 1))
    model.discriminator = keras.Model(samples, keras.layers.Dense(1)(keras.layers.Flatten()(samples)))
    pictures = model.sample(3)
    np.testing.assert_array_equal(frozen_trunk(model)(pictures), pictures.reshape(3, -1))


def test_without_reals_only_logits_that_are_a_log_ratio_serve():
    """The discriminator of a GAN by itself; a Wasserstein critic is not used, and nothing is."""
    gan, points = standard_normal_model(GAN, loss="minimax"), tf.constant(reals(20))
    np.testing.assert_array_equal(density_ratio.for_export(gan, None)(points), gan.discriminator(points))
    assert density_ratio.for_export(standard_normal_model(), None) is None


def test_with_reals_the_ratio_is_refitted_for_every_objective():
    """Options as given: one step at rate 0 leaves the fresh head's zeros, not the logits of the GAN's discriminator."""
    gan, points = standard_normal_model(GAN, loss="minimax"), tf.constant(reals(20))
    ratio = density_ratio.for_export(gan, reals(100), options=OPTIONS | dict(steps=1, learning_rate=0.0))
    np.testing.assert_array_equal(ratio(points), np.zeros(20))
    assert np.abs(gan.discriminator(points)).max() > 0.1
