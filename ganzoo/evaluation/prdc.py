"""Precision, recall, density and coverage, by balls around samples that reach to their k-th neighbour.

Kynkaanniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models", NeurIPS 2019,
https://arxiv.org/abs/1904.06991, section 2; Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative
Models", ICML 2020, https://arxiv.org/abs/2002.09797, section 3. Balls are open, as in the authors' code.
"""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

from ganzoo.evaluation.registry import register_metric
from ganzoo.evaluation.uncertainty import error_by_jackknife, error_of_mean

NEIGHBOURS = 5

_chunk = 1000  # fakes whose distances to all reals are in memory at once


class PRDC(NamedTuple):
    """For equal distributions and n = m, density is about 1 and coverage about 1 - 2^-k; the others depend on n."""

    precision: float  # fakes inside some real's ball, in [0, 1]
    recall: float  # reals inside some fake's ball, in [0, 1]
    density: float  # real balls that contain a fake, over k, averaged over fakes; in [0, n / k]
    coverage: float  # reals whose ball contains a fake, in [0, 1]


def standard_errors(real_features: np.ndarray, fake_features: np.ndarray, k: int = NEIGHBOURS) -> PRDC:
    """The standard errors of the four: their standard deviations over draws of as many fakes. The reals count as known.

    Precision and density are means over fakes. Recall and coverage are by the jackknife over the fakes (Efron and Stein
    1981). Without a fake, the reals are lost that its ball alone held, or whose balls held no other fake; and the balls
    of its neighbours reach to the next fake. Both come out too large where nearly all reals are held: .017 for .010 at
    a coverage of .97, .027 for .013 at a recall of .93. They are 0 where no real hangs on one fake. The error of a
    share of independent reals would be too small, since neighbours are held together.

    Args:
        real_features: [n, d].
        fake_features: [m, d].
        k: as for `prdc`.

    Returns:
        nan for all four if n is not above k, or m not above k + 1.
    """
    reals, fakes = real_features, fake_features
    if len(reals) <= k or len(fakes) <= k + 1:
        return PRDC(*[float("nan")] * 4)
    real_radii = _radii(reals, k)
    reach, neighbours = NearestNeighbors(n_neighbors=k + 1).fit(fakes).kneighbors()
    balls = np.zeros(len(fakes), int)
    covered, recalled = _Hits(len(reals)), _Hits(len(reals))
    near = []  # a real and a fake whose ball reaches it without one of the fake's neighbours
    for start in range(0, len(fakes), _chunk):
        chunk = slice(start, start + _chunk)
        distances = pairwise_distances(fakes[chunk], reals)
        in_real_balls, in_fake_balls = distances < real_radii, distances < reach[chunk, k - 1, None]
        balls[chunk] = np.count_nonzero(in_real_balls, axis=1)
        covered.add(in_real_balls, start)
        recalled.add(in_fake_balls, start)
        is_unsure = recalled.count <= 1  # so far: a real in two balls stays recalled
        fake, real = np.nonzero((distances < reach[chunk, k, None]) & ~in_fake_balls & is_unsure)
        near.append(np.stack([real, start + fake]))

    real, fake = np.concatenate(near, axis=1)
    real, gone = np.unique([np.repeat(real, k), neighbours[fake, :k].ravel()], axis=1)
    is_back = (recalled.count[real] == 0) | ((recalled.count[real] == 1) & (recalled.last[real] == gone))
    recall = np.bincount(gone[is_back], minlength=len(fakes)) - recalled.lost(len(fakes))

    return PRDC(
        precision=error_of_mean(balls > 0),
        recall=error_by_jackknife(recall / len(reals)),
        density=error_of_mean(balls / k),
        coverage=error_by_jackknife(covered.lost(len(fakes)) / len(reals)),
    )


@register_metric("precision", direction="higher", standard_error=standard_errors)
@register_metric("recall", direction="higher", standard_error=standard_errors)
@register_metric("density", direction="higher", standard_error=standard_errors)
@register_metric("coverage", direction="higher", standard_error=standard_errors)
def prdc(real_features: np.ndarray, fake_features: np.ndarray, k: int = NEIGHBOURS) -> PRDC:
    """The four from features [n, d] and [m, d]. Compare only figures of equal n, m and k.

    Returns:
        nan for all four if n or m is not above k: there are too few neighbours.
    """
    reals, fakes = real_features, fake_features
    if min(len(reals), len(fakes)) <= k:
        return PRDC(*[float("nan")] * 4)
    real_radii, fake_radii = _radii(reals, k), _radii(fakes, k)
    precise, balls = 0, 0
    recalled = np.zeros(len(reals), bool)
    nearest = np.full(len(reals), np.inf)

    for start in range(0, len(fakes), _chunk):
        chunk = slice(start, start + _chunk)
        distances = pairwise_distances(fakes[chunk], reals)
        in_real_balls = distances < real_radii
        precise += np.count_nonzero(in_real_balls.any(axis=1))
        balls += np.count_nonzero(in_real_balls)
        recalled |= (distances < fake_radii[chunk, None]).any(axis=0)
        nearest = np.minimum(nearest, distances.min(axis=0))

    return PRDC(
        precision=precise / len(fakes),
        recall=float(recalled.mean()),
        density=balls / (k * len(fakes)),
        coverage=float(np.mean(nearest < real_radii)),
    )


class _Hits:
    """Which fakes each of n reals meets: how many, and the last of them; int [n] each."""

    def __init__(self, reals: int):
        self.count, self.last = np.zeros(reals, int), np.zeros(reals, int)

    def add(self, does_meet: np.ndarray, start: int) -> None:
        """Counts the fakes from `start` on, by bool [fakes, n]."""
        self.count += np.count_nonzero(does_meet, axis=0)
        np.copyto(self.last, start + does_meet.argmax(axis=0), where=does_meet.any(axis=0))

    def lost(self, fakes: int) -> np.ndarray:
        """How many reals meet no other fake, by fake, int [fakes]."""
        return np.bincount(self.last[self.count == 1], minlength=fakes)


def _radii(samples: np.ndarray, k: int) -> np.ndarray:
    """The distance of each sample to its k-th neighbour among the others, [n]."""
    distances, _ = NearestNeighbors(n_neighbors=k).fit(samples).kneighbors()
    return distances[:, -1]
