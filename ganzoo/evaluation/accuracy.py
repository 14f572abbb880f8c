"""Do samples show what they should: shares of samples, told by a classifier or by the modes that points are in."""

import numpy as np

from ganzoo.evaluation.registry import register_metric
from ganzoo.evaluation.uncertainty import error_of_mean


def standard_error(shown: np.ndarray, labels: np.ndarray) -> float:
    """The standard error of `accuracy`: its standard deviation over draws of as many samples, in [0, .5]."""
    return error_of_mean(shown == labels)


@register_metric("label_accuracy", direction="higher", standard_error=standard_error)
@register_metric("class_survives", direction="higher")
@register_metric("domain_accuracy", direction="higher")
def accuracy(shown: np.ndarray, labels: np.ndarray) -> float:
    """The share of samples that show what they should, in [0, 1].

    The same under three names: `label_accuracy` is of samples that a conditional model was asked for, `class_survives`
    of translated pictures and what their originals showed, `domain_accuracy` of translated pictures and the domain that
    was asked for.

    Args:
        shown: int [n], what each shows.
        labels: int [n], what it should.
    """
    return float((shown == labels).mean())
