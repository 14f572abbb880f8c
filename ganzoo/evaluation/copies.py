"""Are these copies? Samples against the training pictures that they are nearest to, beside held-out pictures.

Two tests, in features. Authenticity: Alaa et al., "How Faithful is your Synthetic Data?", ICML 2022,
https://arxiv.org/abs/2102.08921, section 4. C_T: Meehan, Chaudhuri and Dasgupta, "A Non-Parametric Test to Detect
Data-Copying in Generative Models", AISTATS 2020, https://arxiv.org/abs/2004.05675, section 3.

Both are averages: 30 % of copies among samples that are a little too far from the data leave both as they would be
without copies. So the samples that are nearer to their training picture than nearly all held-out pictures are counted,
too, and their number is tested by its exact law. The same law tests relative distances in pixels
(`evaluation/pixels.py`). There the rank sum is no test: each sample of a good model of a few thousand digits is nearer
by two hundredths, none of them is a copy, and the Z of 1,000 samples is -4 by that.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import betabinom, rankdata
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

CELLS = 10  # at most
IN_CELL = 20  # samples, and as many held-out pictures, from which on the normal law of a rank sum is good
Z_ALARM = 3.0  # standard deviations
P_ALARM = 1e-3  # of the number of samples that are too near
_TOO_NEAR = 100  # one in so many held-out pictures is as near
_MANY = 0.1  # a share of copies that should not stay hidden; where it might, the words say so


class Copies(NamedTuple):
    """Whether samples are copies of training pictures.

    Attributes:
        authentic: the share of samples that are no nearer to their training picture than this picture is to the next
            training picture (AuthPct, over 100), in [0, 1].
        authentic_held_out: the same share of held-out pictures, which are no copies.
        nearer_than_held_out: the chance that a sample is nearer to the training pictures than a held-out picture is,
            ties counting half; .5 where both are of one distribution.
        c_t: the paper's statistic, the mean over cells of the rank sum's Z; far below 0 for copies, above 0 for samples
            that are farther from the data than held-out pictures are.
        z: C_T in its own standard deviations where samples and held-out pictures are of one distribution.
        too_near: the share of samples that are as near to their training picture, in units of its distance to the next
            one, as one in 100 held-out pictures, or as the nearest of fewer.
        too_near_p: the chance of so many of them or more where samples and held-out pictures are of one distribution.
        pixels_too_near: the share of samples that single out one training picture in pixels as much as one in 100
            held-out pictures, or as the one of fewer that does so most.
        pixels_too_near_p: the chance of so many of them or more.
        identical: the number of samples that equal a training picture to 8 bits; filled in by the evaluator.
        samples: how many samples were looked at.
        held_out: how many held-out pictures.
        training: how many training pictures were looked at.
        detectable: the smallest share of exact copies that a test would tell from chance, on average, among samples
            that are else like held-out pictures; in [0, 1]. The fewer held-out pictures, the larger.
    """

    authentic: float
    authentic_held_out: float
    nearer_than_held_out: float
    c_t: float
    z: float
    too_near: float
    too_near_p: float
    pixels_too_near: float
    pixels_too_near_p: float
    identical: int
    samples: int
    held_out: int
    training: int
    detectable: float


class Training:
    """Training pictures as features, searched for the nearest."""

    def __init__(self, features: np.ndarray, *, seed: int = 0):
        """
        Args:
            features: float32 [N, d], N of at least 2.
            seed: of the cells.
        """
        self.features, self._seed = features, seed
        self._neighbours = NearestNeighbors().fit(features)

    def nearest(self, features: np.ndarray, count: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Distances float [n, count] and rows int [n, count] of the nearest training pictures, nearest first."""
        return self._neighbours.kneighbors(features, min(count, len(self.features)))

    def ratios(self, distances: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The distance of each sample to its training picture, over the distance of this one to the next, [n].

        A training picture that is there twice has the distance 0 to the next: whatever is nearest to it has an infinite
        ratio, as in the paper, since it is no nearer than that.

        Args:
            distances: of the samples, by `nearest`, [n, count].
            rows: likewise.
        """
        distances, apart = distances[:, 0], self._next[rows[:, 0]]
        return np.divide(distances, apart, out=np.full(len(distances), np.inf), where=apart > 0)

    @functools.cached_property
    def _next(self) -> np.ndarray:
        """The distance of each training picture to the nearest other one, [N]."""
        distances, _ = self._neighbours.kneighbors(n_neighbors=1)
        return distances[:, 0]

    def cells(self, held_out: int) -> KMeans:
        """A partition of the space by the training pictures, coarse enough for so many held-out pictures."""
        count = int(np.clip(held_out // (2 * IN_CELL), 1, CELLS))
        return KMeans(count, n_init=1, random_state=self._seed).fit(self.features)


def find_copies(
    training: Training,
    held_out: np.ndarray,
    samples: np.ndarray,
    relative: Sequence[np.ndarray],
    nearest: Sequence[tuple[np.ndarray, np.ndarray]] | None = None,
) -> Copies:
    """All tests, on features and on relative distances in pixels.

    Args:
        training: the training pictures.
        held_out: held-out pictures, [m, d].
        samples: [n, d].
        relative: by `pixels.relative_distances`, of the held-out pictures [m] and of the samples [n].
        nearest: `training.nearest` of both, if it was asked already; the search is what takes long.
    """
    near_held_out, near = nearest or (training.nearest(held_out), training.nearest(samples))
    ratios, ratios_held_out = training.ratios(*near), training.ratios(*near_held_out)
    c_t, z = data_copying(training, held_out, samples)
    too_near, p = count_too_near(ratios_held_out, ratios)
    pixels_too_near, pixels_p = count_too_near(*relative)
    return Copies(
        authentic=share_authentic(ratios),
        authentic_held_out=share_authentic(ratios_held_out),
        nearer_than_held_out=1.0 - _share_above(near[0][:, 0], near_held_out[0][:, 0]),
        c_t=c_t,
        z=z,
        too_near=too_near,
        too_near_p=p,
        pixels_too_near=pixels_too_near,
        pixels_too_near_p=pixels_p,
        identical=0,
        samples=len(samples),
        held_out=len(held_out),
        training=len(training.features),
        detectable=detectable_share(len(held_out), len(samples)),
    )


def share_authentic(ratios: np.ndarray) -> float:
    """The share of samples that are no copies by the distance of their training picture to the next one."""
    return float(np.mean(ratios >= 1.0))


def data_copying(training: Training, held_out: np.ndarray, samples: np.ndarray) -> tuple[float, float]:
    """C_T of the paper's section 3, and its Z.

    Distances are to the training pictures of the same cell. Cells of few samples or few held-out pictures do not
    count; if none counts, all of space is one cell. The paper weighs a cell by its share of the samples. Under equal
    distributions the cells' rank sums are independent, so C_T has the standard deviation sqrt(sum of squared weights).

    Returns:
        (c_t, z); both far below 0 for copies.
    """
    cells = training.cells(len(held_out))
    of_training, of_held_out, of_samples = cells.labels_, cells.predict(held_out), cells.predict(samples)
    found, weights = [], []
    for cell in range(cells.n_clusters):
        inside = [features[of == cell] for features, of in ((held_out, of_held_out), (samples, of_samples))]
        own = training.features[of_training == cell]
        if min(map(len, inside)) >= IN_CELL and len(own):
            tree = NearestNeighbors(n_neighbors=1).fit(own)
            found.append(rank_sum_z(*[tree.kneighbors(features)[0][:, 0] for features in inside]))
            weights.append(len(inside[1]))
    if not found:
        found = [rank_sum_z(*[training.nearest(features)[0][:, 0] for features in (held_out, samples)])]
        weights = [1]
    shares = np.array(weights) / np.sum(weights)
    c_t = float(shares @ found)
    return c_t, c_t / float(np.sqrt(np.sum(shares**2)))


def count_too_near(held_out: np.ndarray, samples: np.ndarray) -> tuple[float, float]:
    """The share of samples [n] that are below the k-th smallest of the held-out ratios [m], and its p-value.

    Where all are of one distribution, the number of samples below it follows the
    beta-binomial law with n, k and m + 1 - k: the k-th smallest of m uniform numbers has that beta law.
    """
    n, m = len(samples), len(held_out)
    k = _rank_of_too_near(m)
    below = int(np.count_nonzero(samples < np.sort(held_out)[k - 1]))
    return below / n, float(betabinom.sf(below - 1, n, k, m + 1 - k))


def detectable_share(held_out: int, samples: int) -> float:
    """The smallest share of exact copies that `is_copying` would tell, on average, with so many held-out pictures.

    The other samples are as far from the training pictures as held-out pictures are. Of a share x of copies, 1/2 + x/2
    of all pairs have the sample nearer, and x + (1 - x) k / (m + 1) of the samples are below the k-th smallest of m
    ratios.
    """
    n, m = samples, held_out
    k = _rank_of_too_near(m)
    by_chance = k / (m + 1)
    alarm = (betabinom.isf(P_ALARM, n, k, m + 1 - k) + 1) / n  # the least share whose chance is below
    by_number = (alarm - by_chance) / (1.0 - by_chance)
    by_ranks = 2.0 * Z_ALARM * np.sqrt((n + m + 1) / (12.0 * n * m))
    return float(np.clip(min(by_number, by_ranks), 0.0, 1.0))


def rank_sum_z(held_out: np.ndarray, samples: np.ndarray) -> float:
    """The Z of Mann and Whitney's U: below 0 where the samples' distances [n] are smaller than the held-out ones [m].

    Ties count half, and lower the variance as usual.
    """
    n, m = len(samples), len(held_out)
    if n == 0 or m == 0:
        return 0.0
    ranks = rankdata(np.concatenate([samples, held_out]))
    above = ranks[:n].sum() - n * (n + 1) / 2
    _, ties = np.unique(ranks, return_counts=True)
    total = n + m
    variance = n * m / 12 * (total + 1 - np.sum(ties**3.0 - ties) / (total * max(total - 1, 1)))
    return 0.0 if variance <= 0 else float((above - n * m / 2) / np.sqrt(variance))


def in_words(copies: Copies, name: str, *, features_are_trained: bool = True) -> str:
    """What the figures say, in one or two sentences.

    Args:
        copies: of the samples.
        name: of the sampler.
        features_are_trained: whether the features know pictures. To untrained features a blob is as near as a copy.
    """
    shares = (
        f"{_percent(copies.nearer_than_held_out)} are nearer to the training pictures than a held-out picture is "
        f"(chance 50 %; C_T {copies.c_t:.1f}, Z {copies.z:.1f}); {_percent(copies.authentic)} are authentic (held-out "
        f"pictures {_percent(copies.authentic_held_out)}); {_percent(copies.too_near)} are as near as hardly any "
        f"held-out picture (p {copies.too_near_p:.1g}). In pixels {_percent(copies.pixels_too_near)} single out a "
        f"training picture as hardly any held-out picture does (p {copies.pixels_too_near_p:.1g})"
    )
    of = f"of {copies.samples:,} samples of {name}"
    if copies.identical:
        return f"copies: {copies.identical:,} {of} equal a training picture; {shares}."
    if is_copying(copies):
        if features_are_trained or is_copying_pixels(copies):
            return f"copies, or nearly: {of} {shares}."
        untold = "blobs, which random features take for copies, or copies that pixels hide (see nearest.png)"
        return f"{untold}: {of} {shares}."
    notes = []
    if copies.z > Z_ALARM:
        notes.append("the samples lie farther from the data than held-out pictures")
    if copies.detectable > _MANY:
        notes.append(
            f"{copies.held_out} held-out pictures are few: a share of copies below {_percent(copies.detectable)} would "
            "not show, so look at nearest.png, too"
        )
    return f"no sign of copies{', but ' if notes else ''}{'; and '.join(notes)}: {of} {shares}."


def is_copying(copies: Copies) -> bool:
    """Whether a sample equals a training picture, or one of the tests finds more nearness than chance would give."""
    in_features = copies.z < -Z_ALARM or copies.too_near_p < P_ALARM
    return bool(copies.identical or in_features or is_copying_pixels(copies))


def is_copying_pixels(copies: Copies) -> bool:
    """Whether more samples single out a training picture in pixels than chance would give."""
    return bool(copies.pixels_too_near_p < P_ALARM)


def _rank_of_too_near(held_out: int) -> int:
    """k: a sample is too near below the k-th smallest of so many held-out ratios, one in 100 of them and at least 1."""
    return max(1, held_out // _TOO_NEAR)


def _share_above(first: np.ndarray, second: np.ndarray) -> float:
    """The chance that a number of the first [n] is above one of the second [m], ties counting half."""
    ranks = rankdata(np.concatenate([first, second]))[: len(first)]
    return float((ranks.sum() / len(first) - (len(first) + 1) / 2) / len(second))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
