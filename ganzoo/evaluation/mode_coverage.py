"""How samples spread over the modes of a Gaussian mixture that is known.

The protocol of the 25 Gaussians: Azadi et al., "Discriminator Rejection Sampling", ICLR 2019,
https://arxiv.org/abs/1810.06758, section 4.1.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree
from scipy.special import rel_entr

from ganzoo.evaluation.registry import register_metric
from ganzoo.evaluation.uncertainty import error_of_mean

HIGH_QUALITY_SIGMAS = 4.0


class ModeCoverage(NamedTuple):
    """What the protocol reports. Exact samples in the plane: all modes, .9997, .9987 sigma and a divergence near 0."""

    modes: int  # with at least one high-quality sample, in 0..K
    high_quality: float  # share of samples within 4 sigma of the nearest centre; at best 1 - exp(-8) in the plane
    std: float  # per coordinate, of the high-quality samples about their modes' means; nan where no mode has two
    jsd: float  # Jensen-Shannon divergence to the reals over the K modes and "none", in [0, log 2] (natural log)


def mode_coverage(fakes: np.ndarray, reals: np.ndarray, centers: np.ndarray, sigma: float) -> ModeCoverage:
    """Recovered modes, high-quality share, standard deviation within modes and divergence of the histograms.

    Args:
        fakes: [n, d].
        reals: [m, d], what the fakes' histogram is compared with.
        centers: [K, d].
        sigma: of every mode, the same in all directions.
    """
    count = len(centers)
    shown, reals_shown = (assign_modes(samples, centers, sigma) for samples in (fakes, reals))
    return ModeCoverage(
        modes=modes(shown, count),
        high_quality=high_quality(shown, count),
        std=std(fakes, shown, count),
        jsd=jsd(shown, reals_shown, count),
    )


@register_metric("modes", direction="higher")
def modes(shown: np.ndarray, num_classes: int) -> int:
    """How many of the modes at least one sample is in, by the mode of each, int [n] in 0..`num_classes` ("none")."""
    return int(np.count_nonzero(np.bincount(shown, minlength=num_classes + 1)[:num_classes]))


def high_quality_error(shown: np.ndarray, num_classes: int) -> float:
    """The standard error of `high_quality`: its standard deviation over draws of as many samples, in [0, .5]."""
    return error_of_mean(shown < num_classes)


@register_metric("high_quality", direction="higher", standard_error=high_quality_error)
def high_quality(shown: np.ndarray, num_classes: int) -> float:
    """The share of samples that are in a mode, by the mode of each, int [n] in 0..`num_classes` ("none")."""
    return float((shown < num_classes).mean())


@register_metric("std", direction=None)  # it should equal the floor's
def std(samples: np.ndarray, shown: np.ndarray, num_classes: int) -> float:
    """The standard deviation per coordinate of the samples that are in a mode, about their modes' means.

    Args:
        samples: [n, d].
        shown: int [n], the mode of each in 0..`num_classes` ("none").
        num_classes: how many modes there are.

    Returns:
        nan where no mode has two samples.
    """
    good = shown < num_classes
    return _std_within(samples[good], shown[good])


def jsd_error(shown: np.ndarray, reals_shown: np.ndarray, num_classes: int) -> float:
    """The standard error of `jsd`: its standard deviation over draws of as many samples, in [0, inf).

    By the delta method; the reals count as known. A sample in mode k moves the divergence by log(p_k / m_k) / 2 less
    its mean, where m is the mean of both histograms. Where the divergence is nearly 0 that vanishes, and the error
    comes out too small.
    """
    p, q = (np.bincount(of_each, minlength=num_classes + 1) / len(of_each) for of_each in (shown, reals_shown))
    return error_of_mean(np.log(p[shown] / ((p + q) / 2)[shown]) / 2)


@register_metric("jsd", direction="lower", standard_error=jsd_error)
def jsd(shown: np.ndarray, reals_shown: np.ndarray, num_classes: int) -> float:
    """The Jensen-Shannon divergence of samples and reals over the modes and "none", by the mode of each, int [n] and
    [m] in 0..`num_classes`; in [0, log 2], natural log."""
    return jensen_shannon(*(np.bincount(of_each, minlength=num_classes + 1) for of_each in (shown, reals_shown)))


def assign_modes(samples: np.ndarray, centers: np.ndarray, sigma: float) -> np.ndarray:
    """The mode of each sample, int [n]: the nearest centre, or K ("none") where that is 4 sigma away or more."""
    _, nearest = KDTree(centers).query(samples, distance_upper_bound=HIGH_QUALITY_SIGMAS * sigma)
    return nearest  # KDTree answers with the number of centres where there is none within the bound


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    """(KL(p || (p + q)/2) + KL(q || (p + q)/2)) / 2 of two histograms [K] of any totals; in [0, log 2], natural log."""
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    return max(float(rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / 2, 0.0)


def _std_within(samples: np.ndarray, modes: np.ndarray) -> float:
    """Pooled over modes and coordinates, with the degrees of freedom that the modes' own means leave."""
    present, members, counts = np.unique(modes, return_inverse=True, return_counts=True)
    free = len(samples) - len(present)
    if free == 0:
        return float("nan")
    samples = samples.astype(np.float64)
    sums = np.zeros((len(present), samples.shape[1]))
    np.add.at(sums, members, samples)
    residuals = samples - (sums / counts[:, None])[members]
    return float(np.sqrt(np.sum(residuals**2) / (free * samples.shape[1])))
