"""One number for a generator in training: how far its samples are from reals held out from training. Lower is better.

The reals are the ratio part, never the test part. Which checkpoint is exported is a choice, and reals that a choice was
made by can no longer measure its result.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ganzoo.data.reals import Reals
from ganzoo.evaluation.frechet import enough_for_frechet
from ganzoo.evaluation.samples import checked, short, subset
from ganzoo.evaluation.suites import suite_for
from ganzoo.evaluation.views import View, compared, measured

MOST_REALS = 10_000


class Validation(NamedTuple):
    """What a training is watched by.

    Attributes:
        metric: the number's name, such as `fd_digits2k`. It ends in the number of samples.
        measure: samples [n, ...] -> the number; nan if the samples are too few for it.
    """

    metric: str
    measure: Callable[[np.ndarray], float]


def distance_to(reals: Reals, count: int) -> Validation:
    """The distance of `count` samples from held-out reals.

    | reals | metric |
    |---|---|
    | a Gaussian mixture | `jsd` |
    | other points | `kid_raw` |
    | stacked digits | `kl_digits`; the reals do not count |
    | digits | `fd_digits`, to these reals and not to the reference of `metrics.json` |
    | other pictures | `fd_random` |

    A Frechet distance needs two samples, and two reals, for each of its features; with fewer there is `kid` instead.

    Args:
        reals: held out from training.
        count: the number of samples of a measurement.
    """
    suite = suite_for(reals)
    if reals.mixture is not None or "kl" in suite.of_all:
        metric = "jsd" if reals.mixture is not None else "kl"
        label, view = suite.recogniser.name, lambda samples: _by_classes(suite.recogniser, samples, reals)
    else:
        held_out = suite.extractor.features(subset(reals.samples, min(MOST_REALS, len(reals))))
        is_frechet = len(reals.shape) > 1 and enough_for_frechet(held_out) and count >= 2 * held_out.shape[1]
        metric, label = "fd" if is_frechet else "kid", suite.extractor.name

        def view(samples):
            fakes = suite.extractor.features(samples)
            return compared(label, len(samples), reals=lambda: held_out, fakes=lambda: fakes)

    def measure(samples):
        values = measured([metric], view(checked(samples, reals.shape, reals.name))).values()
        return next(iter(values), float("nan"))

    return Validation(f"{metric}_{label}{short(count)}", measure)


def _by_classes(recogniser, samples: np.ndarray, reals: Reals) -> View:
    return View(
        recogniser.name,
        len(samples),
        shown=lambda: recogniser.classes(samples),
        reals_shown=lambda: recogniser.classes(reals.samples),
        num_classes=recogniser.num_classes,
    )
