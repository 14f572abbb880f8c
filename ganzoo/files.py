"""Files that appear whole or not at all, and what tells whether two are the same."""

import contextlib
import hashlib
import json
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ganzoo.errors import GanzooError


def check_writable(path: str | Path, name: str, *, is_folder: bool) -> None:
    """Finds, before the work for it is done, whether a file or a folder can be written. Nothing is left behind.

    Args:
        path: what is to be written; its folders need not be there yet.
        name: what the user may change, such as `--out`; for the message.
        is_folder: whether `path` is to be a folder; otherwise it is to be a file.

    Raises:
        GanzooError: if it cannot be written, or is there already as a file instead of a folder or the reverse.
    """
    path = Path(path)
    folder = path if is_folder else path.parent
    try:
        if path.exists() and path.is_dir() != is_folder:
            present, expected = ("file", "folder's name") if is_folder else ("folder", "file's name")
            raise GanzooError(f"{path} could not be written: it is a {present}. Give {name} a {expected}.")
        while not folder.exists():
            folder = folder.parent
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise GanzooError(
            f"{path} could not be written: it cannot be made in {folder} ({error.strerror}). Give another {name}."
        ) from error


@contextlib.contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A name beside `path` to write a file or a folder under; what still has the name at the end is removed.

    Args:
        path: its folder is made if need be.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}-{uuid.uuid4().hex}{path.suffix}")
    try:
        yield beside
    finally:
        remove(beside)


@contextlib.contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """A name to write a file or a folder under, which takes the place of `path` at the end of the block.

    A file that had the name `path` before is replaced by a file, a folder by a folder. If the block raises, what it
    wrote is removed, and what had the name before stays.

    Args:
        path: its folder is made if need be.

    Raises:
        OSError: if it cannot be written, and if a file would take a folder's place, or a folder a file's.

    >>> with whole("runs/a/metrics.json") as beside:
    ...     count = beside.write_text("{}")
    >>> Path("runs/a/metrics.json").read_text()
    '{}'
    """
    path = Path(path)
    with unfinished(path) as beside:
        yield beside
        if path.is_dir() and beside.is_dir():
            shutil.rmtree(path)
        beside.replace(path)


def write_json(path: str | Path, content: Mapping | Sequence) -> None:
    """Writes JSON, whole or not at all."""
    with whole(path) as beside:
        beside.write_text(json.dumps(content, indent=2) + "\n")


def checksum(path: Path) -> str:
    """sha256 of a file; of a folder, that of the lines "checksum  relative path" of its files, in order of path."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = sorted((file for file in path.rglob("*") if file.is_file()), key=lambda file: file.relative_to(path).parts)
    lines = [f"{checksum(file)}  {file.relative_to(path).as_posix()}\n" for file in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def remove(path: Path) -> None:
    """Removes a file or a folder with all that is in it; nothing where there is neither."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
