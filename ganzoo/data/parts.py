"""Data split into parts that never mix.

Reals: train on one part, fit the density ratio on another, measure on the third. Domains of a translator: train on one
part, measure on the other.
"""

import hashlib
import itertools
from dataclasses import dataclass

import numpy as np

from ganzoo.data.reals import Reals
from ganzoo.data.storage import StoredPictures, blocks
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


@dataclass(frozen=True, eq=False)
class Domains:
    """Pictures of several domains, split.

    Attributes:
        name: the name they were asked for by.
        names: of the domains, such as ("mnist", "uci"), ("A", "B"), or the names of classes.
        train: for each domain uint8 [N_k, load_size, load_size, C], larger than the test pictures where random crops
            are to be taken; the labels say what a picture shows whatever its domain (a digit), or are None.
        test: for each domain uint8 [M_k, image_size, image_size, C].
        paired: whether row i of every domain shows the same thing.
    """

    name: str
    names: tuple[str, ...]
    train: tuple[Reals, ...]
    test: tuple[Reals, ...]
    paired: bool

    @property
    def shape(self) -> tuple[int, int, int]:
        """One picture's shape as the networks see it: (image_size, image_size, C)."""
        return self.test[0].shape

    def describe(self) -> dict:
        """What config.json keeps, so that a later evaluation can check that it splits the same way: JSON-able."""
        parts = {part: dict(zip(self.names, getattr(self, part), strict=True)) for part in ("train", "test")}
        return {
            "dataset": self.name,
            "domains": list(self.names),
            "paired": self.paired,
            "seed": SEED,
            "sizes": {part: {name: len(of) for name, of in domains.items()} for part, domains in parts.items()},
            "sha256": {part: {name: of.sha256() for name, of in domains.items()} for part, domains in parts.items()},
        }


def split(reals: Reals) -> Parts:
    """Splits reals, the same way every time; equal samples (byte by byte) land in the same part.

    Pictures: 20 % each for ratio and test, at most 10,000 each, and the rest to train on. Points, which cost nothing
    to draw, are split 5 : 5 : 1, the 50,000 / 50,000 / 10,000 of the 25-Gaussian protocol.

    Of stored pictures the train part stays where it is; the others are read.

    Raises:
        GanzooError: there are fewer than 10 different samples.
    """
    kinds = equal_samples(reals.samples)
    different = int(kinds.max(initial=-1)) + 1
    if different < FEWEST:
        raise GanzooError(
            f"'{reals.name}' holds {different} different samples; it is split into three parts and needs at least "
            f"{FEWEST}, and some thousands to train on. Give more of them."
        )

    total = len(reals)
    if reals.samples.ndim == 2:
        room = {"test": total // 11, "ratio": 5 * total // 11, "train": total}
    else:
        fifth = a_fifth(total)
        room = {"test": fifth, "ratio": fifth, "train": total}

    rows = deal(kinds, room)
    train, ratio, test = (reals.take(rows[part]) for part in ("train", "ratio", "test"))
    return Parts(train, ratio.in_memory(), test.in_memory())


def a_fifth(total: int) -> int:
    """How many of so many pictures are set aside for one purpose: 20 %, at most 10,000."""
    return min(total // 5, 10_000)


def equal_samples(samples: np.ndarray | StoredPictures) -> np.ndarray:
    """A number for each row, int64 [N], the same one for rows of equal bytes: 0, 1, ... in the order of first rows."""
    digests = np.empty((len(samples), 2), np.uint64)
    for row, sample in enumerate(itertools.chain.from_iterable(blocks(samples))):
        digests[row] = np.frombuffer(hashlib.blake2b(sample, digest_size=16).digest(), np.uint64)

    order = np.lexsort(digests.T)  # equal rows follow each other
    is_other = np.zeros(len(samples), bool)  # than the one before it in that order
    for half in digests.T:
        half = half[order]
        is_other[1:] |= half[1:] != half[:-1]
    numbers = np.empty(len(samples), np.int64)
    numbers[order] = np.cumsum(is_other)
    return by_first_row(numbers)


def by_first_row(numbers: np.ndarray) -> np.ndarray:
    """Any numbers, int [N], as 0, 1, ... in the order in which they come first; equal ones stay equal."""
    _, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    ranks = np.empty_like(first)
    ranks[np.argsort(first)] = np.arange(len(first))
    return ranks[inverse]


def deal(kinds: np.ndarray, room: dict[str, int]) -> dict[str, np.ndarray]:
    """Rows of one kind stay together; kinds are dealt in random order, each to the first part that has room for it.

    Large sets are dealt without an object for each row or kind.

    Args:
        kinds: a number for each row, int [N]: 0, 1, ... in the order of first rows.
        room: how many rows each part takes; the last takes what is left, so its room is all rows.

    Returns:
        The row numbers of each part, int64.
    """
    sizes = np.bincount(kinds)
    dealt = np.random.default_rng(SEED).permutation(len(sizes))
    *limited, last = room
    left = [room[part] for part in limited]
    owners = np.full(len(sizes), len(limited), np.uint8)  # by place in the order of dealing
    for place, size in enumerate(sizes[dealt]):
        part = next((k for k, free in enumerate(left) if free >= size), None)
        if part is not None:
            left[part] -= size
            owners[place] = part
            if not any(left):
                break

    places = np.empty_like(dealt)
    places[dealt] = np.arange(len(dealt))
    rows = np.argsort(places[kinds], kind="stable")
    owners = owners[places[kinds[rows]]]
    return {part: rows[owners == k] for k, part in enumerate([*limited, last])}
