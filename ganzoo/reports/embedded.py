"""Pictures inside a page, as data addresses, within a number of bytes."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from ganzoo.pictures import drawing

MOST_FRAMES = 60
QUALITY = 80  # of WebP, 0 .. 100
LEAST_FRAMES = 8


def data_address(content: bytes, kind: str) -> str:
    """A file's content as an address that needs no file. `kind` is "png" or "webp"."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def picture(pixels: np.ndarray, most_bytes: int) -> str:
    """A picture as PNG or, if that has more bytes than allowed, as WebP of at most 1,600 pixels a side.

    Args:
        pixels: uint8 [height, width, 1 or 3].
        most_bytes: of the PNG.
    """
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True)
    return data_address(file.getvalue(), "png") if file.tell() <= most_bytes else _webp(image, 1600)


def sample(pixels: np.ndarray) -> str:
    """One sample of many: float32 [height, width, channels] in [-1, 1]."""
    return picture(drawing.to_uint8(pixels), 3000)


def stored(path: Path, most_bytes: int) -> str | None:
    """A picture's file as it is or, if it has more bytes than allowed, as WebP; None if it is no picture."""
    try:
        with Image.open(path) as image:
            image.load()
            if path.stat().st_size <= most_bytes and image.format == "PNG":
                return data_address(path.read_bytes(), "png")
            return _webp(image, 1600)
    except (OSError, UnidentifiedImageError):
        return None


def frames(pictures: Mapping[int, Path], most_bytes: int, most: int = MOST_FRAMES) -> list[tuple[int, str]]:
    """The sample pictures of a training by step, thinned to what a page can hold.

    The first and the last picture stay, and those between are evenly spread. Pictures stay PNG where at least
    `LEAST_FRAMES` (or all) of them fit, and become WebP otherwise.

    Args:
        pictures: files by step, in the order of the steps; files that are no pictures are left out.
        most_bytes: of all addresses together.
        most: pictures on the page.
    """
    room = most_bytes * 3 // 4  # base64 writes 3 bytes as 4
    steps = list(pictures)
    sizes = [pictures[step].stat().st_size for step in steps]
    count = min(len(steps), most)
    largest = max(sizes, default=0)
    fitting = room // max(largest, 1)
    as_png = fitting >= min(count, LEAST_FRAMES)
    if as_png:
        count = min(count, fitting)
    kept = []
    for step in evenly(steps, count):
        address = stored(pictures[step], largest if as_png else room // max(count, 1))
        if address is not None:
            kept.append((step, address))
    while len(kept) > 2 and sum(len(address) for _, address in kept) > most_bytes:
        kept = evenly(kept, max(2, len(kept) * 3 // 4))
    return kept


def evenly(items: list, count: int) -> list:
    """`count` of the items, evenly spread, the first and the last among them (the last alone for 1).

    >>> evenly(list(range(10)), 4)
    [0, 3, 6, 9]
    """
    if count >= len(items):
        return list(items)
    places = np.linspace(0, len(items) - 1, count) if count > 1 else [len(items) - 1]
    return [items[round(place)] for place in places]


def _webp(image: Image.Image, side: int) -> str:
    image = image.convert("RGB")
    image.thumbnail((side, side))
    file = io.BytesIO()
    image.save(file, format="WEBP", quality=QUALITY)
    return data_address(file.getvalue(), "webp")
