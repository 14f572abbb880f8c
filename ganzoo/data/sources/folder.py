"""`folder:PATH`: a user's own pictures. Files that are left out are counted and named, each with its reason."""

import contextlib
import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo.data import framing
from ganzoo.data.reals import Reals
from ganzoo.data.sources import folder_files
from ganzoo.data.sources.folder_files import Reason
from ganzoo.data.storage import StoredPictures
from ganzoo.errors import GanzooError

UNREADABLE = "not readable"
WINDOW = 64  # the most files that are decoded before they are used


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures of a list of files.

    Attributes:
        samples: uint8 [N, size, size, C], in the order of the files; a file cut into pieces has a row for each piece.
        files: the files that the samples come from.
        left_out: the other files, each with the reason.
    """

    samples: np.ndarray | StoredPictures
    files: list[Path]
    left_out: dict[Path, Reason]


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
    Pictures are rotated by their EXIF tag, and an animation gives its first frame. `folder_files.find` says which files
    count as pictures.

    Args:
        path: the folder; read recursively.
        image_size: pixels a side; 0 takes the pictures' own size if all are squares of one size of 16 to 128, else 64.
        channels: 1 or 3; 0 takes grey if all pictures are grey, else RGB.
        report: called with one line that says how many pictures were read, how many files were left out, and why.
        most_bytes: the most bytes of memory for the framed pictures; a larger set lies in a file.

    Returns:
        Reals with uint8 [N, image_size, image_size, channels], no labels, and the counts of files.

    Raises:
        GanzooError: if there is no such folder, no readable picture in it, or no room for the file, and if some
            pictures lie in a folder for tests and others do not.
    """
    root = existing(path)
    found = folder_files.find(root)
    folder_files.check_one_part(root, found.files)
    files = found.files
    pictures = read(files, image_size or framing.own_size(sizes(files)), channels, most_bytes=most_bytes)
    left_out = found.left_out | pictures.left_out
    check_any(root, pictures.files, left_out)
    report(folder_files.summary(root, len(pictures.files), left_out))
    return Reals(f"folder:{path}", pictures.samples, files=folder_files.counts(len(pictures.files), left_out))


def check_any(root: Path, files: Sequence[Path], left_out: dict[Path, Reason]) -> None:
    """Raises GanzooError if no picture was read from a folder; the message says what was there."""
    if not files:
        seen = f"Left out: {folder_files.reasons(root, left_out)}." if left_out else "It has no files."
        raise GanzooError(
            f"no readable picture in '{root}'. {seen} Pictures are recognised by the endings "
            f"{', '.join(folder_files.SUFFIXES)} or, without an ending, by their content."
        )


def existing(path: str) -> Path:
    """The folder of this name. Raises GanzooError if there is none."""
    root = Path(path).expanduser()
    if not path or not root.is_dir():
        raise GanzooError(f"no folder '{path}'. Give folder:PATH with the folder your pictures are in.")
    return root


def whole(image: Image.Image) -> list[Image.Image]:
    """The usual cut of a picture: the whole picture is the only piece."""
    return [image]


def sizes(files: Iterable[Path], cut: Callable[[Image.Image], list[Image.Image]] = whole) -> Iterator[tuple[int, int]]:
    """Width and height of every piece that `read` would give, one at a time."""
    for file in files:
        with _strict_pillow():
            pieces = _pieces(file, 0, cut)
        if not isinstance(pieces, Reason):
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
        files: as from `folder_files.find`.
        size: pixels a side.
        channels: 1 or 3; 0 is grey if all pictures are grey, else RGB.
        cut: a function from a picture to the pieces that become samples; its GanzooError says why a file is skipped.
        most_bytes: as in `load`.
    """
    read, left_out = [], {}

    def fitted(file: Path) -> list[np.ndarray] | Reason:
        pieces = _pieces(file, size, cut)
        return pieces if isinstance(pieces, Reason) else [framing.fit(piece, size, channels or 3) for piece in pieces]

    def usable(all_pieces: Iterable[list[np.ndarray] | Reason]) -> Iterator[np.ndarray]:
        for file, pieces in zip(files, all_pieces, strict=True):
            if isinstance(pieces, Reason):
                left_out[file] = pieces
            else:
                read.append(file)
                yield from pieces

    def in_windows(pool: ThreadPoolExecutor) -> Iterator[list[np.ndarray] | Reason]:
        """A window of files at a time, so that few decoded pictures wait in memory."""
        for first in range(0, len(files), WINDOW):
            yield from pool.map(fitted, files[first : first + WINDOW])

    with _strict_pillow(), ThreadPoolExecutor() as pool:
        samples = framing.assemble(usable(in_windows(pool)), size, channels, most_bytes, len(files))
    return Pictures(samples, read, left_out)


def opened(file: Path, shorter_side: int = 0) -> Image.Image | Reason:
    """The upright picture in a file, or why there is none.

    Args:
        file: the file.
        shorter_side: a JPEG may be decoded smaller, but with sides of at least so many pixels; 0 decodes it as it is.
    """
    with _strict_pillow():
        pieces = _pieces(file, shorter_side, whole)
    return pieces if isinstance(pieces, Reason) else pieces[0]


def _pieces(file: Path, size: int, cut: Callable[[Image.Image], list[Image.Image]]) -> list[Image.Image] | Reason:
    """The upright pieces of a file's picture, or why there are none. With `size`, a large JPEG is decoded smaller."""
    try:
        with Image.open(file, formats=folder_files.formats()) as image:
            if size and cut is whole:  # a draft keeps enough pixels for the picture but not for its pieces
                image.draft(None, (2 * size, 2 * size))
            return cut(framing.upright(image))
    except GanzooError as error:
        return Reason(str(error))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _too_large(file)
    except Exception:  # Pillow's decoders raise many types of error on broken files
        return Reason(UNREADABLE)


def _too_large(file: Path) -> Reason:
    """The reason for a picture beyond Pillow's limit, with the size that its header says."""
    why = f"above the limit of {Image.MAX_IMAGE_PIXELS / 10**6:.3g} megapixels, to be scaled down first"
    try:
        width, height = _header_size(file)
    except Exception:  # as in `_pieces`
        return Reason(why)
    return Reason(why, f"{width} x {height}, {width * height / 10**6:.3g} megapixels")


def _header_size(file: Path) -> tuple[int, int]:
    """Width and height as the header has them; nothing is decoded. `Image.open` gives no size beyond its limit."""
    with file.open("rb") as stream:
        beginning = stream.read(16)
        for name in folder_files.formats():
            factory, accepts = Image.OPEN[name]
            if accepts is None or accepts(beginning) is True:
                stream.seek(0)
                return factory(stream, str(file)).size
    raise ValueError(f"{file} is of no known format")


@contextlib.contextmanager
def _strict_pillow() -> Iterator[None]:
    """Silences Pillow's warnings, as on odd EXIF tags, and makes a decompression bomb an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
