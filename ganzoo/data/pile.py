"""How pictures are gathered whose number nobody is sure of: in memory, or beyond a limit in a file."""

import math

import numpy as np

from ganzoo import cache
from ganzoo.data.stored import BLOCK, NamelessFile, StoredPictures, blocks
from ganzoo.errors import GanzooError


class Pile:
    """Pictures of one shape, added one after another: in memory, or in a file where there would be too many.

    Args:
        shape: (H, W, C).
        most_bytes: of memory; what exceeds it lies in a file in the cache folder.
        expected: how many there will be, as far as that is known: then a large set is never in memory at all.
    """

    def __init__(self, shape: tuple[int, int, int], most_bytes: float = math.inf, expected: int = 0):
        self.shape, self.most_bytes, self.expected = shape, most_bytes, expected
        self._held, self._written, self._file = bytearray(), 0, None
        if self._needed() > most_bytes:
            self._write()

    def add(self, pictures: np.ndarray) -> None:
        """One or several, uint8 [..., H, W, C].

        Raises:
            GanzooError: the file cannot be written.
        """
        self._held += pictures.tobytes()
        if len(self._held) > (self.most_bytes if self._file is None else BLOCK):
            self._write()

    def finish(self) -> np.ndarray | StoredPictures:
        """All of them, uint8 [N, H, W, C]; nothing can be added any more."""
        if self._file is None:
            return np.frombuffer(self._held, np.uint8).reshape(-1, *self.shape)
        self._write()
        return StoredPictures(self._file, (self._written // math.prod(self.shape), *self.shape))

    def in_colour(self) -> "Pile":
        """Grey pictures [H, W, 1] as a pile of [H, W, 3]; to be used in place of this one."""
        colour = Pile((*self.shape[:2], 3), self.most_bytes, self.expected)
        for grey in blocks(self.finish()):
            colour.add(np.repeat(grey, 3, axis=-1))
        return colour

    def _needed(self) -> int:
        return max(self.expected * math.prod(self.shape), self._written + len(self._held))

    def _write(self) -> None:
        folder = cache.folder()
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
