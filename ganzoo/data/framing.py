"""Frames pictures of any source for training: 16 pixels a side or more, 8-bit grey or RGB, all of one shape.

Models that sample have pictures of up to 256 pixels a side; translators have larger ones.
"""

import math
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageOps

from ganzoo.data.storage import Pile, StoredPictures
from ganzoo.errors import GanzooError, did_you_mean

SMALLEST, LARGEST, USUAL = 16, 256, 64  # pixels a side
LARGEST_OWN = 128  # pixels a side of pictures that keep their own size without being asked: more takes hours
ASPECTS = ("crop", "pad", "keep")
STEP = 4  # a side that follows from an aspect ratio is a multiple of it, so that it can be halved twice

Sides = int | tuple[int, int]  # pixels a side of squares, or (height, width)


def check_request(image_size: int, channels: int, largest: int = LARGEST, aspect: str = "crop") -> None:
    """Raises GanzooError unless the size is 0 or 16 to `largest`, the channels are 0, 1 or 3, and the aspect known."""
    if image_size and not SMALLEST <= image_size <= largest:
        raise GanzooError(f"image_size is {image_size}; give {SMALLEST} to {largest}, or 0 for the pictures' own size.")
    if channels not in (0, 1, 3):
        raise GanzooError(f"channels is {channels}; give 1 (grey), 3 (RGB), or 0 for what the pictures are.")
    if aspect not in ASPECTS:
        raise GanzooError(f"aspect is '{aspect}'; give one of {', '.join(ASPECTS)}.{did_you_mean(aspect, ASPECTS)}")


def own_sides(sizes: Iterable[tuple[int, int]], image_size: int = 0, aspect: str = "crop") -> tuple[int, int]:
    """The height and the width to which all pictures of a set are framed.

    Args:
        sizes: the (width, height) of the pictures.
        image_size: pixels of the longer side; 0 takes the pictures' own size if it is one of 16 to 128, else 64.
        aspect: "crop" and "pad" make squares. "keep" takes the median of the pictures' ratios of width to height; the
            shorter side is a multiple of 4, and at least 16.

    >>> own_sides([(300, 200), (1500, 1000), (40, 40)], 96, "keep")
    (64, 96)
    """
    if aspect != "keep":
        side = image_size or own_size(sizes)
        return side, side
    sizes = list(sizes)
    if not image_size and len(set(sizes)) == 1 and SMALLEST <= min(sizes[0]) <= max(sizes[0]) <= LARGEST_OWN:
        return sizes[0][::-1]
    longer = image_size or USUAL
    ratio = math.exp(np.median([math.log(width / height) for width, height in sizes])) if sizes else 1.0
    shorter = max(STEP * round(longer * min(ratio, 1 / ratio) / STEP), SMALLEST)
    if abs(ratio - 1.0) < 1e-9 or shorter >= longer:
        return longer, longer
    return (shorter, longer) if ratio > 1.0 else (longer, shorter)


def own_size(sizes: Iterable[tuple[int, int]], largest: int = LARGEST_OWN, usual: int = USUAL) -> int:
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
    """A picture rotated by its EXIF tag, with white for transparent pixels, as 8-bit grey ("L") or colour ("RGB").

    Raises:
        GanzooError: for pixels of floating-point numbers, with the reason alone.
    """
    if image.mode == "F":
        raise GanzooError("of floating-point pixels, whose white nobody states: to be converted to 8 or 16 bits")
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


def fit(image: Image.Image, sides: Sides, channels: int, aspect: str = "crop") -> np.ndarray:
    """A picture resized with antialiasing (Lanczos): uint8 [height, width, channels].

    Args:
        image: an upright picture.
        sides: pixels a side, or (height, width).
        channels: 1 or 3.
        aspect: "pad" puts white beside or above and below the whole picture. Otherwise what lies beyond the largest
            centred rectangle of the wanted ratio is cut off.
    """
    image = image.convert("L" if channels == 1 else "RGB")
    height, width = _both(sides)
    if aspect == "pad":
        image = ImageOps.pad(image, (width, height), Image.Resampling.LANCZOS, color="white")
    else:
        scale = min(image.width / width, image.height / height)
        kept = round(width * scale), round(height * scale)
        left, top = (image.width - kept[0]) // 2, (image.height - kept[1]) // 2
        image = image.crop((left, top, left + kept[0], top + kept[1]))
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(image).reshape(height, width, channels)


def is_enlarged(size: tuple[int, int], sides: Sides, aspect: str = "crop") -> bool:
    """Whether a picture of (width, height) has fewer pixels a side than `fit` gives it."""
    height, width = _both(sides)
    scales = (width / size[0], height / size[1])
    return (min(scales) if aspect == "pad" else max(scales)) > 1.0


def _both(sides: Sides) -> tuple[int, int]:
    return (sides, sides) if isinstance(sides, int) else (sides[0], sides[1])


def assemble(
    pictures: Iterable[Image.Image | np.ndarray],
    sides: Sides,
    channels: int,
    most_bytes: float = math.inf,
    expected: int = 0,
    aspect: str = "crop",
) -> np.ndarray | StoredPictures:
    """Pictures of any size as one array, or as rows of a file if they would take too much memory.

    Args:
        pictures: upright pictures, or uint8 / uint16 [H, W, C] pixels.
        sides: pixels a side, or (height, width).
        channels: 1, 3, or 0 for grey if all pictures are grey, else RGB.
        most_bytes: the most bytes of memory to use.
        expected: the number of pictures, if it is known.
        aspect: as in `fit`.

    Returns:
        uint8 [N, height, width, channels].

    Raises:
        GanzooError: if there is no room for the file.
    """
    shape = (*_both(sides), channels or 3)

    def fitted(picture) -> np.ndarray:
        if isinstance(picture, np.ndarray):
            if picture.shape == shape and picture.dtype == np.uint8:
                return picture
            picture = from_pixels(picture)
        return fit(picture, sides, shape[-1], aspect)

    pile = Pile((*_both(sides), channels or 1), most_bytes, expected)
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
