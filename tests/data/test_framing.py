import numpy as np
import pytest
from PIL import Image

from ganzoo.data import framing


@pytest.mark.parametrize(
    "sizes, side",
    [([(32, 32)] * 3, 32), ([(32, 32), (33, 33)], 64), ([(32, 30)] * 2, 64), ([(512, 512)], 64), ([], 64)],
)
def test_pictures_keep_their_size_where_they_agree_on_a_fit_one(sizes, side):
    """Square, 16 to 128, all the same; else 64."""
    assert framing.own_size(sizes) == side


def test_the_size_is_settled_by_the_first_pictures_that_differ():
    """A generator over a large folder is not read to its end."""
    sizes = iter([(32, 32), (40, 40), (32, 32)])
    framing.own_size(sizes)
    assert next(sizes) == (32, 32)


def test_the_centre_square_is_kept():
    """Of a wide picture the sides go, of a tall one top and bottom."""
    pixels = np.zeros((16, 48, 1), np.uint8)
    pixels[:, 16:32] = 255
    for oriented in (pixels, pixels.swapaxes(0, 1)):
        assert (framing.fit(framing.from_pixels(oriented), 16, 1) == 255).all()


def test_resizing_averages_instead_of_picking_pixels():
    """A fine checkerboard shrinks to its mean grey, without moire."""
    board = np.indices((128, 128)).sum(axis=0) % 2 * 255
    small = framing.fit(Image.fromarray(board.astype(np.uint8)), 16, 1)
    assert small == pytest.approx(np.full((16, 16, 1), 127.5), abs=8)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_shows_white(mode):
    """Fully transparent pictures are white, whatever colour lies below."""
    image = Image.new("RGBA", (16, 16), (200, 0, 0, 0)).convert(mode)
    if mode == "P":
        image.info["transparency"] = image.getpixel((0, 0))
    assert (framing.fit(framing.upright(image), 16, 3) == 255).all()


def test_sixteen_bits_become_eight():
    """The full range onto the full range, not clipped and not cut off."""
    pixels = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    expected = np.arange(256).reshape(16, 16, 1)
    assert (framing.fit(framing.upright(Image.fromarray(pixels)), 16, 1) == expected).all()
    assert (framing.fit(framing.from_pixels(pixels[..., None]), 16, 1) == expected).all()


def test_grey_pictures_stay_grey_until_one_has_colour():
    """channels=0 decides over all pictures, however they are stored."""
    grey, stored_as_rgb = Image.new("L", (16, 16), 99), Image.new("RGB", (16, 16), (50, 50, 50))
    red = Image.new("RGB", (16, 16), (255, 0, 0))
    assert framing.assemble([grey, stored_as_rgb], 16, 0).shape == (2, 16, 16, 1)
    assert framing.assemble([grey, red], 16, 0).shape == (2, 16, 16, 3)
    assert framing.assemble([grey, red], 16, 1)[1, 0, 0].tolist() == [76]
