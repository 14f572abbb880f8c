"""The files below a folder: which of them may be pictures, and why the others are left out.

Everything that reads a folder of pictures asks here: training, `ganzoo.sample --input_dir` and the serving client.
"""

import functools
import itertools
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from ganzoo.errors import GanzooError
from ganzoo.files import RUN_LOCK

SUFFIXES = (
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".webp", ".tif", ".tiff",
    ".ppm", ".pgm", ".pbm", ".pnm", ".avif", ".jp2",
)  # fmt: skip
# What a file may hold, whatever its ending. Pillow knows more formats, but some of them start other programs (EPS).
FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "AVIF", "JPEG2000")
# Formats that people have and that Pillow does not read, or does not draw.
UNREAD_SUFFIXES = (".heic", ".heif", ".svg", ".psd", ".jxl", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf")
SYSTEM_FOLDERS = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found")
NAMED = 5  # files that a message names for each reason

HIDDEN = "hidden"
OF_A_RUN = "in the folder of a run"
OTHER_ENDING = "not a picture by the ending"
UNREAD_FORMAT = "of a format that is not read, to be converted to PNG or JPEG"
OTHER_CONTENT = "without an ending and not a picture by the content"
BROKEN_LINK = "a link that leads nowhere"
SPECIAL = "neither a file nor a folder"
READ_ANYWAY = "a link to a folder that is read anyway"
LINK_UPWARDS = "a link to a folder above"
CLOSED = "a folder that cannot be opened"
SET_ASIDE = "in the folder of the results"

_PART = re.compile(r"(train|training|test|testing|val|valid|validation)([ _-]?(set|data|images|imgs|a|b|\d{4}))?", re.I)


class Reason(NamedTuple):
    """Why a file is left out: the reason that files share, and what is particular to this file."""

    why: str
    detail: str = ""


@dataclass(frozen=True, eq=False)
class Found:
    """What lies below a folder.

    Attributes:
        files: the files that are pictures by their ending or, without an ending, by their content; in the order of
            their names, the files of a folder before its subfolders.
        left_out: the other files and folders, each with the reason.
        folders: the real path of every folder that was entered.
    """

    files: list[Path] = field(default_factory=list)
    left_out: dict[Path, Reason] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)


def find(root: Path, without: Sequence[Path] = ()) -> Found:
    """The pictures below a folder, by their names.

    Hidden files and folders (whose names begin with a dot), folders that systems make for themselves, and folders of
    runs are left out. They are mentioned where they hold pictures. A link to a folder is entered, but no folder is read
    twice.

    Args:
        root: the folder.
        without: folders that are left out, such as the folder that results are written to.
    """
    found = Found()
    own = set(_real_folders(root))
    above = os.path.realpath(root)
    aside = {os.path.realpath(folder) for folder in without}

    def visit(directory: Path) -> None:
        found.folders.add(os.path.realpath(directory))
        try:
            paths = [directory / name for name in sorted(os.listdir(directory))]
        except OSError:
            found.left_out[directory] = Reason(CLOSED)
            return
        subfolders = []
        for path in paths:
            if os.path.isdir(path):
                subfolders.append(path)
            else:
                _sort_in(path, found)
        for path in subfolders:
            real = os.path.realpath(path)
            why = why_not_entered(path)
            if real in aside:
                why = SET_ASIDE
            if why is not None:
                found.left_out.update((file, Reason(why)) for file in _pictures_by_ending(path))
            elif f"{above}{os.sep}".startswith(f"{real.rstrip(os.sep)}{os.sep}"):
                found.left_out[path] = Reason(LINK_UPWARDS)
            elif real in found.folders or (path.is_symlink() and real in own):
                found.left_out[path] = Reason(READ_ANYWAY)
            else:
                visit(path)

    visit(root)
    return found


def why_not_entered(folder: Path) -> str | None:
    """The reason why a folder is not entered, or None: hidden, made by the system, or the folder of a run."""
    if folder.name.startswith(".") or folder.name in SYSTEM_FOLDERS:
        return HIDDEN
    # A run has pictures before it has checkpoints.
    if (folder / "config.json").is_file() and ((folder / RUN_LOCK).is_file() or (folder / "checkpoints").is_dir()):
        return OF_A_RUN
    return None


def part_of(name: str) -> str | None:
    """The part of a data set that a folder's name says: "train", "test", "val", or None.

    >>> [part_of(name) for name in ("Train", "testA", "val2017", "validation", "trains", "cats")]
    ['train', 'test', 'val', 'val', None, None]
    """
    match = _PART.fullmatch(name)
    return next(part for part in ("train", "test", "val") if match[1].lower().startswith(part)) if match else None


def check_one_part(root: Path, files: Iterable[Path]) -> None:
    """Refuses a folder in which some pictures lie in a folder for tests and others do not.

    Raises:
        GanzooError: for such a folder. Together, the pictures that a person has set aside would be trained on.
    """
    held_out: dict[Path, None] = {}
    others = 0
    for file in files:
        folders = file.relative_to(root).parts[:-1]
        depth = next((k for k, name in enumerate(folders, 1) if part_of(name) in ("test", "val")), None)
        if depth is None:
            others += 1
        else:
            held_out[Path(*folders[:depth])] = None
    if held_out and others:
        names = ", ".join(f"'{folder}'" for folder in [*held_out][:NAMED]) + (", ..." if len(held_out) > NAMED else "")
        raise GanzooError(
            f"'{root}' has pictures in {names}, and {others} elsewhere. Together, the test pictures would be "
            "trained on. Give the folder of the training pictures alone, or rename the folders if all pictures are to "
            "be used."
        )


def classes_of(root: Path, files: Sequence[Path]) -> tuple[list[str] | None, str]:
    """The class of each picture, or None and the reason.

    Folders that all pictures lie in are passed over. Each folder below them is a class, with all its subfolders.

    Args:
        root: the folder.
        files: the pictures in it, at least one.

    Returns:
        The name of each picture's class, and ""; or None, and why there are no classes, as a sentence.
    """
    folders = [file.relative_to(root).parts[:-1] for file in files]
    shared = [*itertools.takewhile(lambda level: len(set(level)) == 1, zip(*folders, strict=False))]
    names = [parts[len(shared)] if len(parts) > len(shared) else None for parts in folders]
    if not any(names):
        within = root.joinpath(*(level[0] for level in shared))
        return None, f"All pictures lie in one folder, '{within}'; a class is a folder of its own."
    if (loose := names.count(None)) > 0:
        some = next(file for file, name in zip(files, names, strict=True) if name is None).relative_to(root)
        return None, (
            f"{len(files) - loose} pictures lie in class folders, and {loose} in none (such as {some}). Move each of "
            "them to a folder of its class."
        )
    if part := next((name for name in names if part_of(name)), None):
        return None, f"The folder '{part}' is named like a part of the data, not like a class. Rename it if it is one."
    return names, ""


def summary(root: Path, taken: int | Mapping[str, int], left_out: Mapping[Path, Reason]) -> str:
    """One line: how many pictures were read, how many files were left out for each reason, and the first names.

    Args:
        root: the folder; names are relative to it.
        taken: the number of pictures, or the numbers by folder.
        left_out: the files that were left out.
    """
    total, folders = taken, ""
    if isinstance(taken, Mapping):
        total = sum(taken.values())
        folders = f" ({', '.join(f'{name}: {count}' for name, count in taken.items())})"
    line = f"read {total} pictures in '{root}'{folders}"
    if left_out:
        line += f"; left out {len(left_out)}: {reasons(root, left_out)}"
    return line


def reasons(root: Path, left_out: Mapping[Path, Reason]) -> str:
    """The reasons, each with the number of files and the first names."""
    texts = []
    for why in dict.fromkeys(reason.why for reason in left_out.values()):
        files = [file for file, reason in left_out.items() if reason.why == why]
        named = []
        for file in files[:NAMED]:
            detail = left_out[file].detail
            named.append(f"{_relative(file, root)}{f': {detail}' if detail else ''}")
        texts.append(f"{len(files)} {why} ({', '.join(named)}{', ...' if len(files) > NAMED else ''})")
    return "; ".join(texts)


def counts(taken: int | Mapping[str, int], left_out: Mapping[Path, Reason]) -> dict:
    """What config.json keeps of a folder: the pictures that were taken, and for each reason the files that were not."""
    numbers: dict[str, int] = {}
    for reason in left_out.values():
        numbers[reason.why] = numbers.get(reason.why, 0) + 1
    return {"taken": taken if isinstance(taken, int) else dict(taken), "left_out": numbers}


def is_picture(file: Path) -> bool:
    """Whether a file begins as a picture does, in one of `FORMATS`."""
    try:
        with Image.open(file, formats=formats()):
            return True
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return True
    except Exception:  # Pillow's readers raise many types of error
        return False


@functools.cache
def formats() -> list[str]:
    """Those of `FORMATS` that the installed Pillow can read."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _sort_in(file: Path, found: Found) -> None:
    suffix = file.suffix.lower()
    is_named_picture = suffix in SUFFIXES
    if file.name.startswith("."):
        if is_named_picture:
            found.left_out[file] = Reason(HIDDEN)
    elif not os.path.isfile(file):  # to open a pipe would be to wait for ever
        found.left_out[file] = Reason(BROKEN_LINK if file.is_symlink() and not os.path.exists(file) else SPECIAL)
    elif is_named_picture or (not suffix and is_picture(file)):
        found.files.append(file)
    elif suffix in UNREAD_SUFFIXES:
        found.left_out[file] = Reason(UNREAD_FORMAT)
    else:
        found.left_out[file] = Reason(OTHER_ENDING if suffix else OTHER_CONTENT)


def _real_folders(root: Path) -> Iterator[str]:
    """The real paths of the folders that are entered without following a link."""
    for directory, subfolders, _ in os.walk(root):
        subfolders[:] = [name for name in subfolders if why_not_entered(Path(directory, name)) is None]
        yield os.path.realpath(directory)


def _pictures_by_ending(folder: Path) -> Iterator[Path]:
    for directory, _, names in os.walk(folder):
        yield from (Path(directory, name) for name in sorted(names) if Path(name).suffix.lower() in SUFFIXES)


def _relative(file: Path, root: Path) -> Path:
    return file.relative_to(root) if file.is_relative_to(root) else file
