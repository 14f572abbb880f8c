"""Latents of given samples, against the closed form of a linear generator and a model's own samples."""

import keras
import numpy as np
import pytest

import ganzoo
from ganzoo.bases.generative import GenerativeModel
from ganzoo.errors import GanzooError
from ganzoo.networks.categories import LatentCategory
from tests.conftest import TINY, tiny_translator

WEIGHTS = np.array([[1.0, 0.5, 0.0], [-0.5, 1.0, 2.0]], np.float32)  # latents [2] to points [3]


def linear():
    latents, points = keras.Input((2,)), keras.Input((3,))
    generator = keras.Model(latents, keras.layers.Dense(3, use_bias=False)(latents))
    generator.set_weights([WEIGHTS])
    return GenerativeModel(generator, keras.Model(points, keras.layers.Dense(1)(points)))


@pytest.mark.parametrize("prior_weight", [0.0, 0.3])
def test_latents_of_a_linear_generator_are_the_ridge_regressions(prior_weight):
    """min |zW - x|^2 / 3 + w |z|^2 / 2 has the solution z = x W^T (W W^T + 3/2 w I)^-1."""
    points = np.array([[1.0, 0.0, -1.0], [0.3, 2.0, 0.5]], np.float32)
    found = ganzoo.invert(linear(), points, starts=2, steps=250, learning_rate=0.1, prior_weight=prior_weight)
    expected = points @ WEIGHTS.T @ np.linalg.inv(WEIGHTS @ WEIGHTS.T + 1.5 * prior_weight * np.eye(2))
    np.testing.assert_allclose(found.latents, expected, atol=2e-3)
    np.testing.assert_allclose(found.samples, found.latents @ WEIGHTS, atol=1e-5)
    np.testing.assert_allclose(found.distances, np.square(found.samples - points).mean(axis=1), atol=1e-5)


def test_a_models_own_picture_is_found_again_in_its_category():
    keras.utils.set_random_seed(0)
    model = ganzoo.create("gan", image_shape=(16, 16, 1), latent_dim=3, latent_categories=3, **TINY["images"])
    model.ema_generator.set_weights([3 * weight for weight in model.ema_generator.get_weights()])
    pictures = model.sample(2, seed=5)
    found = ganzoo.invert(model, pictures, steps=60, learning_rate=0.1, prior_weight=0.0)
    before = np.square(pictures - pictures[::-1]).mean()
    assert found.samples.shape == pictures.shape
    assert found.distances.max() < 0.1 * before
    own = model.latents(np.array([5, 0], np.int32), 2)
    np.testing.assert_array_equal(LatentCategory(3)(found.latents)[:, 2:], LatentCategory(3)(own)[:, 2:])


def test_what_cannot_be_inverted_is_said():
    points = np.zeros((1, 3), np.float32)
    wrong = {
        "this one translates pictures": (tiny_translator("pix2pix"), points, {}),
        "pictures have the shape": (linear(), points[:, :2], {}),
        "without classes: leave labels out": (linear(), points, dict(labels=np.array([0]))),
        "steps is 0, expected at least 1": (linear(), points, dict(steps=0)),
        "starts is 0, expected at least 1": (linear(), points, dict(starts=0)),
        "learning_rate is nan": (linear(), points, dict(learning_rate=float("nan"))),
        "prior_weight is -1": (linear(), points, dict(prior_weight=-1)),
        "pictures hold|finite": (linear(), points + np.nan, {}),
    }
    for words, (model, samples, options) in wrong.items():
        with pytest.raises(GanzooError, match=words):
            ganzoo.invert(model, samples, **options)
