"""Pictures that do not fit in memory: they are written one by one to a file without a name and read row by row."""

import math
import os
import tempfile
import threading
import weakref
from collections.abc import Iterator

import numpy as np

from ganzoo.environment import cache_folder
from ganzoo.errors import GanzooError

BLOCK = 10**6  # about so many bytes are read at once when all rows are read


class StoredPictures:
    """Pictures uint8 [N, H, W, C] in a file, with the few methods of an array that the package uses.

    Rows are read, not mapped: the touched pages of a memory map would count as memory of the process.

    Attributes:
        dtype, shape, ndim: as an array's.
    """

    dtype, ndim = np.dtype(np.uint8), 4

    def __init__(self, file: "NamelessFile", shape: tuple[int, ...], rows: np.ndarray | None = None):
        """
        Args:
            file: the rows, one after another.
            shape: (N, H, W, C).
            rows: the pictures' rows in the file, int64 [N]; None takes the first N.
        """
        self.shape, self._file, self._rows = shape, file, rows

    def __len__(self) -> int:
        return self.shape[0]

    def select(self, rows: np.ndarray) -> "StoredPictures":
        """The given rows (integers [M]) without reading them."""
        rows = np.asarray(rows, np.int64)
        return StoredPictures(self._file, (len(rows), *self.shape[1:]), self._in_file(rows))

    def take(self, rows: np.ndarray, axis: int = 0) -> np.ndarray:
        """The given rows (integers [M] in 0 .. N - 1), read: uint8 [M, H, W, C]."""
        size = math.prod(self.shape[1:])
        taken = np.empty((len(rows), *self.shape[1:]), np.uint8)
        taken_bytes = memoryview(taken.reshape(-1))
        rows, first = self._in_file(rows), 0
        # Rows that follow each other in the file are read at once.
        for end in (1 + np.flatnonzero(np.diff(rows, append=-1) != 1)).tolist():
            self._file.read_into(taken_bytes[first * size : end * size], int(rows[first]) * size)
            first = end
        return taken

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        return self.take(np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else np.asarray(rows))

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)

    def _in_file(self, rows: np.ndarray) -> np.ndarray:
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(self):
            raise IndexError(f"rows {rows.min()} to {rows.max()} of {len(self)} pictures")
        return rows if self._rows is None else self._rows[rows]


def blocks(samples: np.ndarray | StoredPictures) -> Iterator[np.ndarray]:
    """All rows, a few at a time: C-contiguous arrays [n, ...] of about a megabyte."""
    count = max(1, BLOCK // max(1, math.prod(samples.shape[1:]) * samples.dtype.itemsize))
    for first in range(0, len(samples), count):
        yield np.ascontiguousarray(samples[first : first + count])


class NamelessFile:
    """A file that no folder lists. The system removes it when the process ends, even after a crash.

    Args:
        folder: a folder on the disk to use.

    Raises:
        OSError: if the file cannot be made.
    """

    def __init__(self, folder: os.PathLike):
        with tempfile.TemporaryFile(dir=folder) as unlinked:
            self._number = os.dup(unlinked.fileno())
        self._turn = threading.Lock()
        # Not at exit, when threads of an input pipeline may still be reading; the system closes it then.
        weakref.finalize(self, os.close, self._number).atexit = False

    def append(self, content: bytes | bytearray) -> None:
        """Writes at the end of the file. Raises OSError if there is no room."""
        rest = memoryview(content)
        while len(rest):
            rest = rest[os.write(self._number, rest) :]

    def read_into(self, target: memoryview, offset: int) -> None:
        """Fills `target` with the file's bytes from `offset` on. Several threads may call it at once."""
        while len(target):
            count = self._read_some(target, offset)
            if not count:
                raise EOFError("a file of stored pictures is shorter than its rows")
            target, offset = target[count:], offset + count

    def _read_some(self, target: memoryview, offset: int) -> int:
        """Reads with one system call and returns the number of bytes read."""
        if hasattr(os, "preadv"):  # Linux, and macOS from 11 on
            return os.preadv(self._number, [target], offset)
        with self._turn:  # all threads share one position in the file
            os.lseek(self._number, offset, os.SEEK_SET)
            content = os.read(self._number, len(target))
        target[: len(content)] = content
        return len(content)


class Pile:
    """Pictures of one shape, added one after another: in memory, or in a file if there are too many.

    Args:
        shape: (H, W, C).
        most_bytes: the most bytes of memory to use; a larger set lies in a file in the cache folder.
        expected: the number of pictures, if it is known; a large set then goes to the file from the start.
    """

    def __init__(self, shape: tuple[int, int, int], most_bytes: float = math.inf, expected: int = 0):
        self.shape, self.most_bytes, self.expected = shape, most_bytes, expected
        self._held, self._written, self._file = bytearray(), 0, None
        if self._needed() > most_bytes:
            self._write()

    def add(self, pictures: np.ndarray) -> None:
        """Adds one or several pictures, uint8 [..., H, W, C].

        Raises:
            GanzooError: if the file cannot be written.
        """
        self._held += pictures.tobytes()
        if len(self._held) > (self.most_bytes if self._file is None else BLOCK):
            self._write()

    def finish(self) -> np.ndarray | StoredPictures:
        """All pictures, uint8 [N, H, W, C]. No picture can be added afterwards."""
        if self._file is None:
            return np.frombuffer(self._held, np.uint8).reshape(-1, *self.shape)
        self._write()
        return StoredPictures(self._file, (self._written // math.prod(self.shape), *self.shape))

    def in_colour(self) -> "Pile":
        """A pile with these grey pictures as [H, W, 3], to use in place of this pile."""
        colour = Pile((*self.shape[:2], 3), self.most_bytes, self.expected)
        for grey in blocks(self.finish()):
            colour.add(np.repeat(grey, 3, axis=-1))
        return colour

    def _needed(self) -> int:
        return max(self.expected * math.prod(self.shape), self._written + len(self._held))

    def _write(self) -> None:
        folder = cache_folder()
        try:
            if self._file is None:
                folder.mkdir(parents=True, exist_ok=True)
                self._file = NamelessFile(folder)
            self._file.append(self._held)
        except OSError as error:
            needed = math.ceil(self._needed() / 10**6)
            raise GanzooError(
                f"the pictures need {needed:,} MB in a file in {folder}, which cannot be written: {error.strerror}. "
                f"Make room there, let GANZOO_CACHE name a folder on another disk, keep them in memory "
                f"(--config.data.stream_above_mb={needed}), or ask for smaller ones (--config.data.image_size)."
            ) from error
        self._written += len(self._held)
        self._held = bytearray()
