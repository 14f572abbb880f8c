"""Pictures that are too many for memory: the rows of a file that has no name, read as they are asked for."""

import math
import os
import tempfile
import weakref
from collections.abc import Iterator

import numpy as np

BLOCK = 10**6  # bytes, about: of all rows, so many are read at once


class StoredPictures:
    """uint8 [N, H, W, C] in a file: of an array, what the house asks of the pictures of a set.

    Rows are read, not mapped: the pages of a map that have been touched would count as memory of the process.

    Attributes:
        dtype, shape, ndim: as an array's.
    """

    dtype, ndim = np.dtype(np.uint8), 4

    def __init__(self, file: "NamelessFile", shape: tuple[int, ...], rows: np.ndarray | None = None):
        """
        Args:
            file: with row after row.
            shape: (N, H, W, C).
            rows: which rows of the file they are, int64 [N]; None is the first N.
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
        bytes_of = memoryview(taken.reshape(-1))
        rows, first = self._in_file(rows), 0
        # Rows that follow each other in the file are read at once.
        for end in (1 + np.flatnonzero(np.diff(rows, append=-1) != 1)).tolist():
            self._file.read_into(bytes_of[first * size : end * size], int(rows[first]) * size)
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
    """A file that no folder lists: it is gone with the last who holds it, however the process ends.

    Args:
        folder: on whose disk it lies.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, folder: os.PathLike):
        with tempfile.TemporaryFile(dir=folder) as unlinked:
            self._number = os.dup(unlinked.fileno())
        # Not at exit, when threads of an input pipeline may still be reading; the system closes it then.
        weakref.finalize(self, os.close, self._number).atexit = False

    def append(self, content: bytes | bytearray) -> None:
        """Raises OSError where there is no room."""
        rest = memoryview(content)
        while len(rest):
            rest = rest[os.write(self._number, rest) :]

    def read_into(self, target: memoryview, offset: int) -> None:
        """Fills bytes with those from `offset` on; from several threads at once if need be."""
        while len(target):
            count = os.preadv(self._number, [target], offset)
            if not count:
                raise EOFError("a file of stored pictures is shorter than its rows")
            target, offset = target[count:], offset + count
