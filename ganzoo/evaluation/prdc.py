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

NEIGHBOURS = 5

_chunk = 1000  # fakes whose distances to all reals are in memory at once


class PRDC(NamedTuple):
    """For equal distributions and n = m, density is about 1 and coverage about 1 - 2^-k; the others depend on n."""

    precision: float  # fakes inside some real's ball, in [0, 1]
    recall: float  # reals inside some fake's ball, in [0, 1]
    density: float  # real balls that contain a fake, over k, averaged over fakes; in [0, n / k]
    coverage: float  # reals whose ball contains a fake, in [0, 1]


def coverage_error(real_features: np.ndarray, fake_features: np.ndarray, k: int = NEIGHBOURS) -> float:
    """The standard error of coverage: its standard deviation over draws of as many fakes, in [0, 1].

    By the jackknife over the fakes (Efron and Stein 1981): without a fake the reals are lost whose balls hold no other.
    The reals count as known. It comes out too large where nearly all reals are covered: .017 for .010 at a coverage of
    .97. It is 0 where no fake is alone in a ball. The error of a share of independent reals would be too small, since
    neighbours are covered together.

    Args:
        real_features: [n, d].
        fake_features: [m, d].
        k: as for `prdc`.

    Returns:
        nan if n or m is not above k.
    """
    reals, fakes = real_features, fake_features
    if min(len(reals), len(fakes)) <= k:
        return float("nan")
    radii = _radii(reals, k)
    hits, last = np.zeros(len(reals), int), np.zeros(len(reals), int)
    for start in range(0, len(fakes), _chunk):
        is_inside = pairwise_distances(fakes[start : start + _chunk], reals) < radii
        hits += np.count_nonzero(is_inside, axis=0)
        last = np.where(is_inside.any(axis=0), start + is_inside.argmax(axis=0), last)
    lost = np.bincount(last[hits == 1], minlength=len(fakes))
    return float(np.sqrt((len(fakes) - 1) * lost.var()) / len(reals))


@register_metric("precision", direction="higher")
@register_metric("recall", direction="higher")
@register_metric("density", direction="higher")
@register_metric("coverage", direction="higher", standard_error=coverage_error)
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


def _radii(samples: np.ndarray, k: int) -> np.ndarray:
    """The distance of each sample to its k-th neighbour among the others, [n]."""
    distances, _ = NearestNeighbors(n_neighbors=k).fit(samples).kneighbors()
    return distances[:, -1]
