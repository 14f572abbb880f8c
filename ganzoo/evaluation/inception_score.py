"""Inception score, with whichever classifier the probabilities come from.

Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016, https://arxiv.org/abs/1606.03498, section 4.
"""

import numpy as np
from scipy.special import rel_entr

from ganzoo.evaluation.registry import register_metric
from ganzoo.evaluation.uncertainty import error_of_mean


def standard_error(probabilities: np.ndarray) -> float:
    """The standard error of `inception_score`: its standard deviation over draws of as many samples, in [0, inf).

    By the delta method. A sample moves the mean of KL(p(y|x) || p(y)) by its own share alone, since what it moves p(y)
    by adds up to 0.

    Args:
        probabilities: as for `inception_score`.
    """
    divergences = _divergences(probabilities)
    return float(np.exp(divergences.mean())) * error_of_mean(divergences)


@register_metric("is", direction="higher", standard_error=standard_error)
def inception_score(probabilities: np.ndarray) -> float:
    """exp(E_x KL(p(y|x) || p(y))), in [1, classes]; p(y) is the mean over all samples (one split).

    Args:
        probabilities: p(y|x), [n, classes], rows that sum to 1.
    """
    return float(np.exp(_divergences(probabilities).mean()))


def _divergences(probabilities: np.ndarray) -> np.ndarray:
    """KL(p(y|x) || p(y)) of each sample, [n]."""
    conditional = np.asarray(probabilities, np.float64)
    return rel_entr(conditional, conditional.mean(axis=0)).sum(axis=1)
