"""Principal directions of a generator's first layer, against closed forms and a principal component analysis."""

import keras
import numpy as np
import pytest

import ganzoo
from ganzoo.bases.generative import GenerativeModel
from ganzoo.errors import GanzooError
from tests.conftest import TINY, tiny_translator


def with_first_layer(kernel):
    latents, points = keras.Input((len(kernel),)), keras.Input((2,))
    x = keras.layers.Dense(kernel.shape[1], use_bias=False, name="first")(latents)
    generator = keras.Model(latents, keras.layers.Dense(2)(keras.layers.ReLU()(x)))
    generator.get_layer("first").set_weights([kernel])
    return GenerativeModel(generator, keras.Model(points, keras.layers.Dense(1)(points)))


def test_directions_of_a_known_layer_are_its_singular_vectors():
    """A turn by 30 degrees, then gains of 3 and 1; the third latent does nothing."""
    turn = np.array([[np.cos(np.pi / 6), np.sin(np.pi / 6)], [-np.sin(np.pi / 6), np.cos(np.pi / 6)]])
    kernel = np.zeros((3, 4), np.float32)
    kernel[:2, 1:3] = turn.T @ np.diag([1.0, 3.0])
    found = ganzoo.directions(with_first_layer(kernel))
    np.testing.assert_allclose(found.gains, [3, 1, 0], atol=1e-6)
    np.testing.assert_allclose(found.vectors[0], [-0.5, np.sqrt(0.75), 0], atol=1e-6)
    np.testing.assert_allclose(np.abs(found.vectors[1:]), [[np.sqrt(0.75), 0.5, 0], [0, 0, 1]], atol=1e-6)
    np.testing.assert_allclose(found.vectors @ found.vectors.T, np.eye(3), atol=1e-6)


def test_gains_are_the_standard_deviations_of_the_layers_principal_components():
    """GANSpace's estimate from 50,000 latents."""
    rng = np.random.default_rng(0)
    kernel = rng.standard_normal((6, 20)).astype(np.float32)
    found = ganzoo.directions(with_first_layer(kernel), 3)
    outputs = rng.standard_normal((50_000, 6)) @ kernel
    variances, components = np.linalg.eigh(np.cov(outputs.T))
    np.testing.assert_allclose(found.gains, np.sqrt(variances[::-1][:3]), rtol=0.02)
    for vector, component in zip(found.vectors, components.T[::-1], strict=False):
        changed = vector @ kernel
        assert abs(changed @ component) / np.linalg.norm(changed) > 0.99


@pytest.mark.parametrize(
    "name, options, free",
    [
        ("gan", dict(latent_dim=5, latent_categories=4), slice(1, 5)),
        ("infogan", dict(latent_dim=3), [0, 1, 2, 13, 14]),
        ("cgan", dict(latent_dim=4, latent_categories=0), slice(0, 4)),
    ],
)
def test_categories_codes_and_labels_are_left_as_they_are(name, options, free):
    """A step of 1 along a direction changes the first layer's output by the gain."""
    model = ganzoo.create(name, image_shape=(16, 16, 1), **options, **TINY["images"])
    found = ganzoo.directions(model)
    others = np.setdiff1d(np.arange(model.latent_dim), np.arange(model.latent_dim)[free])
    assert len(found.vectors) == model.latent_dim - len(others)
    assert (found.vectors[:, others] == 0).all()
    (first,) = [weight for weight in model.ema_generator.weights if weight.path.endswith("kernel")][:1]
    offset = 1 if name == "gan" else 0
    rows = np.arange(model.latent_dim)[free] - offset
    changes = found.vectors[:, free] @ np.asarray(first)[rows]
    np.testing.assert_allclose(np.linalg.norm(changes, axis=1), found.gains, rtol=1e-4, atol=1e-6)


def test_what_has_no_directions_is_said():
    with pytest.raises(GanzooError, match="this one translates pictures"):
        ganzoo.directions(tiny_translator("pix2pix"))
    with pytest.raises(GanzooError, match=r"count is 3; these latents have 1 .. 2 directions"):
        ganzoo.directions(with_first_layer(np.eye(2, dtype=np.float32)), 3)
