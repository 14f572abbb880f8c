"""`folder:PATH`: a user's own pictures. Files that cannot be read are skipped, counted and named."""

import contextlib
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo.data import framing
from ganzoo.data.reals import Reals
from ganzoo.data.storage import StoredPictures
from ganzoo.errors import GanzooError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
UNREADABLE = "not readable"
NAMED = 5  # skipped files that a message names
WINDOW = 64  # the most files that are decoded before they are used


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures of a list of files.

    Attributes:
        samples: uint8 [N, size, size, C], in the order of the files; a file cut into pieces has a row for each piece.
        files: the files that the samples come from.
        skipped: the other files, each with the reason.
    """

    samples: np.ndarray | StoredPictures
    files: list[Path]
    skipped: dict[Path, str]


def to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def load(
    path: str,
    image_size: int = 0,
    channels: int = 0,
    report: Callable[[str], None] = to_stderr,
    most_bytes: float = math.inf,
) -> Reals:
    """Every picture below a folder, in the order of the file names.

    Grey, RGB, RGBA (on white), palette and 16-bit pictures of any size are cropped to their centre square and resized.
    Pictures are rotated by their EXIF tag, and an animation gives its first frame. Hidden files are ignored.

    Args:
        path: the folder; read recursively.
        image_size: pixels a side; 0 takes the pictures' own size if all are squares of one size of 16 to 128, else 64.
        channels: 1 or 3; 0 takes grey if all pictures are grey, else RGB.
        report: called with one line that counts and names the files that could not be read, if there are any.
        most_bytes: the most bytes of memory for the framed pictures; a larger set lies in a file.

    Returns:
        Reals with uint8 [N, image_size, image_size, channels] and no labels.

    Raises:
        GanzooError: if there is no such folder, no readable picture in it, or no room for the file.
    """
    return Reals(f"folder:{path}", gather(path, image_size, channels, report, most_bytes).samples)


def gather(
    path: str,
    image_size: int = 0,
    channels: int = 0,
    report: Callable[[str], None] = to_stderr,
    most_bytes: float = math.inf,
) -> Pictures:
    """`load` with the names of the files."""
    root = existing(path)
    seen = sum(1 for _ in _files(root))
    files = picture_files(root)
    pictures = read(files, image_size or framing.own_size(sizes(files)), channels, most_bytes=most_bytes)
    if not pictures.files:
        raise GanzooError(
            f"no readable picture in '{path}': {seen} files seen, {len(files)} of them pictures by their "
            f"name ({', '.join(SUFFIXES)}){f', all broken: {_named(files, root)}' if files else ''}."
        )
    report_skipped(pictures.skipped, len(files), root, report)
    return pictures


def existing(path: str) -> Path:
    """The folder of this name. Raises GanzooError if there is none."""
    root = Path(path).expanduser()
    if not path or not root.is_dir():
        raise GanzooError(f"no folder '{path}'. Give folder:PATH with the folder your pictures are in.")
    return root


def picture_files(root: Path) -> list[Path]:
    """The files below a folder that are pictures by their name, in the order of their names."""
    return [file for file in _files(root) if file.suffix.lower() in SUFFIXES]


def whole(image: Image.Image) -> list[Image.Image]:
    """The usual cut of a picture: the whole picture is the only piece."""
    return [image]


def sizes(files: Iterable[Path], cut: Callable[[Image.Image], list[Image.Image]] = whole) -> Iterator[tuple[int, int]]:
    """Width and height of every piece that `read` would give, one at a time."""
    for file in files:
        with _strict_pillow():
            pieces = _pieces(file, 0, cut)
        if not isinstance(pieces, str):
            yield from (piece.size for piece in pieces)


def read(
    files: list[Path],
    size: int,
    channels: int,
    cut: Callable[[Image.Image], list[Image.Image]] = whole,
    most_bytes: float = math.inf,
) -> Pictures:
    """The pictures in files, framed.

    Args:
        files: as from `picture_files`.
        size: pixels a side.
        channels: 1 or 3; 0 is grey if all pictures are grey, else RGB.
        cut: a function from a picture to the pieces that become samples; its GanzooError says why a file is skipped.
        most_bytes: as in `load`.
    """
    read, skipped = [], {}

    def fitted(file: Path) -> list[np.ndarray] | str:
        pieces = _pieces(file, size, cut)
        return pieces if isinstance(pieces, str) else [framing.fit(piece, size, channels or 3) for piece in pieces]

    def usable(all_pieces: Iterable[list[np.ndarray] | str]) -> Iterator[np.ndarray]:
        for file, pieces in zip(files, all_pieces, strict=True):
            if isinstance(pieces, str):
                skipped[file] = pieces
            else:
                read.append(file)
                yield from pieces

    def in_windows(pool: ThreadPoolExecutor) -> Iterator[list[np.ndarray] | str]:
        """A window of files at a time, so that few decoded pictures wait in memory."""
        for first in range(0, len(files), WINDOW):
            yield from pool.map(fitted, files[first : first + WINDOW])

    with _strict_pillow(), ThreadPoolExecutor() as pool:
        samples = framing.assemble(usable(in_windows(pool)), size, channels, most_bytes, len(files))
    return Pictures(samples, read, skipped)


def report_skipped(skipped: dict[Path, str], total: int, root: Path, report: Callable[[str], None]) -> None:
    """One line for each reason, with the number of files skipped for it and the first of their names."""
    for reason in dict.fromkeys(skipped.values()):
        files = [file for file in skipped if skipped[file] == reason]
        report(f"skipped {len(files)} of {total} pictures in '{root}', {reason}: {_named(files, root)}")


def _files(root: Path) -> Iterator[Path]:
    for directory, subdirectories, names in os.walk(root):
        subdirectories.sort()
        yield from (Path(directory, name) for name in sorted(names) if not name.startswith("."))


def _pieces(file: Path, size: int, cut: Callable[[Image.Image], list[Image.Image]]) -> list[Image.Image] | str:
    """The upright pieces of a file's picture, or why there are none. With `size`, a large JPEG is decoded smaller."""
    try:
        with Image.open(file) as image:
            if size and cut is whole:  # a draft keeps enough pixels for the picture but not for its pieces
                image.draft(None, (2 * size, 2 * size))
            return cut(framing.upright(image))
    except GanzooError as error:
        return str(error)
    except Exception:  # Pillow's decoders raise many types of error on broken files
        return UNREADABLE


@contextlib.contextmanager
def _strict_pillow() -> Iterator[None]:
    """Silences Pillow's warnings, as on odd EXIF tags, and makes a decompression bomb an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _named(files: list[Path], root: Path) -> str:
    return ", ".join(str(file.relative_to(root)) for file in files[:NAMED]) + (", ..." if len(files) > NAMED else "")
