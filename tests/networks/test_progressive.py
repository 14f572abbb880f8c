import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks import progressive
from ganzoo.networks.progressive import Levels, enlarge, fades, halve

OPTIONS = dict(width=4, max_width=8, base_resolution=4)


def networks(shape=(16, 16, 1), **options):
    """Both, of three levels at 16 x 16, with the same weights every time."""
    keras.utils.set_random_seed(0)
    options = OPTIONS | options
    return progressive.generator(3, shape, **options), progressive.discriminator(shape, group_size=4, **options)


def set_alphas(network, *alphas):
    for fade, alpha in zip(fades(network), alphas, strict=True):
        fade.alpha.assign(alpha)


@pytest.fixture
def latents():
    return np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)


@pytest.mark.parametrize("shape", [(16, 16, 1), (28, 28, 1), (32, 32, 3), (37, 50, 3)])
def test_pictures_of_any_size(shape, latents):
    """Powers of two or not, square or not: the generator makes that shape, the discriminator takes it."""
    generator, discriminator = networks(shape)
    pictures = generator(latents)
    assert pictures.shape == (8, *shape)
    assert np.abs(pictures).max() <= 1
    assert discriminator(pictures).shape == (8,)


@pytest.mark.parametrize("small, large", [((4, 4), (8, 8)), ((4, 4), (7, 7)), ((5, 7), (10, 13))])
def test_averaging_undoes_enlarging_at_odd_edges_too(small, large):
    x = np.random.default_rng(0).normal(size=(2, *small, 3)).astype(np.float32)
    larger = enlarge(tf.constant(x), large)
    assert larger.shape[1:3] == large
    np.testing.assert_allclose(larger[:, 0, 0], larger[:, 1, 1])
    np.testing.assert_allclose(halve(larger), x, rtol=1e-6)


def test_a_level_begins_as_the_lower_one_enlarged(latents):
    """Alphas 1, 0: blocks of 2 x 2 equal pixels, the pictures of level 1; alphas 0, 0: blocks of 4 x 4."""
    generator, _ = networks()
    lower = keras.Model(generator.input, generator.get_layer("fade_1").output)
    set_alphas(generator, 1.0, 0.0)
    np.testing.assert_array_equal(generator(latents), np.clip(lower(latents).numpy().repeat(2, 1).repeat(2, 2), -1, 1))
    set_alphas(generator, 0.0, 0.0)
    pictures = generator(latents).numpy()
    np.testing.assert_array_equal(pictures, pictures[:, ::4, ::4].repeat(4, 1).repeat(4, 2))
    assert np.unique(pictures[0]).size > 4


def test_a_level_ends_as_its_new_layers_alone(latents):
    """Alphas 1, 1: the pictures are the last convolution's own; at .5 they are half of either."""
    generator, _ = networks()
    fade = generator.get_layer("fade_2")
    below, new = keras.Model(generator.input, fade.input)(latents)
    np.testing.assert_array_equal(generator(latents), np.clip(new, -1, 1))
    set_alphas(generator, 1.0, 0.5)
    np.testing.assert_allclose(generator(latents), np.clip((below + new) / 2, -1, 1), atol=1e-6)


def test_the_discriminator_begins_a_level_as_the_lower_one_and_ends_it_without(latents):
    """Alphas 1, 0: only averages over 2 x 2 pixels count. Alphas 1, 1: the lower level's layer from pictures has no
    say."""
    _, discriminator = networks()
    pictures = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype(np.float32)
    averages = halve(tf.constant(pictures))
    set_alphas(discriminator, 1.0, 0.0)
    begun = discriminator(pictures).numpy()
    np.testing.assert_allclose(begun, discriminator(enlarge(averages, (16, 16))), rtol=1e-5)

    lower = discriminator.get_layer("from_picture_1")
    set_alphas(discriminator, 1.0, 1.0)
    ended = discriminator(pictures).numpy()
    lower.set_weights([2 * weight for weight in lower.get_weights()])
    np.testing.assert_array_equal(discriminator(pictures), ended)
    set_alphas(discriminator, 1.0, 0.0)
    assert np.abs(discriminator(pictures) - begun).max() > 1e-3


@pytest.mark.parametrize("shape", [(16, 16, 1), (30, 22, 3)])
def test_the_networks_of_the_current_level_are_the_whole_networks(shape, latents):
    """Traced once, in all phases, in training mode: pictures up to the cut at [-1, 1], logits, and their gradients."""
    generator, discriminator = networks(shape, base_resolution=7)
    levels = Levels(generator, discriminator)
    pictures = tf.constant(np.random.default_rng(0).uniform(-1, 1, (8, *shape)).astype(np.float32))

    def both(generator, discriminator):
        fakes = generator(latents, training=True)
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            logits = discriminator(pictures, training=True)
            logits = logits[0] if isinstance(logits, list) else logits
        return fakes, logits, tape.gradient(logits, pictures)

    at_current = tf.function(lambda: levels.at_current(both), autograph=False)
    for alphas in ((0.0, 0.0), (0.3, 0.0), (1.0, 0.0), (1.0, 0.6), (1.0, 1.0)):
        for network in (generator, discriminator):
            set_alphas(network, *alphas)
        fakes, *scores = at_current()
        whole_fakes, *whole_scores = both(generator, discriminator)
        np.testing.assert_allclose(np.clip(fakes, -1, 1), whole_fakes, atol=1e-6)
        for one, other in zip(scores, whole_scores, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_reals_are_shown_as_the_level_has_them():
    """Averages over 4 x 4 pixels at level 0, at alpha .25 blended with those over 2 x 2, by numpy."""
    generator, discriminator = networks()
    levels = Levels(generator, discriminator)
    reals = np.random.default_rng(0).uniform(-1, 1, (3, 16, 16, 1)).astype(np.float32)

    def averages(size):
        blocks = reals.reshape(3, 16 // size, size, 16 // size, size, 1).mean((2, 4))
        return blocks.repeat(size, 1).repeat(size, 2)

    for alphas, expected in (
        ((0.0, 0.0), averages(4)),
        ((0.25, 0.0), 0.75 * averages(4) + 0.25 * averages(2)),
        ((1.0, 1.0), reals),
    ):
        set_alphas(generator, *alphas)
        np.testing.assert_allclose(levels.show(reals), expected, atol=1e-6)


def test_networks_are_rebuilt_from_their_configs(latents):
    """Even after their layers were used at other levels: copies with the same weights have the same outputs."""
    generator, discriminator = networks()
    Levels(generator, discriminator)
    pictures = generator(latents)
    for network, inputs in ((generator, latents), (discriminator, pictures)):
        copy = keras.Model.from_config(network.get_config())
        assert [weight.shape for weight in copy.weights] == [weight.shape for weight in network.weights]
        copy.set_weights(network.get_weights())
        np.testing.assert_array_equal(copy(inputs), network(inputs))


def test_different_numbers_of_levels_are_refused():
    with pytest.raises(GanzooError, match="3 levels and the discriminator 2; give both the same base_resolution"):
        Levels(networks()[0], networks(base_resolution=8)[1])


def test_in_half_precision_pictures_and_logits_are_float32(latents):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator, discriminator = networks()
    finally:
        keras.config.set_dtype_policy("float32")
    assert generator.get_layer("fade_1").output.dtype == "float32"
    assert discriminator.get_layer("block_1").output.dtype == "bfloat16"
    assert discriminator(generator(latents)).dtype == tf.float32
