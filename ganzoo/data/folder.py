"""`folder:PATH`: a person's own pictures, as they come. What cannot be read is skipped, counted and named."""

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo.data import framing
from ganzoo.data.reals import Reals
from ganzoo.errors import GanzooError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
NAMED = 5  # broken files that a message names


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def load(path: str, image_size: int = 0, channels: int = 0, report: Callable[[str], None] = _to_stderr) -> Reals:
    """Every picture below a folder, in the order of the file names.

    Grey, RGB, RGBA (on white), palette and 16-bit pictures of any size are cropped to their centre square and resized;
    EXIF rotation is obeyed; of an animation the first frame is taken. Hidden files are passed over.

    Args:
        path: the folder; read recursively.
        image_size: pixels a side; 0 is the pictures' own size where all agree on a square one of 16 to 128, else 64.
        channels: 1 or 3; 0 is grey if all pictures are grey, else RGB.
        report: called with one line that counts and names the files that could not be read, if there are any.

    Returns:
        Reals with uint8 [N, image_size, image_size, channels] and no labels.

    Raises:
        GanzooError: there is no such folder, or no readable picture in it.
    """
    root = Path(path).expanduser()
    if not path or not root.is_dir():
        raise GanzooError(f"no folder '{path}'. Give folder:PATH with the folder your pictures are in.")

    files = list(_files(root))
    candidates = [file for file in files if file.suffix.lower() in SUFFIXES]
    broken: list[str] = []

    def fitted(file: Path) -> np.ndarray | None:
        image = _read(file, size)
        return None if image is None else framing.fit(image, size, channels or 3)

    def readable(fitted_pictures: Iterable[np.ndarray | None]) -> Iterator[np.ndarray]:
        for file, picture in zip(candidates, fitted_pictures, strict=True):
            if picture is None:
                broken.append(str(file.relative_to(root)))
            else:
                yield picture

    with warnings.catch_warnings(), ThreadPoolExecutor() as pool:
        warnings.simplefilter("ignore")  # Pillow's remarks on odd EXIF and the like
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        size = image_size or framing.own_size(image.size for image in map(_read, candidates) if image)
        samples = framing.assemble(readable(pool.map(fitted, candidates)), size, channels)

    if not len(samples):
        raise GanzooError(
            f"no readable picture in '{path}': {len(files)} files seen, {len(candidates)} of them pictures by their "
            f"name ({', '.join(SUFFIXES)}){f', all broken: {_named(broken)}' if broken else ''}."
        )
    if broken:
        report(f"skipped {len(broken)} of {len(candidates)} pictures in '{path}', not readable: {_named(broken)}")
    return Reals(f"folder:{path}", samples)


def _files(root: Path) -> Iterator[Path]:
    for directory, subdirectories, names in os.walk(root):
        subdirectories.sort()
        yield from (Path(directory, name) for name in sorted(names) if not name.startswith("."))


def _read(file: Path, size: int = 0) -> Image.Image | None:
    """The picture in a file, upright, or None if it cannot be read; `size` lets a large JPEG decode smaller."""
    try:
        with Image.open(file) as image:
            if size:
                image.draft(None, (2 * size, 2 * size))
            return framing.upright(image)
    except Exception:  # Pillow's decoders raise whatever a broken file leads them into
        return None


def _named(broken: list[str]) -> str:
    return ", ".join(broken[:NAMED]) + (", ..." if len(broken) > NAMED else "")
