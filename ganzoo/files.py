"""Files that appear whole or not at all, locks on files, and checksums by which two files can be compared."""

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from ganzoo.errors import GanzooError

RUN_LOCK = ".lock"  # in the folder of a run
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
_LOCKED_BYTE = 1 << 30  # Windows locks bytes of a file: one behind its text, which others may then read


class Held(Exception):
    """Another process holds the lock. The message is what this process left in the file, or empty."""


class NoLocks(Exception):
    """The file system has no locks. The message is the system's reason."""


@contextlib.contextmanager
def locked(path: str | Path, owner: str) -> Iterator[None]:
    """Holds the system's lock on a file for the block. The system releases it when the process ends, however it ends.

    The file is made if need be and stays: to remove it would let two processes lock two files of one name.

    Args:
        path: the file.
        owner: the text that a process which is turned away gets to read.

    Raises:
        Held: if another process, or another block of this one, holds the lock.
        NoLocks: if the file system has no locks.
        OSError: if the file cannot be written.
    """
    path = Path(path)
    path.touch()
    with path.open("r+b") as file:
        try:
            _lock(file)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
                file.seek(0)
                raise Held(file.read().decode(errors="replace").strip()) from error
            if error.errno in _NO_LOCKS:
                raise NoLocks(error.strerror) from error
            raise
        file.truncate(0)
        file.write(owner.encode())
        file.flush()
        yield


def _lock(file: BinaryIO) -> None:
    """Takes the system's lock on an open file, or raises OSError at once. The lock ends when the file is closed."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def check_writable(path: str | Path, name: str, *, is_folder: bool) -> None:
    """Checks before the work starts that a file or a folder can be written. Nothing is left behind.

    Args:
        path: the file or folder to write; its parent folders need not exist.
        name: the flag or argument that the user can change, such as `--out`; for the message.
        is_folder: whether `path` is a folder; otherwise it is a file.

    Raises:
        GanzooError: if the path cannot be written, or if a file has a folder's name or the reverse.
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


def check_space(folder: Path, needed: int, name: str) -> None:
    """Checks before the work starts that a folder's disk has room for what will be written.

    Args:
        folder: an existing folder.
        needed: bytes, an estimate.
        name: the flag or argument that the user can change, for the message.

    Raises:
        GanzooError: if the disk has less room.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise GanzooError(
            f"{folder} has {free / 1e6:.3g} MB of room, and checkpoints and the export take about "
            f"{needed / 1e6:.3g} MB. Make room, or give another {name}."
        )


@contextlib.contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` for a file or a folder, which is removed at the end of the block.

    Args:
        path: the final name; its folder is made if it does not exist.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}-{os.getpid()}-{uuid.uuid4().hex}{path.suffix}")
    try:
        yield beside
    finally:
        remove(beside)


def remove_unfinished(folder: Path) -> None:
    """Removes what processes of this machine that were killed left unfinished in a folder; subfolders stay as they are.

    Args:
        folder: need not exist.
    """
    for path in folder.glob(".*"):
        match = re.fullmatch(r"[.].+-(\d+)-[0-9a-f]{32}([.].*)?", path.name)
        if match and not _is_running(int(match[1])):
            remove(path)


def _is_running(pid: int) -> bool:
    if os.name == "nt":  # a signal would end the process there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextlib.contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """A temporary name for a file or a folder, which takes the place of `path` at the end of the block.

    A file replaces an existing file, and a folder an existing folder. If the block raises, the new file or folder is
    removed, and the existing one stays.

    Args:
        path: the final name; its folder is made if it does not exist.

    Raises:
        OSError: if the file or folder cannot be written, or if a file would replace a folder or the reverse.

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
    """SHA-256 of a file, or of a folder's lines "checksum  relative path", one for each file in order of path."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = (file for file in path.rglob("*") if file.is_file())
    return checksum_of_folder({file.relative_to(path).as_posix(): checksum(file) for file in files})


def checksum_of_folder(files: Mapping[str, str]) -> str:
    """The checksum of a folder from the checksums of its files, which are named by their relative paths, with "/"."""
    lines = [f"{files[name]}  {name}\n" for name in sorted(files, key=lambda name: name.split("/"))]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def remove(path: Path) -> None:
    """Removes a file, or a folder with its content, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
