"""Inception score, with whichever classifier the probabilities come from.

Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016, https://arxiv.org/abs/1606.03498, section 4.
"""

import numpy as np
from scipy.special import rel_entr

from ganzoo.evaluation.registry import register_metric


@register_metric("is", direction="higher")
def inception_score(probabilities: np.ndarray) -> float:
    """exp(E_x KL(p(y|x) || p(y))), in [1, classes]; p(y) is the mean over all samples (one split).

    Args:
        probabilities: p(y|x), [n, classes], rows that sum to 1.
    """
    conditional = np.asarray(probabilities, np.float64)
    marginal = conditional.mean(axis=0)
    return float(np.exp(rel_entr(conditional, marginal).sum(axis=1).mean()))
