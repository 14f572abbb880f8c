"""Frechet distance between two Gaussians.

Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017,
https://arxiv.org/abs/1706.08500, equation 6; the closed form is Dowson and Landau, 1982.
"""

from typing import NamedTuple

import numpy as np
import scipy.linalg

from ganzoo.evaluation.registry import register_metric
from ganzoo.evaluation.uncertainty import error_of_mean


class Gaussian(NamedTuple):
    """The two moments that the distance looks at, in float64."""

    mean: np.ndarray  # [d]
    covariance: np.ndarray  # [d, d]


def fit_gaussian(features: np.ndarray) -> Gaussian:
    """Mean and unbiased covariance of features [n, d], n >= 2, computed in float64."""
    features = np.asarray(features, np.float64)
    return Gaussian(features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False)))


def enough_for_frechet(features: np.ndarray) -> bool:
    """Are there two samples [n, d] per feature? With fewer the distance's bias is larger than what it measures."""
    return len(features) >= 2 * features.shape[1]


def frechet_distance(p: Gaussian, q: Gaussian) -> float:
    """|m_p - m_q|^2 + Tr(C_p + C_q - 2 (C_p C_q)^(1/2)), in [0, inf); 0 where the Gaussians are equal.

    Tr (C_p C_q)^(1/2) is the sum of the singular values of C_p^(1/2) C_q^(1/2). Both roots are those of symmetric
    matrices, so singular covariances (dead features, fewer samples than dimensions) need no epsilon on the diagonal
    and leave no imaginary part, unlike the root of the unsymmetric product.
    """
    mean_p, mean_q = (np.asarray(g.mean, np.float64) for g in (p, q))
    roots = _root(p.covariance) @ _root(q.covariance)
    cross = scipy.linalg.svdvals(roots).sum()
    distance = np.sum((mean_p - mean_q) ** 2) + np.trace(p.covariance) + np.trace(q.covariance) - 2 * cross
    return max(float(distance), 0.0)


def standard_error(fake_features: np.ndarray, reference: Gaussian) -> float:
    """The standard error of `frechet_distance_to`: its standard deviation over draws of as many samples, in [0, inf).

    By the delta method: to first order a sample x moves the distance by (2 (m_p - m_q) + G c) c / n, where c = x - m_p
    and G = I - T. T is the optimal transport map between the Gaussians,
    C_q^(1/2) (C_q^(1/2) C_p C_q^(1/2))^(-1/2) C_q^(1/2) (Dowson and Landau, 1982). The reference counts as known. Where
    the distance is nearly 0, its first order vanishes, and the standard error comes out too small.

    Args:
        fake_features: float [n, d]; nan unless `enough_for_frechet`.
        reference: the moments that they are compared with.
    """
    if not enough_for_frechet(fake_features):
        return float("nan")
    fakes, root = fit_gaussian(fake_features), _root(reference.covariance)
    values, vectors = scipy.linalg.eigh(root @ fakes.covariance @ root)
    is_there = values > len(values) * np.finfo(np.float64).eps * values.max(initial=0.0)
    inverse = (vectors[:, is_there] / np.sqrt(values[is_there])) @ vectors[:, is_there].T
    centred = np.asarray(fake_features, np.float64) - fakes.mean
    of_covariance = centred - centred @ (root @ inverse @ root)
    influences = np.sum((2 * (fakes.mean - reference.mean) + of_covariance) * centred, axis=1)
    return error_of_mean(influences)


@register_metric("fd", direction="lower", standard_error=standard_error)
def frechet_distance_to(fake_features: np.ndarray, reference: Gaussian) -> float:
    """`frechet_distance` of features [n, d] to reals of the given moments; nan unless `enough_for_frechet`."""
    if not enough_for_frechet(fake_features):
        return float("nan")
    return frechet_distance(fit_gaussian(fake_features), reference)


def _root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root; eigenvalues that rounding made negative count as 0."""
    values, vectors = scipy.linalg.eigh(np.asarray(covariance, np.float64))
    return (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
