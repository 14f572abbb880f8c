"""Which metrics suit which data, and what the metrics look at the data with.

Whoever registers a metric of their own takes `register_metric` from here: the package's metrics then have their names.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import numpy as np

from ganzoo.data.names import is_stacked
from ganzoo.data.reals import Mixture, Reals
from ganzoo.evaluation import (
    accuracy,
    digits_classifier,
    frechet,
    inception_score,
    kernel,
    mode_coverage,
    paired,
    prdc,
    triple_coverage,
)
from ganzoo.evaluation.features import DigitsFeatures, FeatureExtractor, RandomFeatures, RawFeatures, feature_name
from ganzoo.evaluation.picture_classifier import PictureClassifier
from ganzoo.evaluation.registry import METRICS
from ganzoo.evaluation.registry import register_metric as register_metric

DIGITS = ("mnist", "mnist_5k")
"""The data sets that the shipped classifier speaks for, where they are left at 28x28x1."""

MODULES = (accuracy, frechet, inception_score, kernel, mode_coverage, paired, prdc, triple_coverage)
"""The files of the package's metrics. Importing one registers what it holds."""

PACKAGE = frozenset(METRICS)
DISTANCES = ("fd", "kd")
NEIGHBOURS = prdc.PRDC._fields
LABELS = ("label_accuracy",)
PAIRED = ("l1", "psnr", "ssim")


class Recogniser(Protocol):
    """What knows what a sample shows, as a number from 0 on, or `num_classes` for none of the things there are."""

    name: str
    num_classes: int

    def classes(self, samples: np.ndarray) -> np.ndarray: ...


class Suite(NamedTuple):
    """What samples of a kind of data are measured by.

    Attributes:
        of_all: metrics of all samples, by what they show or, with a `reference`, by their features.
        compared: metrics of n samples and as many reals of the test part, in features.
        distance: the metric that a training is watched by; lower is better.
        extractor: of the features.
        recogniser: what samples show; None where nobody knows.
        of_labels: metrics of samples that were asked for by their labels.
        probabilities: features float32 [n, d] to p(class | sample), float64 [n, num_classes]; None without a
            classifier.
        reference: moments of the features that `fd` of all samples is a distance to; None compares with the test part.
        floor: of metrics of all samples by their names with counts, what reals score in them, where that was measured
            once for all.
    """

    of_all: tuple[str, ...]
    compared: tuple[str, ...]
    distance: str
    extractor: FeatureExtractor
    recogniser: Recogniser | None = None
    of_labels: tuple[str, ...] = ()
    probabilities: Callable[[np.ndarray], np.ndarray] | None = None
    reference: frechet.Gaussian | None = None
    floor: Mapping[str, float] = {}


class Modes:
    """A mixture's modes: a point shows the one that it is within 4 sigma of."""

    name = ""

    def __init__(self, mixture: Mixture):
        self._mixture, self.num_classes = mixture, len(mixture.centers)

    def classes(self, samples: np.ndarray) -> np.ndarray:
        """Points [n, d] to int [n]."""
        return mode_coverage.assign_modes(samples, self._mixture.centers, self._mixture.sigma)


class Triples:
    """Stacked digits: a picture shows the number that its three channels make."""

    name, num_classes = "digits", triple_coverage.MODES

    def __init__(self, digits: DigitsFeatures):
        self._digits = digits

    def classes(self, samples: np.ndarray) -> np.ndarray:
        """Pictures [n, 28, 28, 3] to int [n]."""
        return triple_coverage.triples_in(samples, self._digits.classes)


Maker = Callable[[tuple[int, int, int]], FeatureExtractor]


def suite_for(train: Reals, test: Reals, extractor: Maker | None = None, **training) -> Suite:
    """The suite of a data set that a model samples from.

    Pictures are looked at by the extractor that is given, else by a classifier: of digits the shipped one, of other
    labelled pictures one that is trained on the train part. Without either there are random features, in which blobs
    look as good as reals: pictures then have distances alone.

    Args:
        train: what a classifier is trained on.
        test: other reals of the same data; name, shape and mixture count.
        extractor: makes one for pictures of a shape (height, width, channels); `extractors.load`.
        **training: of a classifier: `steps`, `cache`.
    """
    shape = test.samples.shape[1:]
    if test.mixture is not None:
        return Suite(("modes", "high_quality", "std", "jsd"), (), "jsd", RawFeatures(), Modes(test.mixture), LABELS)
    if len(shape) == 1:
        return Suite((), ("kd", *NEIGHBOURS), "kd", RawFeatures())
    compared = (*DISTANCES, *NEIGHBOURS)
    is_stack = is_stacked(test.name) and shape[:2] == digits_classifier.IMAGE_SHAPE[:2]
    is_digits = test.name.partition(":")[0] in DIGITS and shape == digits_classifier.IMAGE_SHAPE
    if extractor is not None:
        features = extractor(shape)
        if is_stack:
            return Suite(("modes", "kl"), compared, "kl", features, Triples(DigitsFeatures()))
        return Suite((), compared, "fd", features, DigitsFeatures() if is_digits else None, LABELS)
    if is_digits:
        digits, asset = DigitsFeatures(), digits_classifier.load()
        floor = {name: score["mean"] for name, score in asset.facts["floor"].items()}
        return Suite(
            ("fd", "is"), NEIGHBOURS, "fd", digits, digits, LABELS, digits.probabilities, asset.reference, floor
        )
    if is_stack:
        return Suite(("modes", "kl"), DISTANCES, "kl", RandomFeatures(shape), Triples(DigitsFeatures()))
    if is_labelled(train):
        classifier = PictureClassifier(feature_name(train.name), train, test, **training)
        return Suite((), compared, "fd", classifier, classifier, LABELS)
    return Suite((), DISTANCES, "fd", RandomFeatures(shape))


def is_labelled(train: Reals) -> bool:
    """Whether a classifier can be trained: there are labels from 0 on, of at least two classes."""
    return train.labels is not None and train.labels.min() >= 0 and train.labels.max() > train.labels.min()


def direction(metric: str) -> str | None:
    """Whether "lower" or "higher" is better, by a metric's name in `metrics.json` such as `fd_digits10k`; None where
    neither is, or nobody knows. The longest registered name that it begins with counts."""
    names = [name for name in METRICS if metric == name or metric.startswith(f"{name}_")]
    return METRICS[max(names, key=len)].direction if names else None


def users_metrics() -> list[str]:
    """The names of the metrics that users' own files have registered, which suit all data."""
    return [name for name in METRICS if name not in PACKAGE]
