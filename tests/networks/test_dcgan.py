import keras
import numpy as np
import pytest

from ganzoo.errors import GanzooError
from ganzoo.networks import dcgan

OPTIONS = dict(width=4, base_resolution=7, kernel_size=5, init_stddev=0.0)


@pytest.mark.parametrize("shape", [(16, 16, 1), (28, 28, 1), (32, 32, 3), (37, 50, 3), (128, 128, 3)])
@pytest.mark.parametrize("kernel_size", [4, 5])
def test_pictures_of_any_size_from_16_to_128(shape, kernel_size):
    """Powers of two or not, square or not: the generator makes that shape, the discriminator takes it."""
    options = OPTIONS | {"kernel_size": kernel_size}
    pictures = dcgan.generator(8, shape, norm="batch", **options)(np.ones((2, 8), np.float32))
    assert pictures.shape == (2, *shape)
    assert np.abs(pictures).max() <= 1
    assert dcgan.discriminator(shape, norm="none", **OPTIONS)(pictures).shape == (2,)


@pytest.mark.parametrize("kernel_size", [4, 5])
def test_an_odd_side_is_made_of_the_pixels_that_its_convolution_takes(kernel_size):
    """7 <- 4 is the adjoint of the discriminator's 4 <- 7: <up(y), x> = <y, down(x)>."""
    padding = dcgan.output_padding((4, 4), (7, 7), kernel_size)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(1, 7, 7, 1)).astype("float32"), rng.normal(size=(1, 4, 4, 1)).astype("float32")
    up = keras.layers.Conv2DTranspose(1, kernel_size, strides=2, padding="same", output_padding=padding)
    down = keras.layers.Conv2D(1, kernel_size, strides=2, padding="same")
    of_y = up(y)
    down.build(x.shape)
    down.set_weights(up.get_weights())
    of_x = down(x)
    assert of_y.shape == x.shape
    np.testing.assert_allclose(np.vdot(of_y, x), np.vdot(y, of_x), rtol=1e-4)


def test_resolutions_halve_rounding_up():
    assert dcgan.resolutions((28, 28, 1), 4) == [(28, 28), (14, 14), (7, 7), (4, 4)]


@pytest.mark.parametrize("shape", [(15, 16, 1), (257, 257, 3), (32, 32, 2), (2,)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(GanzooError, match="16 to 256"):
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
