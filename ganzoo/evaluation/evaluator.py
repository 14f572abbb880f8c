"""The one entry point for models that sample: metrics that suit the data, and what real data scores in them."""

import functools

import numpy as np

from ganzoo.data.reals import to_float
from ganzoo.evaluation.registry import METRICS
from ganzoo.evaluation.samples import checked, short, subset
from ganzoo.evaluation.suites import suite_for, users_metrics
from ganzoo.evaluation.views import View, as_they_are, compared, measured, measured_by_users

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
        self.suite = suite_for(test)

    def measure(
        self, samples: np.ndarray, labels: np.ndarray | None = None, *, row: str = "samples"
    ) -> dict[str, float]:
        """The metrics of samples, by names such as `fd_digits10k`, users' own metrics behind those of the package.

        Args:
            samples: pictures [n, height, width, channels], float32 in [-1, 1] or uint8, or points [n, 2].
            labels: int [n], what they should show, for users' own metrics that take them.
            row: whose samples they are, for messages.
        """
        samples = checked(samples, self.test.samples.shape[1:], self.test.name)
        of_all = self._of_all(samples, labels)
        pairs = self._compared(samples, of_all)
        metrics = measured(self.suite.of_all, of_all) | measured(self.suite.compared, pairs)
        views = [as_they_are(samples, self.test.samples, labels=labels), pairs, of_all]
        return metrics | measured_by_users(users_metrics(), views, row)

    def distance(self, samples: np.ndarray) -> tuple[str, float]:
        """One metric of samples, `Suite.distance`, by its name and with its value; lower is better.

        A training is watched by it. Digits are therefore compared with the reals of this evaluator, and not with the
        shipped moments of the test images. Pictures too few for a Frechet distance have `kid` instead.

        Args:
            samples: as for `measure`, at least two.
        """
        samples = checked(samples, self.test.samples.shape[1:], self.test.name)
        view, metric = self._of_all(samples), self.suite.distance
        if "fake_features" in METRICS[metric].takes:
            reals, fakes = lambda: self._test_features, functools.partial(view.__getitem__, "fake_features")
            view = compared(self.suite.extractor.name, len(samples), reals=reals, fakes=fakes)
        return next(iter((measured([metric], view) or measured(["kid"], view)).items()))

    def label_accuracy(self, samples: np.ndarray, labels: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
        """The share of samples that show what their labels say: of all, by its metric's name, and of each class.

        Digits are told by the classifier; a point is of the Gaussian that it is within 4 sigma of. Of other data
        nobody knows, and both are empty.

        Args:
            samples: as for `measure`.
            labels: int [n].
        """
        samples = checked(samples, self.test.samples.shape[1:], self.test.name)
        view = self._of_all(samples, labels)
        found = measured(self.suite.of_labels, view)
        if not found:
            return {}, {}
        accuracy = METRICS["label_accuracy"].function
        of_class = {str(label): accuracy(view["shown"][labels == label], label) for label in np.unique(labels)}
        return found, of_class

    def floor(self, count: int = 10_000, *, labelled: bool = False) -> dict[str, float]:
        """What reals of the train part score where `count` fakes are measured: no generator need do better.

        Where the train part is smaller it is measured whole, and its metrics are named so. `fd_digits10k` and
        `is_digits10k` need no train part: they were measured on MNIST's own training images when the classifier was
        made. Other counts of digits that the train part does not reach have no floor.

        Args:
            count: of fakes.
            labelled: whether users' own metrics are handed the reals' labels, as with samples of a conditional model.
        """
        samples = subset(self.train.samples, count)
        labels = subset(self.train.labels, count) if labelled else None
        floor = self.measure(samples, labels, row="floor")
        if not self.suite.floor:
            return floor

        of_all = [f"{metric}_{self.suite.recogniser.name}" for metric in self.suite.of_all]
        wanted, others = ([f"{name}{short(n)}" for name in of_all] for n in (count, len(samples)))
        stored = {name: value for name, value in self.suite.floor.items() if name in wanted}
        return {name: value for name, value in floor.items() if name in wanted or name not in others} | stored

    def _of_all(self, samples: np.ndarray, labels: np.ndarray | None = None) -> View:
        """All samples, by what they show."""
        suite = self.suite
        features = functools.cache(lambda: suite.extractor.features(samples))
        ingredients = dict(
            samples=lambda: to_float(samples), labels=labels, fake_features=features, reference=suite.reference
        )
        if suite.recogniser is None:
            return View(suite.extractor.name, len(samples), **ingredients)
        if suite.probabilities is not None:
            ingredients["probabilities"] = lambda: suite.probabilities(features())
        return View(
            suite.recogniser.name,
            len(samples),
            shown=lambda: suite.recogniser.classes(samples),
            reals_shown=lambda: self._test_shown,
            num_classes=suite.recogniser.num_classes,
            **ingredients,
        )

    def _compared(self, samples: np.ndarray, of_all: View) -> View:
        """As many samples as there are reals, in features."""
        count = min(len(samples), self._most_compared)
        return compared(
            self.suite.extractor.name,
            count,
            reals=lambda: self._test_features[:count],
            fakes=lambda: subset(of_all["fake_features"], count),
        )

    @property
    def _most_compared(self) -> int:
        """No more test reals than the floor has train reals to set against."""
        return min(_most_neighbours, len(self.test.samples), len(self.train.samples))

    @functools.cached_property
    def _test_features(self) -> np.ndarray:
        """Of test reals in random order."""
        return self.suite.extractor.features(subset(self.test.samples, self._most_compared))

    @functools.cached_property
    def _test_shown(self) -> np.ndarray:
        """What all test reals show, in their order."""
        return self.suite.recogniser.classes(self.test.samples)
