"""`folder:PATH` with the domains of a translator, in one of three layouts, which is recognised by the folders.

    PATH/trainA, PATH/trainB [, PATH/testA, PATH/testB]    two domains, A and B
    PATH/train [, PATH/test]                               pairs, each picture A on the left and B on the right
    PATH/<domain>  or  PATH/train/<domain> [, PATH/test/<domain>]  or  PATH/<domain>/train [, PATH/<domain>/test]
                                                           any number of domains

In the first and the last layout, `paired="by_name"` pairs the files of the same name. Upper and lower case in the names
of folders do not matter. Where there is no `test` but a `val`, `val` is the test part.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ganzoo.data.reals import Reals
from ganzoo.data.sources import folder, folder_files
from ganzoo.data.sources.folder_files import Found, Reason
from ganzoo.data.sources.unsplit import Frame, Unsplit
from ganzoo.errors import GanzooError

LAYOUTS = (
    "Expected is one of\n"
    "        trainA/ and trainB/, perhaps with testA/ and testB/: two domains, A and B;\n"
    "        train/, perhaps with test/, of pictures that show A on the left and B on the right, and "
    "--config.data.paired=side_by_side;\n"
    "        a folder of pictures for each domain, two at least, by themselves or in train/ and perhaps test/."
)
SPELLINGS = {"train": ("train", "training"), "test": ("test", "testing"), "val": ("val", "valid", "validation")}
ALONE = "without a readable partner of that name"
OTHER_CASE = "whose partner's name differs in upper and lower case"
SECOND = "a second file of a name"
TESTED = "in the training part with an equal file in the test part"
OUTSIDE = "outside the folders that are used"

Report = Callable[[str], None]


class Layout(NamedTuple):
    """The folders of the domains.

    Attributes:
        names: the domains' names.
        train: each domain's folder of training pictures; a single folder if pairs lie side by side.
        test: likewise of test pictures; empty if there are none.
    """

    names: tuple[str, ...]
    train: list[Path]
    test: list[Path]


def gather(path: str, frame: Frame, paired: str = "none", report: Report = folder.to_stderr) -> Unsplit:
    """The domains in a folder, framed as `folder.load` frames.

    Args:
        path: the folder.
        frame: the pictures' sizes and channels.
        paired: "none", "by_name" or "side_by_side". "by_name" pairs files of the same subfolder and name, whatever the
            extension, and leaves out files without a partner. "side_by_side" is the second layout.
        report: called with one line that says how many pictures of each folder were read, how many files were left out,
            and why.

    Raises:
        GanzooError: if there is no such folder, if it has none of the layouts, if a folder lies in another one, and if
            pictures for training and for tests would be pooled.
    """
    root = folder.existing(path)
    in_folder = _Folders()
    cut = halves if paired == "side_by_side" else folder.whole
    layout = _side_by_side(root, in_folder) if cut is halves else _domain_folders(root, in_folder)
    if not layout.train:
        raise GanzooError(f"no {'pairs side by side' if cut is halves else 'domains'} found in '{path}'. {LAYOUTS}")
    parts = [layout.train, layout.test]
    directories = [*layout.train, *layout.test]
    _check_apart(directories, in_folder)
    for directory in directories:
        folder_files.check_one_part(directory, in_folder[directory].files)

    left_out = _outside(root, directories, in_folder)
    files = [[in_folder[directory].files for directory in part] for part in parts]
    if layout.test:
        files[0] = _untested(*files, left_out)
    frame = frame.settled(folder.sizes((file for part in files for paths in part for file in paths), cut))
    read = [
        [folder.read(paths, size, frame.channels, cut) for paths in of_part]
        for of_part, size in zip(files, (frame.load_size, frame.image_size), strict=True)
    ]
    taken, too_small, domains = {}, [], []
    for part, pictures_of in zip(parts, read, strict=True):
        rows = _paired_rows(part, pictures_of) if paired == "by_name" else [_all_rows(each) for each in pictures_of]
        for directory, pictures, some in zip(part, pictures_of, rows, strict=True):
            left_out |= pictures.left_out
            if pictures.enlarged:
                too_small.append(folder.too_small(root, pictures, pictures.samples.shape[1:3]))
            taken[str(directory.relative_to(root))] = len(some)
        pieces = 2 if cut is halves else 1
        domains.append(
            [
                Reals(str(directory), pictures.samples[piece::pieces][some])
                for directory, pictures, some in zip(part, pictures_of, rows, strict=True)
                for piece in range(pieces)
            ]
        )
    report(folder_files.summary(root, taken, left_out))
    for line in too_small:
        report(line)
    counts = folder_files.counts(taken, left_out)
    train, test = ([replace(reals, files=counts) for reals in part] for part in domains)
    return Unsplit(layout.names, train, test or None, frame, paired=paired != "none")


def halves(image: Image.Image) -> list[Image.Image]:
    """The left and the right half of a picture. Raises GanzooError, with the reason alone, if the width is odd."""
    width, height = image.size
    if width % 2:
        raise GanzooError("of odd width, which has no two halves")
    return [image.crop((left, 0, left + width // 2, height)) for left in (0, width // 2)]


class _Folders(dict):
    """What lies below each folder; a folder is searched when it is first asked for."""

    def __missing__(self, directory: Path) -> Found:
        self[directory] = folder_files.find(directory)
        return self[directory]

    def with_pictures(self, directories: Sequence[Path]) -> list[Path]:
        return [directory for directory in directories if self[directory].files]


def _side_by_side(root: Path, in_folder: _Folders) -> Layout:
    parts = _parts(root)
    train = in_folder.with_pictures([parts["train"]] if "train" in parts else [])
    return Layout(("A", "B"), train, in_folder.with_pictures(_held_out(parts)))


def _domain_folders(root: Path, in_folder: _Folders) -> Layout:
    """The domains' folders; none if no layout fits.

    Raises:
        GanzooError: if some domains have test pictures and others have none, and if a folder of test pictures stands
            where the domains are.
    """
    by_name = {name: _parts(root, name) for name in "AB"}
    if any("train" in parts for parts in by_name.values()):
        names = ("A", "B")
        train = [by_name[name].get("train", root / f"train{name}") for name in names]
        test = [(_held_out(by_name[name]) or [root / f"test{name}"])[0] for name in names]
    else:
        parts = _parts(root)
        within = parts.get("train", root)
        train = in_folder.with_pictures(_subfolders(within))
        names = tuple(directory.name for directory in train)
        for name in names:
            _named(within, [name])  # no other name may differ from it in upper and lower case alone
        test = []
        if "train" in parts:
            for held_out in _held_out(parts):
                test = [_named(held_out, (name,)) or held_out / name for name in names]
        elif len(train) > 1:
            train, test = _parts_in_domains(train, in_folder)
            if parts_named := [name for name in names if folder_files.part_of(name)]:
                raise GanzooError(
                    f"the folder '{parts_named[0]}' in '{root}' is named like a part of the data and would be a "
                    f"domain. {LAYOUTS}"
                )
    if len(in_folder.with_pictures(train)) < max(len(names), 2):
        return Layout(names, [], [])

    tested = in_folder.with_pictures(test)
    if tested and len(tested) < len(test):
        absent = ", ".join(str(directory) for directory in test if directory not in tested)
        raise GanzooError(
            f"there are test pictures of some domains, but none in {absent}. Give some of every domain, or of none: "
            "20 % of the others are set aside then."
        )
    return Layout(names, train, tested)


def _parts_in_domains(domains: list[Path], in_folder: _Folders) -> tuple[list[Path], list[Path]]:
    """The folders `train` and `test` within the domains, if every domain has a `train`; else the domains themselves."""
    parts = [_parts(domain) for domain in domains]
    train = in_folder.with_pictures([of_domain["train"] for of_domain in parts if "train" in of_domain])
    if len(train) < len(domains):
        return domains, []
    if not any(map(_held_out, parts)):
        return train, []
    return train, [
        (_held_out(of_domain) or [domain / "test"])[0] for domain, of_domain in zip(domains, parts, strict=True)
    ]


def _parts(root: Path, suffix: str = "") -> dict[str, Path]:
    """The folders `train`, `test` and `val` in a folder, each with the suffix, by part; those that there are."""
    named = {part: _named(root, [name + suffix for name in names]) for part, names in SPELLINGS.items()}
    return {part: directory for part, directory in named.items() if directory is not None}


def _held_out(parts: dict[str, Path]) -> list[Path]:
    """The folder of the test part, if there is one: `test`, else `val`."""
    return [parts[part] for part in ("test", "val") if part in parts][:1]


def _named(root: Path, names: Sequence[str]) -> Path | None:
    """The subfolder of one of these names, in upper or lower case.

    Raises:
        GanzooError: if there are two.
    """
    small = [name.lower() for name in names]
    named = [directory for directory in _subfolders(root) if directory.name.lower() in small]
    if len(named) > 1:
        both = " and ".join(f"'{directory.name}'" for directory in named)
        raise GanzooError(f"'{root}' has {both}, and it is unclear which is meant. Keep one of them, or rename one.")
    return named[0] if named else None


def _subfolders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return sorted(entry for entry in root.iterdir() if entry.is_dir() and not folder_files.why_not_entered(entry))


def _check_apart(directories: list[Path], in_folder: _Folders) -> None:
    """Raises GanzooError if a folder is read as, or within, two parts or domains; links are followed."""
    owners: dict[str, Path] = {}
    for directory in directories:
        for real in in_folder[directory].folders:
            if real in owners:
                raise GanzooError(
                    f"{owners[real]} and {directory} are one folder, or one is in the other, so that pictures would "
                    "be in both. Move them apart; links are followed."
                )
            owners[real] = directory


def _outside(root: Path, directories: list[Path], in_folder: _Folders) -> dict[Path, Reason]:
    """What is left out in the folders that are used and outside of all of them; a link may lead to a used folder."""
    left_out: dict[Path, Reason] = {}
    for directory in directories:
        left_out |= in_folder[directory].left_out
    used = {real for directory in directories for real in in_folder[directory].folders}

    def is_outside(path: Path) -> bool:
        return path not in directories and os.path.realpath(path.parent) not in used

    everything = in_folder[root]
    for file, reason in everything.left_out.items():
        if is_outside(file):
            left_out.setdefault(file, reason)
    return left_out | {file: Reason(OUTSIDE) for file in everything.files if is_outside(file)}


def _untested(train: list[list[Path]], test: list[list[Path]], left_out: dict[Path, Reason]) -> list[list[Path]]:
    """The training files without those that are, byte by byte, files of the test part, too."""
    sizes = [{file: file.stat().st_size for paths in part for file in paths} for part in (train, test)]
    shared = {*sizes[0].values()} & {*sizes[1].values()}

    def digest(file: Path) -> bytes:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "blake2b").digest()

    tested = {digest(file) for file, size in sizes[1].items() if size in shared}
    equal = {file for file, size in sizes[0].items() if size in shared and digest(file) in tested}
    left_out |= {file: Reason(TESTED) for file in sizes[0] if file in equal}
    return [[file for file in paths if file not in equal] for paths in train]


def _all_rows(pictures: folder.Pictures) -> np.ndarray:
    return np.arange(len(pictures.files))


def _paired_rows(directories: list[Path], read: list[folder.Pictures]) -> list[np.ndarray]:
    """The rows of the pictures whose name every domain has, in one order; the others are left out with a reason."""
    if not read:
        return []
    rows_by_key = [_rows_by_key(directory, pictures) for directory, pictures in zip(directories, read, strict=True)]
    shared = [key for key in rows_by_key[0] if all(key in row_of_key for row_of_key in rows_by_key)]
    paired = {*shared}
    small = [{str(key).lower() for key in row_of_key} for row_of_key in rows_by_key]
    for pictures, row_of_key in zip(read, rows_by_key, strict=True):
        for key in [key for key in row_of_key if key not in paired]:
            is_elsewhere = all(str(key).lower() in names for names in small)
            pictures.left_out[pictures.files[row_of_key[key]]] = Reason(OTHER_CASE if is_elsewhere else ALONE)
        for row in np.setdiff1d(np.arange(len(pictures.files)), [*row_of_key.values()]):
            pictures.left_out[pictures.files[row]] = Reason(SECOND)
    return [np.array([row_of_key[key] for key in shared], np.int64) for row_of_key in rows_by_key]


def _rows_by_key(directory: Path, read: folder.Pictures) -> dict[Path, int]:
    """The row of each picture by its file's name without extension; the first of several such files counts."""
    row_of_key: dict[Path, int] = {}
    for row, file in enumerate(read.files):
        row_of_key.setdefault(file.relative_to(directory).with_suffix(""), row)
    return row_of_key
