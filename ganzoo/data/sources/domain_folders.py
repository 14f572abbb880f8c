"""`folder:PATH` with the domains of a translator, in one of three layouts, which is recognised by the folders.

    PATH/trainA, PATH/trainB [, PATH/testA, PATH/testB]    two domains, A and B
    PATH/train [, PATH/test]                               pairs, each picture A on the left and B on the right
    PATH/<domain>  or  PATH/train/<domain> [, PATH/test/<domain>]    any number of domains

In the first and the last layout, `paired="by_name"` pairs the files of the same name.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo.data.reals import Reals
from ganzoo.data.sources import folder
from ganzoo.data.sources.unsplit import Frame, Unsplit
from ganzoo.errors import GanzooError

LAYOUTS = (
    "Expected is one of\n"
    "        trainA/ and trainB/, perhaps with testA/ and testB/: two domains, A and B;\n"
    "        train/, perhaps with test/, of pictures that show A on the left and B on the right, and "
    "--config.data.paired=side_by_side;\n"
    "        a folder of pictures for each domain, two at least, by themselves or in train/ and perhaps test/."
)

Report = Callable[[str], None]


def gather(path: str, frame: Frame, paired: str = "none", report: Report = folder.to_stderr) -> Unsplit:
    """The domains in a folder, framed as `folder.load` frames.

    Args:
        path: the folder.
        frame: the pictures' sizes and channels.
        paired: "none", "by_name" or "side_by_side". "by_name" pairs files of the same subfolder and name, whatever the
            extension, and leaves out files without a partner. "side_by_side" is the second layout.
        report: called with one line for each folder and reason why files are left out: not readable, of odd width, no
            partner of that name.

    Raises:
        GanzooError: if there is no such folder, or if it has none of the layouts.
    """
    root = folder.existing(path)
    if paired == "side_by_side":
        parts = [_having_pictures([root / part]) for part in ("train", "test")]
        names, cut = ("A", "B"), halves
    else:
        names, parts = _domain_folders(root)
        cut = folder.whole
    if not parts[0]:
        raise GanzooError(f"no {'pairs side by side' if cut is halves else 'domains'} found in '{path}'. {LAYOUTS}")

    files = [[folder.picture_files(directory) for directory in part] for part in parts]
    frame = frame.settled(folder.sizes((file for part in files for paths in part for file in paths), cut))
    read = [
        _read(directories, paths, size, frame.channels, cut, paired == "by_name", report)
        for directories, paths, size in zip(parts, files, (frame.load_size, frame.image_size), strict=True)
    ]
    return Unsplit(names, read[0], read[1] or None, frame, paired=paired != "none")


def halves(image: Image.Image) -> list[Image.Image]:
    """The left and the right half of a picture. Raises GanzooError, with the reason alone, if the width is odd."""
    width, height = image.size
    if width % 2:
        raise GanzooError("of odd width, which has no two halves")
    return [image.crop((left, 0, left + width // 2, height)) for left in (0, width // 2)]


def _domain_folders(root: Path) -> tuple[tuple[str, ...], list[list[Path]]]:
    """The names of the domains, and their folders to train on and to test on; no folders if no layout fits."""
    if (root / "trainA").is_dir() or (root / "trainB").is_dir():
        names = ("A", "B")
        train, test = ([root / f"{part}{name}" for name in names] for part in ("train", "test"))
    else:
        within = root / "train" if (root / "train").is_dir() else root
        train = _having_pictures(_subfolders(within))
        names = tuple(directory.name for directory in train)
        test = [root / "test" / name for name in names] if within != root else []
    if len(_having_pictures(train)) < max(len(names), 2):
        return names, [[], []]

    tested = _having_pictures(test)
    if tested and len(tested) < len(test):
        absent = ", ".join(str(directory) for directory in test if directory not in tested)
        raise GanzooError(
            f"there are test pictures of some domains, but none in {absent}. Give some of every domain, or of none: "
            "20 % of the others are set aside then."
        )
    return names, [train, tested]


def _subfolders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _having_pictures(directories: list[Path]) -> list[Path]:
    return [directory for directory in directories if folder.picture_files(directory)]


def _read(
    directories: list[Path],
    files: list[list[Path]],
    size: int,
    channels: int,
    cut: Callable[[Image.Image], list[Image.Image]],
    by_name: bool,
    report: Report,
) -> list[Reals]:
    """One part's pictures, by domain."""
    read = [folder.read(paths, size, channels, cut) for paths in files]
    taken_rows = [np.arange(len(pictures.files)) for pictures in read]
    if by_name and read:
        rows_by_key = [_rows_by_key(directory, pictures) for directory, pictures in zip(directories, read, strict=True)]
        shared = [key for key in rows_by_key[0] if all(key in row_of_key for row_of_key in rows_by_key)]
        taken_rows = [np.array([row_of_key[key] for key in shared], np.int64) for row_of_key in rows_by_key]
        for pictures, paired in zip(read, taken_rows, strict=True):
            alone = np.setdiff1d(np.arange(len(pictures.files)), paired)
            pictures.skipped.update((pictures.files[row], "without a readable partner of that name") for row in alone)

    for directory, pictures, paths in zip(directories, read, files, strict=True):
        folder.report_skipped(pictures.skipped, len(paths), directory, report)
    pieces = 2 if cut is halves else 1
    return [
        Reals(str(directory), pictures.samples[piece::pieces][taken])
        for directory, pictures, taken in zip(directories, read, taken_rows, strict=True)
        for piece in range(pieces)
    ]


def _rows_by_key(directory: Path, read: folder.Pictures) -> dict[Path, int]:
    """The row of each picture by its file's name without extension; the first of several such files counts."""
    row_of_key: dict[Path, int] = {}
    for row, file in enumerate(read.files):
        row_of_key.setdefault(file.relative_to(directory).with_suffix(""), row)
    return row_of_key
