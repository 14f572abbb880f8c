"""Reals split into the parts that never mix: train on one, fit the density ratio on another, measure on the third."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ganzoo.data import is_stacked, load
from ganzoo.data.reals import Reals
from ganzoo.errors import GanzooError

SEED = 0  # fixed, not the run's: runs with different seeds stay comparable
FEWEST = 10  # different samples, without which a part would be empty


@dataclass(frozen=True, eq=False)
class Parts:
    """The three parts of a data set, each in random order.

    Attributes:
        train: what the networks are trained on.
        ratio: what the density ratio is fitted and calibrated on.
        test: what the metrics compare with.
    """

    train: Reals
    ratio: Reals
    test: Reals

    @property
    def shape(self) -> tuple[int, ...]:
        """One sample's shape: (H, W, C) or (2,)."""
        return self.train.shape

    def describe(self) -> dict:
        """What config.json keeps, so that a later evaluation can check that it splits the same way: JSON-able."""
        parts = {"train": self.train, "ratio": self.ratio, "test": self.test}
        return {
            "dataset": self.train.name,
            "seed": SEED,
            "sizes": {name: len(part) for name, part in parts.items()},
            "sha256": {name: part.sha256() for name, part in parts.items()},
        }


def load_parts(name: str, **request) -> Parts:
    """The parts of a data set: what a run, an evaluation and a benchmark begin with.

    Args:
        name: as for `ganzoo.data.load`, or "stacked_mnist" or "stacked_mnist:mnist".
        **request: as for `ganzoo.data.load`: the keys of `config.data`.

    Raises:
        GanzooError: the data set cannot be had as requested, or is too small to split.
    """
    if is_stacked(name):
        from ganzoo.data import stacked_digits

        return stacked_digits.load_parts(name, **request)
    return split(load(name, **request))


def split(reals: Reals) -> Parts:
    """Splits reals, the same way every time; equal samples (byte by byte) land in the same part.

    Pictures: 20 % each for ratio and test, at most 10,000 each, and the rest to train on. Points, which cost nothing
    to draw, are split 5 : 5 : 1, the 50,000 / 50,000 / 10,000 of the 25-Gaussian protocol.

    Raises:
        GanzooError: there are fewer than 10 different samples.
    """
    kinds = rows_by(equal_samples(reals.samples))
    if len(kinds) < FEWEST:
        raise GanzooError(
            f"'{reals.name}' holds {len(kinds)} different samples; it is split into three parts and needs at least "
            f"{FEWEST}, and some thousands to train on. Give more of them."
        )

    total = len(reals)
    if reals.samples.ndim == 2:
        room = {"test": total // 11, "ratio": 5 * total // 11, "train": total}
    else:
        fifth = a_fifth(total)
        room = {"test": fifth, "ratio": fifth, "train": total}

    rows = deal(kinds, room)
    return Parts(*(reals.take(rows[part]) for part in ("train", "ratio", "test")))


def a_fifth(total: int) -> int:
    """How many of so many pictures are set aside for one purpose: 20 %, at most 10,000."""
    return min(total // 5, 10_000)


def equal_samples(samples: np.ndarray) -> list[int]:
    """A number for each row, the same one for rows of equal bytes."""
    known: dict[bytes, int] = {}
    digests = (hashlib.blake2b(sample, digest_size=16).digest() for sample in np.ascontiguousarray(samples))
    return [known.setdefault(digest, len(known)) for digest in digests]


def rows_by(numbers: Iterable[int]) -> list[list[int]]:
    """Row numbers, grouped by equal entries, in the order of their first row."""
    rows: dict[int, list[int]] = {}
    for row, number in enumerate(numbers):
        rows.setdefault(number, []).append(row)
    return list(rows.values())


def deal(kinds: list[list[int]], room: dict[str, int]) -> dict[str, np.ndarray]:
    """Groups of rows that stay together, dealt in random order, each to the first part that still has room for it.

    Args:
        kinds: row numbers, grouped.
        room: how many rows each part takes; the last takes what is left, so its room is all rows.

    Returns:
        The row numbers of each part, int64.
    """
    room, rows = dict(room), {part: [] for part in room}
    for k in np.random.default_rng(SEED).permutation(len(kinds)):
        part = next(part for part in room if room[part] >= len(kinds[k]))
        room[part] -= len(kinds[k])
        rows[part].extend(kinds[k])
    return {part: np.array(dealt, np.int64) for part, dealt in rows.items()}
