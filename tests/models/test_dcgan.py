import keras
import numpy as np
import pytest
from scipy import stats

import ganzoo
from tests.models.descent import fit_eagerly


@pytest.fixture(scope="module")
def recipe():
    """The recipe's model for digits."""
    keras.utils.set_random_seed(0)
    return ganzoo.create("dcgan", image_shape=(28, 28, 1))


@pytest.fixture
def generator(recipe):
    """The paper's generator, behind the layer that chooses a category."""
    return recipe.generator.get_layer("generator")


def layers(network, *kinds):
    return [layer for layer in network.layers if isinstance(layer, kinds)]


def test_latents_are_uniform_on_minus_1_to_1(recipe):
    """By a Kolmogorov-Smirnov test on 80,000 numbers; the 16 columns are not correlated."""
    latents = recipe.latents([1, 2], 5000).numpy()
    assert latents.shape == (5000, 16)
    assert stats.kstest(latents.ravel(), stats.uniform(-1, 2).cdf).pvalue > 1e-3
    correlations = np.corrcoef(latents.T) - np.eye(16)
    assert np.abs(correlations).max() < 5 / np.sqrt(5000)


def test_rows_of_latents_do_not_depend_on_how_many_are_drawn(recipe):
    np.testing.assert_array_equal(recipe.latents([1, 2], 3, first_row=7), recipe.latents([1, 2], 10)[7:])


def test_fakes_and_samples_are_of_uniform_latents():
    """A generator that hands its latents on: all in [-1, 1], and from side to side, in training as afterwards."""
    identity = keras.layers.Dense(2, kernel_initializer="identity")
    generator = keras.Sequential([keras.Input((2,)), identity])
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1), keras.layers.Reshape(())])
    model_class = type(ganzoo.create("dcgan", image_shape=(2,)))
    model = model_class(generator, discriminator, loss="non_saturating", n_critic=1, ema_decay=0.0)
    for samples in (model.generate(0, like=np.zeros((1000, 2))).numpy(), model.sample(1000)):
        assert 0.99 < np.abs(samples).max() <= 1.0


def test_the_guidelines_of_section_3(recipe, generator):
    """Strides in place of pooling, batch norm but for the generator's output and the discriminator's first layer, ReLU
    and tanh, leaky ReLU of slope .2, and no hidden layer that is fully connected.
    """
    ups = layers(generator, keras.layers.Conv2DTranspose)
    downs = layers(recipe.discriminator, keras.layers.Conv2D)
    assert (len(ups), len(downs)) == (2, 3)  # 28 <- 14 <- 7, and 28 -> 14 -> 7 -> 4
    assert all(layer.strides == (2, 2) for layer in ups + downs)
    assert len(layers(generator, keras.layers.BatchNormalization)) == len(ups)
    assert len(layers(recipe.discriminator, keras.layers.BatchNormalization)) == len(downs) - 1
    assert isinstance(generator.layers[-1], keras.layers.Activation)
    assert isinstance(recipe.discriminator.layers[2], keras.layers.Activation)
    activations = [layer.activation.__name__ for layer in layers(generator, keras.layers.Activation)]
    assert activations == ["relu", "relu", "tanh"]
    slopes = [layer.activation(np.float32(-1)) for layer in layers(recipe.discriminator, keras.layers.Activation)]
    np.testing.assert_allclose(slopes, -0.2)
    for network in (generator, recipe.discriminator):
        assert len(layers(network, keras.layers.Dense)) == 1


def test_kernels_begin_normal_with_a_deviation_of_a_fiftieth(recipe, generator):
    """N(0, .02^2) in every layer of both networks, each with numbers of its own."""
    kinds = keras.layers.Conv2DTranspose, keras.layers.Conv2D, keras.layers.Dense
    kernels = [layer.kernel.numpy().ravel() for layer in generator.layers if isinstance(layer, kinds)]
    kernels += [layer.kernel.numpy().ravel() for layer in recipe.discriminator.layers if isinstance(layer, kinds)]
    assert len(kernels) == 7
    for kernel in kernels:
        assert stats.kstest(kernel[:20_000], stats.norm(0, 0.02).cdf).pvalue > 1e-3
    assert len({kernel[0] for kernel in kernels}) == 7


def test_one_step_is_that_of_gan(tiny, reals):
    """With the same weights and latents both entries end in the same place: the objective is the original one."""
    ends = []
    for name in ("gan", "dcgan"):
        model = tiny(name, (2,), loss="non_saturating", latent_categories=0)
        model.latents = tiny("dcgan", (2,)).latents
        fit_eagerly(model, reals(8, (2,)), batch_size=8)
        ends.append(model.generator.get_weights() + model.discriminator.get_weights())
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_short_training_finds_a_shifted_gaussian(tiny):
    """Reals N((2, -1), .3^2): after 600 steps the samples' mean is within .3 of it."""
    model = tiny("dcgan", (2,))
    model.compile(keras.optimizers.Adam(1.5e-3, 0.5), keras.optimizers.Adam(1.5e-3, 0.5))
    data = np.random.default_rng(0).normal([2, -1], 0.3, (600 * 64, 2)).astype(np.float32)
    model.fit(data, batch_size=64, shuffle=False, verbose=0)
    assert np.linalg.norm(model.sample(1000).mean(0) - [2, -1]) < 0.3
