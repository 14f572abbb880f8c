import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import ganzoo
from ganzoo.errors import GanzooError
from ganzoo.networks import categories
from ganzoo.networks.categories import SCALE, LatentCategory
from ganzoo.zoo.recipes import completed, load_config

MLP = dict(width=8, depth=2)


def test_the_category_is_the_quantile_of_the_first_latent():
    """Five categories: the k-th takes the probabilities from k / 5 to (k + 1) / 5; a bound belongs to the upper one."""
    probabilities = np.array([1e-30, 0.1, 0.1999, 0.2001, 0.5, 0.79, 0.81, 1 - 1e-7])
    first = scipy.stats.norm.ppf(probabilities).astype(np.float32)
    latents = np.stack([first, np.arange(8.0), -np.arange(8.0)], 1).astype(np.float32)
    mapped = LatentCategory(5)(latents).numpy()
    np.testing.assert_array_equal(mapped[:, :2], latents[:, 1:])
    np.testing.assert_array_equal(mapped[:, 2:], SCALE * np.eye(5)[[0, 0, 0, 1, 2, 3, 4, 4]])
    bounds = scipy.stats.norm.ppf(np.arange(1, 5) / 5).astype(np.float32)
    assert LatentCategory(5)(bounds[:, None]).numpy().argmax(1).tolist() == [1, 2, 3, 4]


def test_the_categories_of_uniform_latents_are_equal_parts_of_their_range():
    """Four categories of [-1, 1] begin at -1, -.5, 0 and .5; `dcgan` has such latents."""
    first = np.array([[-1.0], [-0.51], [-0.5], [-0.01], [0.0], [0.49], [0.5], [1.0]], np.float32)
    assert LatentCategory(4, "uniform")(first).numpy().argmax(1).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    copy = LatentCategory.from_config(LatentCategory(4, "uniform").get_config())
    np.testing.assert_array_equal(copy(first), LatentCategory(4, "uniform")(first))


def test_the_categories_of_a_models_own_latents_are_equally_frequent(tiny):
    """32,000 latents and 4 categories: 8,000 of each, within five standard deviations, normal or uniform."""
    for name in ("gan", "dcgan"):
        model = tiny(name, latent_categories=4)
        layer = next(layer for layer in model.generator.layers if isinstance(layer, LatentCategory))
        latents = model.latents(tf.constant([1, 2]), 32_000)
        number = SCALE * latents[:, 1].numpy().std()  # as long as 16 latents
        chosen = layer(latents).numpy()[:, model.latent_dim - 1 :]
        np.testing.assert_allclose(chosen.max(1), number, rtol=0.02, err_msg=name)
        chosen /= chosen.max()
        np.testing.assert_allclose(chosen.sum(0), 8_000, atol=5 * np.sqrt(32_000 * 3 / 16), err_msg=name)


def test_every_latent_has_one_category_and_all_are_equally_frequent():
    """70,000 normal latents and 7 categories: 10,000 of each, within five standard deviations."""
    latents = np.random.default_rng(0).normal(size=(70_000, 2)).astype(np.float32)
    chosen = LatentCategory(7)(latents).numpy()[:, 1:] / SCALE
    np.testing.assert_array_equal(chosen.sum(1), 1)
    np.testing.assert_allclose(chosen.sum(0), 10_000, atol=5 * np.sqrt(70_000 * 6 / 49))


def test_without_categories_the_generator_is_the_familys_own():
    assert not any(isinstance(x, LatentCategory) for x in categories.generator("mlp", 2, (2,), **MLP).layers)


def test_categories_without_a_second_latent_are_refused():
    with pytest.raises(GanzooError, match="latent_dim must be at least 2, not 1"):
        categories.generator("mlp", 1, (2,), latent_categories=3, **MLP)


@pytest.mark.parametrize("name", ["r3gan", "cgan", "infogan", "pggan", "stylegan2"])
def test_a_model_with_categories_trains_saves_and_samples_the_same(name, tiny, tmp_path):
    """Two steps move the weights, and the model of the file has the same samples."""
    extra = {"cgan": dict(num_classes=3), "infogan": dict(categories=2, continuous=1)}.get(name, {})
    if name == "pggan":
        extra = {part: dict(width=4, max_width=8, base_resolution=8) for part in ("generator", "discriminator")}
        extra["discriminator"]["group_size"] = 4
    model = tiny(name, latent_categories=3, **extra)
    reals = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype(np.float32)
    labels = (np.arange(8) % 3,) if name == "cgan" else ()
    before = [weight.numpy() for weight in model.generator.trainable_variables]
    model.fit(reals, *labels, batch_size=4, shuffle=False, verbose=0)
    assert not np.array_equal(before[0], model.generator.trainable_variables[0].numpy())
    path = str(tmp_path / "m.keras")
    model.save(path)
    np.testing.assert_array_equal(ganzoo.load(path).sample(5, seed=1), model.sample(5, seed=1))


def test_a_category_alone_moves_the_samples_apart():
    """The same other latents, first latents on both sides of a bound and within one category."""
    keras.utils.set_random_seed(1)
    generator = categories.generator("mlp", 3, (2,), latent_categories=4, **MLP)
    one, same, other = (generator(tf.constant([[first, 0.3, -0.2]])).numpy() for first in (-0.1, -0.6, 0.1))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-2


def test_a_run_of_before_the_key_has_no_categories():
    """Whatever its recipe has now."""
    stored = load_config("r3gan").to_dict()
    del stored["model"]["latent_categories"]
    assert completed(stored).model.latent_categories == 0
