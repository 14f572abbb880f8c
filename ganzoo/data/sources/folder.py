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
from PIL import ExifTags, Image

from ganzoo.data import framing
from ganzoo.data.reals import Reals
from ganzoo.data.sources import folder_files
from ganzoo.data.sources.folder_files import Reason
from ganzoo.data.storage import StoredPictures
from ganzoo.errors import GanzooError

UNREADABLE = "not readable"
EMPTY = "of zero bytes"
WINDOW = 64  # the most files that are decoded before they are used
CLASSES_SHOWN = 20  # in one line
SIDEWAYS = (5, 6, 7, 8)  # the EXIF orientations that change height and width


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures of a list of files.

    Attributes:
        samples: uint8 [N, height, width, C], in the order of the files; a file in pieces has a row for each piece.
        files: the files that the samples come from.
        left_out: the other files, each with the reason.
        enlarged: the files whose pictures have fewer pixels a side than the samples.
    """

    samples: np.ndarray | StoredPictures
    files: list[Path]
    left_out: dict[Path, Reason]
    enlarged: list[Path]


def to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def load(
    path: str,
    image_size: int = 0,
    channels: int = 0,
    aspect: str = "crop",
    sides: tuple[int, int] | None = None,
    report: Callable[[str], None] = to_stderr,
    most_bytes: float = math.inf,
) -> Reals:
    """Every picture below a folder, in the order of the file names; class folders give the labels (`classes_of`).

    Grey, RGB, RGBA (on white), palette, CMYK and 16-bit pictures of any size are framed to one shape. Pictures are
    rotated by their EXIF tag, and an animation gives its first frame. `folder_files.find` says which files count as
    pictures.

    Args:
        path: the folder; read recursively.
        image_size: pixels of the longer side; 0 takes the pictures' own size if all are of one size of 16 to 128, else
            64.
        channels: 1 or 3; 0 takes grey if all pictures are grey, else RGB.
        aspect: "crop" to the centre square, "pad" with white to a square, or "keep" the usual ratio (`framing`).
        sides: (height, width) of the pictures, whatever `image_size` says; None follows `image_size` and `aspect`.
        report: called with a line that says how many pictures were read, how many files were left out, and why; and
            with a line for classes, and for pictures that had to be enlarged.
        most_bytes: the most bytes of memory for the framed pictures; a larger set lies in a file.

    Returns:
        Reals with uint8 [N, height, width, channels], labels where there are class folders, and the counts of files.

    Raises:
        GanzooError: if there is no such folder, no readable picture in it, or no room for the file, and if some
            pictures lie in a folder for tests and others do not.
    """
    root = existing(path)
    found = folder_files.find(root)
    folder_files.check_one_part(root, found.files)
    files = found.files
    sides = sides or framing.own_sides(header_sizes(files) if aspect == "keep" else sizes(files), image_size, aspect)
    pictures = read(files, sides, channels, most_bytes=most_bytes, aspect=aspect)
    left_out = found.left_out | pictures.left_out
    check_any(root, pictures.files, left_out)
    report(folder_files.summary(root, len(pictures.files), left_out))
    counts = folder_files.counts(len(pictures.files), left_out)
    if pictures.enlarged:
        counts["enlarged"] = len(pictures.enlarged)
        report(too_small(root, pictures, sides))
    names, why_none = folder_files.classes_of(root, pictures.files)
    if names is None:
        return Reals(f"folder:{path}", pictures.samples, files=counts, without_labels=why_none)
    classes, labels = np.unique(names, return_inverse=True)
    counts["classes"] = dict(zip(classes.tolist(), np.bincount(labels).tolist(), strict=True))
    shown = ", ".join(f"{name}: {count}" for name, count in [*counts["classes"].items()][:CLASSES_SHOWN])
    report(f"{len(classes)} classes by their folders ({shown}{', ...' if len(classes) > CLASSES_SHOWN else ''})")
    named = tuple(classes.tolist())
    return Reals(f"folder:{path}", pictures.samples, labels.astype(np.int64), files=counts, class_names=named)


def too_small(root: Path, pictures: Pictures, sides: tuple[int, int]) -> str:
    """The line on pictures that had to be enlarged, with the smallest of them."""
    by_pixels = {file: math.prod(_header_size(file)) for file in pictures.enlarged}
    smallest = min(by_pixels, key=by_pixels.get)
    width, height = _header_size(smallest)
    return (
        f"ganzoo: {len(pictures.enlarged)} of {len(pictures.files)} pictures are smaller than {sides[1]} x {sides[0]} "
        f"pixels (the smallest {width} x {height}: {smallest.relative_to(root)}) and were enlarged, so that they are "
        "blurred. Give a smaller --config.data.image_size, or leave them out."
    )


def check_any(root: Path, files: Sequence[Path], left_out: dict[Path, Reason]) -> None:
    """Raises GanzooError if no picture was read from a folder; the message says what was there."""
    if not files:
        seen = f"Left out: {folder_files.reasons(root, left_out)}." if left_out else "It has no files."
        raise GanzooError(
            f"no readable picture in '{root}'. {seen} Pictures are recognised by the endings "
            f"{', '.join(folder_files.SUFFIXES)} or, without an ending, by their content."
        )


def existing(path: str, given: str = "folder:PATH with") -> Path:
    """The folder of this name. Raises GanzooError if there is none, which says how a folder is given."""
    root = Path(path).expanduser()
    if not path or not root.is_dir():
        raise GanzooError(f"no folder '{path}'. Give {given} the folder your pictures are in.")
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


def header_sizes(files: Iterable[Path]) -> Iterator[tuple[int, int]]:
    """Width and height of each upright picture by its header alone; a file without a readable header has none."""
    for file in files:
        try:
            with _strict_pillow(), Image.open(file, formats=folder_files.formats()) as image:
                size = image.size
                is_sideways = image.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS
        except Exception:  # as in `_pieces`
            continue
        yield size[::-1] if is_sideways else size


def read(
    files: list[Path],
    sides: framing.Sides,
    channels: int,
    cut: Callable[[Image.Image], list[Image.Image]] = whole,
    most_bytes: float = math.inf,
    aspect: str = "crop",
) -> Pictures:
    """The pictures in files, framed.

    Args:
        files: as from `folder_files.find`.
        sides: pixels a side, or (height, width).
        channels: 1 or 3; 0 is grey if all pictures are grey, else RGB.
        cut: a function from a picture to the pieces that become samples; its GanzooError says why a file is skipped.
        most_bytes, aspect: as in `load`.
    """
    read, left_out, enlarged = [], {}, []
    least = sides if isinstance(sides, int) else max(sides)

    def fitted(file: Path) -> tuple[list[np.ndarray], bool] | Reason:
        pieces = _pieces(file, least, cut)
        if isinstance(pieces, Reason):
            return pieces
        is_small = any(framing.is_enlarged(piece.size, sides, aspect) for piece in pieces)
        return [framing.fit(piece, sides, channels or 3, aspect) for piece in pieces], is_small

    def usable(of_files: Iterable[tuple[list[np.ndarray], bool] | Reason]) -> Iterator[np.ndarray]:
        for file, pieces in zip(files, of_files, strict=True):
            if isinstance(pieces, Reason):
                left_out[file] = pieces
                continue
            pieces, is_small = pieces
            read.append(file)
            if is_small:
                enlarged.append(file)
            yield from pieces

    def in_windows(pool: ThreadPoolExecutor) -> Iterator[tuple[list[np.ndarray], bool] | Reason]:
        """A window of files at a time, so that few decoded pictures wait in memory."""
        for first in range(0, len(files), WINDOW):
            yield from pool.map(fitted, files[first : first + WINDOW])

    with _strict_pillow(), ThreadPoolExecutor() as pool:
        samples = framing.assemble(usable(in_windows(pool)), sides, channels, most_bytes, len(files))
    return Pictures(samples, read, left_out, enlarged)


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
        return Reason(EMPTY if _is_empty(file) else UNREADABLE)


def _is_empty(file: Path) -> bool:
    try:
        return file.stat().st_size == 0
    except OSError:
        return False


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
