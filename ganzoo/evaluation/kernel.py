"""Kernel distance: the squared maximum mean discrepancy under a cubic kernel, free of bias at any sample size.

Binkowski et al., "Demystifying MMD GANs", ICLR 2018, https://arxiv.org/abs/1801.01401, section 4 (KID). Being cubic,
the kernel sees the first three moments of the features and no more: on raw coordinates read precision and recall too.
"""

import numpy as np

from ganzoo.evaluation.registry import register_metric

_most_rows = 2000  # of either side that the standard error looks at


def polynomial_kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(x.y / d + 1)^3 for every pair: [n, d] and [m, d] to [n, m]."""
    base = x @ y.T / x.shape[1] + 1.0
    return base * base * base  # three times as fast as a power


def squared_mmd(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased estimate for features [n, d] and [m, d], n, m >= 2; about 0, often below, for equal distributions.

    Gretton et al. 2012, equation 3: the pairs of a sample with itself are left out.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    between = polynomial_kernel(x, y).mean()
    return float(_mean_of_pairs(x) + _mean_of_pairs(y) - 2 * between)


def standard_error(
    real_features: np.ndarray, fake_features: np.ndarray, *, subsets: int = 100, subset_size: int = 1000
) -> float:
    """The standard error of `kernel_distance`: its standard deviation over draws of as many fakes, in [0, inf).

    The reals count as known. With k'(x, y) = k(x, y) - g(x) - g(y), where g(x) is the mean of k(x, r) over the reals r,
    the distance is a U-statistic of the fakes, up to a constant, and its variance is Hoeffding's (1948): with z1 the
    variance of E[k'(x, y) | x] and z2 of k'(x, y), (4 (m - 2) z1 + 2 z2) / (m (m - 1)). So it holds near distance 0,
    too, where z1 vanishes. The mean over subsets is nearer to the distance of all fakes the more subsets there are.

    Args:
        real_features: [n, d]. z1 and z2 are taken from the first 2,000 rows of either.
        fake_features: [m, d].
        subsets, subset_size: as for `kernel_distance`.

    Returns:
        nan if m is below 4.
    """
    count = len(fake_features)
    if count < 4:
        return float("nan")
    reals, fakes = (np.asarray(each[:_most_rows], np.float64) for each in (real_features, fake_features))
    to_reals = polynomial_kernel(fakes, reals).mean(axis=1)
    kernel = polynomial_kernel(fakes, fakes) - to_reals[:, None] - to_reals
    np.fill_diagonal(kernel, 0.0)
    others = len(fakes) - 1
    means = kernel.sum(axis=1) / others
    of_pairs = max(np.square(kernel).sum() / (len(fakes) * others) - means.mean() ** 2, 0.0)
    of_means = max((means.var(ddof=1) - of_pairs / others) / (1 - 2 / others), 0.0)

    def variance(m: int) -> float:
        return (4 * (m - 2) * of_means + 2 * of_pairs) / (m * (m - 1))

    size = min(subset_size, len(real_features), count)
    of_all = variance(count)
    return float(np.sqrt(of_all if size == count else of_all + (variance(size) - of_all) / subsets))


@register_metric("kd", direction="lower", standard_error=standard_error)
def kernel_distance(
    real_features: np.ndarray, fake_features: np.ndarray, *, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> float:
    """The mean of `squared_mmd` over random subsets of both, drawn without replacement; the same for the same seed.

    Args:
        real_features: [n, d].
        fake_features: [m, d].
        subsets: how many; one is enough, and only one is taken, where neither side has more than `subset_size`.
        subset_size: at most; it falls to min(n, m) where there are fewer.

    Returns:
        nan if n or m is 1: there are no pairs.
    """
    size = min(subset_size, len(real_features), len(fake_features))
    if size < 2:
        return float("nan")
    if size == len(real_features) == len(fake_features):
        return squared_mmd(real_features, fake_features)

    rng = np.random.default_rng(seed)

    def subset(samples):
        return samples[rng.choice(len(samples), size, replace=False)]

    return float(np.mean([squared_mmd(subset(real_features), subset(fake_features)) for _ in range(subsets)]))


def _mean_of_pairs(x: np.ndarray) -> float:
    """The mean kernel value over ordered pairs of different rows."""
    kernel = polynomial_kernel(x, x)
    return (kernel.sum() - np.trace(kernel)) / (len(x) * (len(x) - 1))
