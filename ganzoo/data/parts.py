"""Data split into parts that never mix.

Reals have three parts: one to train on, one to fit the density ratio on, one to measure on. A translator's domains have
two: one to train on and one to measure on.
"""

import hashlib
import itertools
from dataclasses import dataclass

import numpy as np

from ganzoo.data.reals import Reals
from ganzoo.data.storage import StoredPictures, blocks
from ganzoo.errors import GanzooError, did_you_mean

SEED = 0  # the same for all runs, so that runs with different seeds can be compared
FEWEST = 10  # different samples; with fewer a part could be empty
BY_SIZE, FIFTHS = SPLITS = ("by_size", "fifths")
FEW, MANY = 2_000, 5_000  # pictures: up to FEW, 15 % are held out; from MANY on, 40 %
LEAST_HELD_OUT = 0.15


@dataclass(frozen=True, eq=False)
class Parts:
    """The three parts of a data set, each in random order.

    Attributes:
        train: the samples for the networks' training.
        ratio: the samples for the fit and the calibration of the density ratio.
        test: the samples that the metrics compare with.
    """

    train: Reals
    ratio: Reals
    test: Reals

    @property
    def shape(self) -> tuple[int, ...]:
        """One sample's shape: (H, W, C) or (2,)."""
        return self.train.shape

    @property
    def files(self) -> dict | None:
        """Of a folder, the counts of files that were taken and left out; None for other data."""
        return self.train.files

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
        name: the data set's name, as requested.
        names: the domains' names, such as ("mnist", "uci"), ("A", "B"), or the names of classes.
        train: for each domain uint8 [N_k, load_size, load_size, C]; larger than the test pictures if random crops are
            taken. The labels tell the content of a picture (a digit), not its domain; they may be None.
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

    @property
    def files(self) -> dict | None:
        """Of a folder, the counts of files that were taken and left out; None for other data."""
        return self.train[0].files

    def describe(self) -> dict:
        """What config.json keeps, so that a later evaluation can check that it splits the same way: JSON-able."""
        parts = {part: dict(zip(self.names, getattr(self, part), strict=True)) for part in ("train", "test")}
        return {
            "dataset": self.name,
            "domains": list(self.names),
            "paired": self.paired,
            "seed": SEED,
            "sizes": {part: {name: len(reals) for name, reals in domains.items()} for part, domains in parts.items()},
            "sha256": {
                part: {name: reals.sha256() for name, reals in domains.items()} for part, domains in parts.items()
            },
        }


def split(reals: Reals, how: str = BY_SIZE) -> Parts:
    """Splits reals, the same way every time; equal samples (byte by byte) land in the same part.

    From 5,000 pictures on, ratio and test get 20 % each, at most 10,000 each, and train gets the rest. Few pictures are
    for learning: below 2,000, ratio and test get 7.5 % each. Between the two the number held out grows linearly, so
    that more pictures never mean fewer to train on. Labelled pictures below 5,000 are split class by class.

    Points cost nothing to draw and are split 5 : 5 : 1, the 50,000 / 50,000 / 10,000 of the 25-Gaussian protocol.

    The train part of stored pictures stays in the file; the other parts are read into memory.

    Args:
        reals: all samples.
        how: "by_size"; or "fifths", the split of runs before `config.data.split`: 20 % each whatever the size.

    Raises:
        GanzooError: if there are fewer than 10 different samples, or if `how` is unknown.
    """
    if how not in SPLITS:
        raise GanzooError(f"split is '{how}'; give one of {', '.join(SPLITS)}.{did_you_mean(how, SPLITS)}")
    kinds = equal_samples(reals.samples)
    different = int(kinds.max(initial=-1)) + 1
    if different < FEWEST:
        raise GanzooError(
            f"'{reals.name}' holds {different} different samples; it is split into three parts and needs at least "
            f"{FEWEST}, and some thousands to train on. Give more of them."
        )

    total, strata = len(reals), None
    if reals.samples.ndim == 2:
        room = {"test": total // 11, "ratio": 5 * total // 11, "train": total}
    else:
        held_out = 2 * a_fifth(total) if how == FIFTHS or total >= MANY else held_out_of(total)
        room = {"test": held_out - held_out // 2, "ratio": held_out // 2, "train": total}
        if how != FIFTHS and total < MANY and reals.labels is not None:
            strata = reals.labels

    part_rows = deal(kinds, room, strata)
    train, ratio, test = (reals.take(part_rows[part]) for part in ("train", "ratio", "test"))
    return Parts(train, ratio.in_memory(), test.in_memory())


def held_out_of(total: int) -> int:
    """The number of pictures that a set of fewer than 5,000 does not train on.

    >>> [held_out_of(total) for total in (144, 1999, 2000, 3500, 5000)]
    [21, 299, 300, 1150, 2000]
    """
    beyond = max(total - FEW, 0) / (MANY - FEW)
    return int(LEAST_HELD_OUT * min(total, FEW) + beyond * (2 * a_fifth(MANY) - LEAST_HELD_OUT * FEW))


def a_fifth(total: int) -> int:
    """The number of pictures to set aside for one purpose: 20 % of `total`, at most 10,000."""
    return min(total // 5, 10_000)


def equal_samples(samples: np.ndarray | StoredPictures) -> np.ndarray:
    """Numbers the rows, int64 [N], with one number for equal rows: 0, 1, ... in the order of first occurrence."""
    digests = np.empty((len(samples), 2), np.uint64)
    for row, sample in enumerate(itertools.chain.from_iterable(blocks(samples))):
        digests[row] = np.frombuffer(hashlib.blake2b(sample, digest_size=16).digest(), np.uint64)

    order = np.lexsort(digests.T)  # equal rows follow each other
    is_other = np.zeros(len(samples), bool)  # whether a row differs from the one before it in `order`
    for half in digests.T:
        half = half[order]
        is_other[1:] |= half[1:] != half[:-1]
    numbers = np.empty(len(samples), np.int64)
    numbers[order] = np.cumsum(is_other)
    return by_first_row(numbers)


def by_first_row(numbers: np.ndarray) -> np.ndarray:
    """Renumbers int [N] as 0, 1, ... in the order of first occurrence; equal numbers stay equal."""
    _, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    ranks = np.empty_like(first)
    ranks[np.argsort(first)] = np.arange(len(first))
    return ranks[inverse]


def deal(kinds: np.ndarray, room: dict[str, int], strata: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Deals kinds of rows to parts in random order, each kind to the first part that has room for all its rows.

    There is no object for each row or kind, so that large sets cost little memory.

    Args:
        kinds: each row's number, int [N]: 0, 1, ... in the order of first occurrence.
        room: the number of rows that each part takes. The last part takes all other rows, so its room is not read.
        strata: a number for each row, int [N], or None. The kinds of each stratum (of their first rows) are dealt
            evenly over the order, so that every part gets its share of each, and the last part has some of all.

    Returns:
        The row numbers of each part, int64.
    """
    sizes = np.bincount(kinds)
    dealt = np.random.default_rng(SEED).permutation(len(sizes))
    if strata is not None:
        _, first_rows = np.unique(kinds, return_index=True)
        dealt = dealt[np.argsort(_places_within(strata[first_rows[dealt]]), kind="stable")]
    *limited, last = room
    left = [room[part] for part in limited]
    owners = np.full(len(sizes), len(limited), np.uint8)  # the part's number, by place in the order of dealing
    for place, size in enumerate(sizes[dealt]):
        part = next((k for k, free in enumerate(left) if free >= size), None)
        if part is not None:
            left[part] -= size
            owners[place] = part
            if not any(left):
                break

    places = np.empty_like(dealt)
    places[dealt] = np.arange(len(dealt))
    dealt_rows = np.argsort(places[kinds], kind="stable")
    owners = owners[places[kinds[dealt_rows]]]
    return {part: dealt_rows[owners == k] for k, part in enumerate([*limited, last])}


def _places_within(strata: np.ndarray) -> np.ndarray:
    """The place of each entry among the entries of its stratum, in (0, 1): of m entries (k + 1/2) / m."""
    places = np.empty(len(strata))
    for stratum in np.unique(strata):
        of_stratum = np.flatnonzero(strata == stratum)
        places[of_stratum] = (np.arange(len(of_stratum)) + 0.5) / len(of_stratum)
    return places
