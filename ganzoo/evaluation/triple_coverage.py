"""How many of the 1,000 triples of digits there are in stacked pictures, and how evenly.

The protocol of Lin et al., "PacGAN: The power of two samples in generative adversarial networks", NeurIPS 2018,
https://arxiv.org/abs/1712.04086: a classifier names the digit in each channel of 26,000 samples.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import entr

from ganzoo.evaluation.mode_coverage import modes
from ganzoo.evaluation.registry import register_metric

MODES = 1000


class TripleCoverage(NamedTuple):
    """What the protocol reports. Exact samples: 1,000 modes and a divergence of about 999 / 2n, .0193 at 26,000."""

    modes: int  # triples that occur, in 0..1000
    kl: float  # reverse KL divergence to the even distribution: sum q log(1000 q), in [0, log 1000] (natural log)


def triple_coverage(triples: np.ndarray) -> TripleCoverage:
    """Modes and reverse KL divergence of triples, int [n] in 0..999."""
    return TripleCoverage(modes(triples, MODES), kl(triples, MODES))


@register_metric("kl", direction="lower")
def kl(shown: np.ndarray, num_classes: int) -> float:
    """The reverse KL divergence to the even distribution over `num_classes` classes, by the class of each sample, int
    [n]; in [0, log `num_classes`], natural log."""
    histogram = np.bincount(shown, minlength=num_classes)
    divergence = np.log(num_classes) - entr(histogram / len(shown)).sum()
    return max(float(divergence), 0.0)


def triples_in(samples: np.ndarray, classify: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """100 red + 10 green + blue, int [n], of pictures [n, height, width, 3].

    Args:
        samples: uint8, or float32 in [-1, 1].
        classify: pictures [n, height, width, 1] to digits int [n].
    """
    red, green, blue = (classify(samples[..., channel : channel + 1]) for channel in range(3))
    return 100 * red + 10 * green + blue
