"""Frames pictures of any source for training: square, 16 pixels a side or more, 8-bit grey or RGB.

Models that sample have pictures of up to 128 pixels a side; translators have larger ones.
"""

import math
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageOps

from ganzoo.data.storage import Pile, StoredPictures
from ganzoo.errors import GanzooError

SMALLEST, LARGEST, USUAL = 16, 128, 64  # pixels a side


def check_request(image_size: int, channels: int, largest: int = LARGEST) -> None:
    """Raises GanzooError unless the size is 0 or 16 to `largest` and the channels are 0, 1 or 3."""
    if image_size and not SMALLEST <= image_size <= largest:
        raise GanzooError(f"image_size is {image_size}; give {SMALLEST} to {largest}, or 0 for the pictures' own size.")
    if channels not in (0, 1, 3):
        raise GanzooError(f"channels is {channels}; give 1 (grey), 3 (RGB), or 0 for what the pictures are.")


def own_size(sizes: Iterable[tuple[int, int]], largest: int = LARGEST, usual: int = USUAL) -> int:
    """The pictures' common side if all are squares of one size within 16 to `largest`, else `usual`.

    It stops at the first picture that decides the result, so that few of many large pictures are read.
    """
    agreed = None
    for width, height in sizes:
        agreed = agreed or width
        if not (width == height == agreed and SMALLEST <= width <= largest):
            return usual
    return agreed or usual


def upright(image: Image.Image) -> Image.Image:
    """A picture rotated by its EXIF tag, with white for transparent pixels, as 8-bit grey ("L") or colour ("RGB")."""
    image = ImageOps.exif_transpose(image)
    if image.mode == "I" or image.mode.startswith("I;16"):
        return Image.fromarray(eight_bits(np.clip(np.asarray(image), 0, 65535).astype(np.uint16)))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def eight_bits(pixels: np.ndarray) -> np.ndarray:
    """uint8 or uint16 pixels as uint8, rounded; 0 to 65535 becomes 0 to 255."""
    return pixels if pixels.dtype == np.uint8 else ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def from_pixels(pixels: np.ndarray) -> Image.Image:
    """uint8 or uint16 [H, W, C] as a picture; C is 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA)."""
    pixels = eight_bits(pixels)
    return upright(Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels))


def fit(image: Image.Image, size: int, channels: int) -> np.ndarray:
    """The centre square of a picture, resized with antialiasing (Lanczos): uint8 [size, size, channels]."""
    image = image.convert("L" if channels == 1 else "RGB")
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    image = image.crop((left, top, left + side, top + side))
    image = image.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(image).reshape(size, size, channels)


def assemble(
    pictures: Iterable[Image.Image | np.ndarray],
    size: int,
    channels: int,
    most_bytes: float = math.inf,
    expected: int = 0,
) -> np.ndarray | StoredPictures:
    """Pictures of any size as one array, or as rows of a file if they would take too much memory.

    Args:
        pictures: upright pictures, or uint8 / uint16 [H, W, C] pixels.
        size: pixels a side.
        channels: 1, 3, or 0 for grey if all pictures are grey, else RGB.
        most_bytes: the most bytes of memory to use.
        expected: the number of pictures, if it is known.

    Returns:
        uint8 [N, size, size, channels].

    Raises:
        GanzooError: if there is no room for the file.
    """
    shape = (size, size, channels or 3)

    def fitted(picture) -> np.ndarray:
        if isinstance(picture, np.ndarray):
            if picture.shape == shape and picture.dtype == np.uint8:
                return picture
            picture = from_pixels(picture)
        return fit(picture, size, shape[-1])

    pile = Pile((size, size, channels or 1), most_bytes, expected)
    for picture in map(fitted, pictures):
        if pile.shape != shape:  # all have been grey so far
            if _is_grey(picture):
                picture = picture[..., :1]
            else:
                pile = pile.in_colour()
        pile.add(picture)
    return pile.finish()


def _is_grey(picture: np.ndarray) -> bool:
    return np.array_equal(picture[..., 0], picture[..., 1]) and np.array_equal(picture[..., 0], picture[..., 2])
