import numpy as np
import pytest

from ganzoo.errors import GanzooError
from ganzoo.networks import dcgan

OPTIONS = dict(width=4, base_resolution=7, kernel_size=5, init_stddev=0.0)


@pytest.mark.parametrize("shape", [(16, 16, 1), (28, 28, 1), (32, 32, 3), (37, 50, 3), (128, 128, 3)])
def test_pictures_of_any_size_from_16_to_128(shape):
    """Powers of two or not, square or not: the generator makes that shape, the discriminator takes it."""
    pictures = dcgan.generator(8, shape, norm="batch", **OPTIONS)(np.ones((2, 8), np.float32))
    assert pictures.shape == (2, *shape)
    assert np.abs(pictures).max() <= 1
    assert dcgan.discriminator(shape, norm="none", **OPTIONS)(pictures).shape == (2,)


def test_resolutions_halve_rounding_up():
    assert dcgan.resolutions((28, 28, 1), 4) == [(28, 28), (14, 14), (7, 7), (4, 4)]


@pytest.mark.parametrize("shape", [(15, 16, 1), (129, 129, 3), (32, 32, 2), (2,)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(GanzooError, match="16 to 128"):
        dcgan.generator(8, shape, norm="batch", **OPTIONS)


def test_channels_double_as_the_resolution_halves():
    """28 x 28 at width 4: 8 channels at 7 x 7, 4 at 14 x 14."""
    shapes = [layer.output.shape[1:] for layer in dcgan.generator(8, (28, 28, 1), norm="none", **OPTIONS).layers]
    assert (7, 7, 8) in shapes
    assert (14, 14, 4) in shapes


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "instance"])
def test_every_normalisation_can_be_built(norm):
    assert dcgan.discriminator((16, 16, 1), norm=norm, **OPTIONS)(np.zeros((3, 16, 16, 1))).shape == (3,)


def test_an_unknown_normalisation_is_refused():
    with pytest.raises(GanzooError, match="no normalisation 'bach'"):
        dcgan.discriminator((28, 28, 1), width=4, base_resolution=4, kernel_size=5, norm="bach", init_stddev=0.0)
