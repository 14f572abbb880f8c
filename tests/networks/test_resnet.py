import keras
import numpy as np
import pytest

from ganzoo.errors import GanzooError
from ganzoo.networks import resnet
from ganzoo.networks.layers.basic import cut
from ganzoo.networks.layers.spectral import SpectralConv2D, SpectralLayer

GENERATOR, DISCRIMINATOR = dict(width=4, base_resolution=4), dict(width=4, base_resolution=8)


@pytest.mark.parametrize("shape", [(16, 16, 1), (28, 28, 1), (37, 50, 3)])
def test_pictures_of_any_size(shape):
    """The generator makes that shape, the discriminator takes it."""
    pictures = resnet.generator(3, shape, **GENERATOR)(np.ones((2, 3), np.float32))
    assert pictures.shape == (2, *shape)
    assert np.abs(pictures).max() <= 1
    assert resnet.discriminator(shape, norm="spectral", **DISCRIMINATOR)(pictures).shape == (2,)


def test_at_32_pixels_the_networks_are_the_papers():
    """At its widths: 4 x 4 x 256, three blocks and a convolution; blocks that end at 16, 8, 8 and 8 pixels."""
    generator = resnet.generator(128, (32, 32, 3), width=256, base_resolution=4)
    block = 2 * (9 * 256 + 1) * 256 + (256 + 1) * 256 + 2 * 4 * 256  # two convolutions, the shortcut, two batch norms
    first, last = (128 + 1) * 16 * 256, 4 * 256 + (9 * 256 + 1) * 3
    assert generator.count_params() == first + 3 * block + last

    discriminator = resnet.discriminator((32, 32, 3), width=128, base_resolution=8, norm="spectral")
    kernels = [tuple(layer.kernel.shape) for layer in discriminator.layers if isinstance(layer, SpectralConv2D)]
    wide, shortcut = (3, 3, 128, 128), (1, 1, 128, 128)
    assert sorted(kernels) == sorted([(3, 3, 3, 128), (1, 1, 3, 128), shortcut] + 7 * [wide])
    ends = [layer.output.shape[1] for layer in discriminator.layers if isinstance(layer, keras.layers.Add)]
    assert ends == [16, 8, 8, 8]


def test_every_weight_of_the_discriminator_is_normalised_and_the_trunk_ends_at_the_sum():
    discriminator = resnet.discriminator((28, 28, 1), norm="spectral", **DISCRIMINATOR)
    assert all(isinstance(layer, SpectralLayer) for layer in discriminator.layers if layer.weights)
    assert cut(discriminator)[0].output_shape == (None, 4)


def test_without_spectral_normalisation_the_layers_are_kerass_own():
    discriminator = resnet.discriminator((16, 16, 1), norm="none", **DISCRIMINATOR)
    assert not any(isinstance(layer, SpectralLayer) for layer in discriminator.layers)


def test_an_unknown_normalisation_is_refused():
    with pytest.raises(GanzooError, match="no normalisation 'batch'.*spectral and none"):
        resnet.discriminator((16, 16, 1), norm="batch", **DISCRIMINATOR)


def test_the_networks_survive_a_file(tmp_path):
    """The sum over the picture is no layer, and is saved all the same."""
    discriminator = resnet.discriminator((16, 16, 1), norm="spectral", **DISCRIMINATOR)
    discriminator.save(tmp_path / "d.keras")
    x = np.random.default_rng(0).normal(size=(2, 16, 16, 1)).astype(np.float32)
    np.testing.assert_allclose(keras.saving.load_model(tmp_path / "d.keras")(x), discriminator(x), rtol=1e-5)
