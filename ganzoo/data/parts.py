"""Reals split into the parts that never mix: train on one, fit the density ratio on another, measure on the third."""

import hashlib
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
            "sha256": {name: hashlib.sha256(part.samples).hexdigest()[:16] for name, part in parts.items()},
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
    kinds = _rows_of_equal_samples(reals.samples)
    if len(kinds) < FEWEST:
        raise GanzooError(
            f"'{reals.name}' holds {len(kinds)} different samples; it is split into three parts and needs at least "
            f"{FEWEST}, and some thousands to train on. Give more of them."
        )

    total = len(reals)
    if reals.samples.ndim == 2:
        room = {"test": total // 11, "ratio": 5 * total // 11, "train": total}
    else:
        fifth = min(total // 5, 10_000)
        room = {"test": fifth, "ratio": fifth, "train": total}

    rows = {part: [] for part in room}
    for k in np.random.default_rng(SEED).permutation(len(kinds)):
        part = next(part for part in room if room[part] >= len(kinds[k]))
        room[part] -= len(kinds[k])
        rows[part].extend(kinds[k])
    return Parts(*(reals.take(np.array(rows[part], np.int64)) for part in ("train", "ratio", "test")))


def _rows_of_equal_samples(samples: np.ndarray) -> list[list[int]]:
    """Row numbers, grouped by equal bytes, in the order of their first row."""
    rows: dict[bytes, list[int]] = {}
    for row, sample in enumerate(np.ascontiguousarray(samples)):
        rows.setdefault(hashlib.blake2b(sample, digest_size=16).digest(), []).append(row)
    return list(rows.values())
