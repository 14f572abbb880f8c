"""The one entry point: which metrics suit the data, on how many samples, and what real data scores in them."""

import functools
import math

import numpy as np

from ganzoo.data.names import is_stacked
from ganzoo.evaluation import digits_classifier
from ganzoo.evaluation.features import DigitsFeatures, FeatureExtractor, RandomFeatures, RawFeatures
from ganzoo.evaluation.frechet import enough_for_frechet, fit_gaussian, frechet_distance
from ganzoo.evaluation.inception_score import inception_score
from ganzoo.evaluation.kernel import kernel_distance
from ganzoo.evaluation.mode_coverage import assign_modes, mode_coverage
from ganzoo.evaluation.prdc import NEIGHBOURS, prdc
from ganzoo.evaluation.samples import checked, short, subset
from ganzoo.evaluation.triple_coverage import triple_coverage, triples_in

DIGITS = ("mnist", "mnist_5k")
"""The data sets that the shipped classifier speaks for, where they are left at 28x28x1."""

_most_neighbours = 10_000  # reals, and as many fakes, in the metrics that compare pairs


class Evaluator:
    """Measures samples by what suits the reals, each metric named for its features and its sample count.

    | reals | metrics |
    |---|---|
    | digits | `fd_digits` and `is_digits` of all samples; precision, recall, density, coverage in `digits` features |
    | stacked digits | `modes_digits` and `kl_digits` of all samples; what other pictures have |
    | other pictures | `fd_random`, `kid_random`, precision, recall, density, coverage in `random` features |
    | a Gaussian mixture | `modes`, `high_quality`, `std`, `jsd` of all samples |
    | other points | `kid_raw`, precision, recall, density, coverage in their coordinates |

    `fd_digits` compares with the 10,000 MNIST test images whose moments ganzoo ships (see `digits_classifier`), all
    else with the test part. Metrics without "all" take n = min(10,000, test, train, samples) reals and as many fakes,
    and are named for n. A metric is left out where it would say nothing: a Frechet distance of fewer than two samples
    per feature (its bias is larger than what it measures), neighbours where there are too few, whatever is not finite.
    """

    def __init__(self, train, test):
        """
        Args:
            train: the `ganzoo.data.Reals` that the model learns from; the floor's samples come from them.
            test: other `Reals` of the same data.
        """
        self.train, self.test = train, test
        self.mixture = test.mixture
        self.extractor = _extractor_for(test)
        self._of_channels = _of_channels_for(test)

    def measure(self, samples: np.ndarray) -> dict[str, float]:
        """The metrics of samples, by names such as `fd_digits10k`.

        Args:
            samples: pictures [n, height, width, channels], float32 in [-1, 1] or uint8, or points [n, 2].
        """
        samples = checked(samples, self.test.samples.shape[1:], self.test.name)
        metrics = self._in_features(samples) if self.mixture is None else self._on_modes(samples)
        return {name: float(value) for name, value in metrics.items() if math.isfinite(value)}

    def label_accuracy(self, samples: np.ndarray, labels: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
        """The share of samples that show what their labels say: of all, by its metric's name, and of each class.

        Digits are told by the classifier; a point is of the Gaussian that it is within 4 sigma of. Of other data
        nobody knows, and both are empty.

        Args:
            samples: as for `measure`.
            labels: int [n].
        """
        samples = checked(samples, self.test.samples.shape[1:], self.test.name)
        if isinstance(self.extractor, DigitsFeatures):
            is_right = self.extractor.probabilities(self.extractor.features(samples)).argmax(axis=1) == labels
        elif self.mixture is not None:
            is_right = assign_modes(samples, self.mixture.centers, self.mixture.sigma) == labels
        else:
            return {}, {}
        name = f"label_accuracy_{'' if self.mixture else 'digits'}{short(len(samples))}"
        return {name: float(is_right.mean())}, {
            str(label): float(is_right[labels == label].mean()) for label in np.unique(labels)
        }

    def floor(self, count: int = 10_000) -> dict[str, float]:
        """What reals of the train part score where `count` fakes are measured: no generator need do better.

        Where the train part is smaller it is measured whole, and its metrics are named so. `fd_digits10k` and
        `is_digits10k` need no train part: they were measured on MNIST's own training images when the classifier was
        made. Other counts of digits that the train part does not reach have no floor.
        """
        floor = self.measure(subset(self.train.samples, min(count, len(self.train.samples))))
        if not isinstance(self.extractor, DigitsFeatures):
            return floor

        of_all = ("fd_digits", "is_digits")
        wanted = tuple(f"{name}{short(count)}" for name in of_all)
        stored = {
            name: score["mean"] for name, score in digits_classifier.load().facts["floor"].items() if name in wanted
        }
        measured = {name: value for name, value in floor.items() if name in wanted or not name.startswith(of_all)}
        return measured | stored

    def _on_modes(self, samples: np.ndarray) -> dict[str, float]:
        found = mode_coverage(samples, self.test.samples, self.mixture.centers, self.mixture.sigma)
        return {f"{metric}_{short(len(samples))}": value for metric, value in found._asdict().items()}

    def _in_features(self, samples: np.ndarray) -> dict[str, float]:
        features = self.extractor.features(samples)
        if isinstance(self.extractor, DigitsFeatures):
            return self._against_mnist(features) | self._against_test(features)
        return self._on_triples(samples) | self._against_test(features, distances=True)

    def _on_triples(self, samples: np.ndarray) -> dict[str, float]:
        if self._of_channels is None:
            return {}
        found = triple_coverage(triples_in(samples, self._of_channels.digits))
        return {f"{metric}_digits{short(len(samples))}": value for metric, value in found._asdict().items()}

    def _against_mnist(self, features: np.ndarray) -> dict[str, float]:
        count = short(len(features))
        metrics = {f"is_digits{count}": inception_score(self.extractor.probabilities(features))}
        if enough_for_frechet(features):
            distance = frechet_distance(fit_gaussian(features), digits_classifier.load().reference)
            metrics = {f"fd_digits{count}": distance} | metrics
        return metrics

    def _against_test(self, features: np.ndarray, distances: bool = False) -> dict[str, float]:
        n = min(len(features), len(self._test_features))
        reals, fakes = self._test_features[:n], subset(features, n)
        suffix = f"{self.extractor.name}{short(n)}"
        metrics = {}
        if distances and self.extractor.name != "raw" and enough_for_frechet(fakes):
            metrics[f"fd_{suffix}"] = frechet_distance(fit_gaussian(fakes), fit_gaussian(reals))
        if distances and n > 1:
            metrics[f"kid_{suffix}"] = kernel_distance(reals, fakes)
        if n > NEIGHBOURS:
            metrics |= {f"{metric}_{suffix}": share for metric, share in prdc(reals, fakes)._asdict().items()}
        return metrics

    @functools.cached_property
    def _test_features(self) -> np.ndarray:
        """Of test reals in random order, no more of them than the floor has train reals to set against."""
        n = min(_most_neighbours, len(self.test.samples), len(self.train.samples))
        return self.extractor.features(subset(self.test.samples, n))


def _extractor_for(reals) -> FeatureExtractor:
    shape = reals.samples.shape[1:]
    if len(shape) == 1:
        return RawFeatures()
    if reals.name.partition(":")[0] in DIGITS and shape == digits_classifier.IMAGE_SHAPE:
        return DigitsFeatures()
    return RandomFeatures(shape)


def _of_channels_for(reals) -> DigitsFeatures | None:
    """The classifier of a stack's channels, where they have the size it takes."""
    stacked = is_stacked(reals.name) and reals.samples.shape[1:3] == digits_classifier.IMAGE_SHAPE[:2]
    return DigitsFeatures() if stacked else None
