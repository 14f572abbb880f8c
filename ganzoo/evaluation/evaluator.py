"""The one entry point for models that sample: metrics that suit the data, and what real data scores in them."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ganzoo.data.reals import to_float
from ganzoo.data.storage import StoredPictures
from ganzoo.errors import GanzooError
from ganzoo.evaluation.copies import Copies, Training, find_copies, is_copying_pixels
from ganzoo.evaluation.features import eight_bits
from ganzoo.evaluation.picture_classifier import STEPS
from ganzoo.evaluation.pixels import coarse, relative_distances
from ganzoo.evaluation.prdc import NEIGHBOURS
from ganzoo.evaluation.registry import METRICS
from ganzoo.evaluation.samples import checked, order, short, subset
from ganzoo.evaluation.suites import Maker, suite_for, users_metrics
from ganzoo.evaluation.views import View, as_they_are, compared, measured, measured_by_users, standard_errors

_most_neighbours = 10_000  # reals, and as many fakes, in the metrics that compare pairs
_most_searched = 20_000  # train reals among which the nearest is looked for
_least_searched = 1_000  # samples for which it is, if there are so many
_SHOWN = 3  # nearest training pictures
_FEWEST = 2  # reals of each part, without which there is no distance


class _Features:
    """Features of samples, computed when they are first asked for and no more of them than are asked for; likewise what
    the samples show.

    Args:
        samples: [n, ...].
        compute: samples to features.
    """

    def __init__(self, samples: np.ndarray, compute: Callable[[np.ndarray], np.ndarray]):
        self.samples, self._compute = samples, compute
        self._all: np.ndarray | None = None
        self._some: np.ndarray | None = None
        self._shown: np.ndarray | None = None

    def of_all(self) -> np.ndarray:
        """Float32 [n, d], in the samples' order."""
        if self._all is None:
            self._all = self._compute(self.samples)
        return self._all

    def shown(self, classes: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """What the samples show, int [n], by a recogniser's `classes`, always of the same one."""
        if self._shown is None:
            self._shown = classes(self.samples)
        return self._shown

    def of_some(self, count: int) -> np.ndarray:
        """Float32 [min(count, n), d], of `subset(samples, count)`."""
        count = min(count, len(self.samples))
        if self._all is not None:
            return subset(self._all, count)
        there = 0 if self._some is None else len(self._some)
        if there < count:
            more = self._compute(self.samples[order(len(self.samples))[there:count]])
            self._some = more if self._some is None else np.concatenate([self._some, more])
        return self._some[:count]


class Evaluator:
    """Measures samples by what suits the reals, each metric named for its features and its sample count.

    | reals | metrics |
    |---|---|
    | digits | `fd_digits` and `is_digits` of all samples; precision, recall, density, coverage in `digits` features |
    | stacked digits | `modes_digits` and `kl_digits` of all samples; `fd_random`, `kd_random` |
    | other labelled pictures | `fd`, `kd`, precision, recall, density, coverage in features of a classifier of them |
    | other pictures | `fd_random`, `kd_random`, to compare runs of the same data, and not to be quoted |
    | any pictures, with an extractor | `fd`, `kd`, precision, recall, density, coverage in its features |
    | a Gaussian mixture | `modes`, `high_quality`, `std`, `jsd` of all samples |
    | other points | `kd_raw`, precision, recall, density, coverage in their coordinates |

    `fd_digits` compares with the 10,000 MNIST test images whose moments ganzoo ships (see `digits_classifier`), all
    else with the test part. Metrics without "all" take n = min(10,000, test, train, samples) reals and as many fakes,
    and are named for n. A metric is left out where it would say nothing: a Frechet distance of fewer than two samples
    per feature (its bias is larger than what it measures), neighbours where there are too few, whatever is not finite.
    A line on standard error then says how many pictures there are and how many it needs.
    """

    def __init__(
        self,
        train,
        test,
        *,
        extractor: Maker | None = None,
        cache: Path | None = None,
        classifier_steps: int = STEPS,
    ):
        """
        Args:
            train: the `ganzoo.data.Reals` that the model learns from; the floor's samples come from them.
            test: other `Reals` of the same data.
            extractor: of pictures' features, by `extractors.load`; None takes what suits the data.
            cache: a folder where classifiers and the reals' features are kept for the next evaluation; None keeps none.
            classifier_steps: that a classifier of labelled pictures is trained for.

        Raises:
            GanzooError: for an extractor of points, and for reals that are too few to be compared with at all.
        """
        self.train, self.test = train, test
        if extractor is not None:
            self._check(extractor)
        self.suite = suite_for(train, test, extractor, cache=cache, steps=classifier_steps)
        self._cache = cache
        self._seen: _Features | None = None  # of the last samples
        self._warned = False

    def measure(
        self, samples: np.ndarray, labels: np.ndarray | None = None, *, row: str = "samples"
    ) -> dict[str, float]:
        """The metrics of samples, by names such as `fd_digits10k`, users' own metrics behind those of the package.

        Args:
            samples: pictures [n, height, width, channels], float32 in [-1, 1] or uint8, or points [n, 2].
            labels: int [n], what they should show, for users' own metrics that take them.
            row: whose samples they are, for messages.
        """
        return self._measured(samples, labels, row, self._features_of(samples))

    def _measured(self, samples: np.ndarray, labels: np.ndarray | None, row: str, features: "_Features") -> dict:
        """As `measure`, with the features that are there already."""
        samples = checked(samples, self.test.samples.shape[1:], self.test.samples, self.test.name)
        of_all = self._of_all(samples, labels, features)
        pairs = self._compared(samples, features)
        self._warn_of_few(min(len(samples), self._most_compared))
        metrics = measured(self.suite.of_all, of_all) | measured(self.suite.compared, pairs)
        views = [as_they_are(samples, self.test.samples, labels=labels), pairs, of_all]
        return metrics | measured_by_users(users_metrics(), views, row)

    def standard_errors(self, samples: np.ndarray, labels: np.ndarray | None = None) -> dict[str, float]:
        """The standard errors of the metrics of `measure` that have one, by the metrics' names; with labels also of
        `label_accuracy`.

        They are the errors of the samples' draw alone: the reals are the same for all samplers.

        Args:
            samples: as for `measure`; those that were measured last cost nothing but the errors.
            labels: int [n], as for `label_accuracy`.
        """
        features = self._features_of(samples)
        of_all, pairs = self._of_all(samples, labels, features), self._compared(samples, features)
        of_each = (*self.suite.of_all, *self.suite.of_labels)
        return standard_errors(of_each, of_all) | standard_errors(self.suite.compared, pairs)

    def distance(self, samples: np.ndarray) -> tuple[str, float]:
        """One metric of samples, `Suite.distance`, by its name and with its value; lower is better.

        A training is watched by it. Digits are therefore compared with the reals of this evaluator, and not with the
        shipped moments of the test images. Pictures too few for a Frechet distance have `kd` instead.

        Args:
            samples: as for `measure`, at least two.
        """
        features = self._features_of(samples)
        samples = checked(samples, self.test.samples.shape[1:], self.test.samples, self.test.name)
        view, metric = self._of_all(samples, None, features), self.suite.distance
        if "fake_features" in METRICS[metric].takes:
            reals, fakes = lambda: self._test_features, functools.partial(view.__getitem__, "fake_features")
            view = compared(self.suite.extractor.name, len(samples), reals=reals, fakes=fakes)
        return next(iter((measured([metric], view) or measured(["kd"], view)).items()))

    def label_accuracy(self, samples: np.ndarray, labels: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
        """The share of samples that show what their labels say: of all, by its metric's name, and of each class.

        Digits are told by the classifier; a point is of the Gaussian that it is within 4 sigma of. Of other data
        nobody knows, and both are empty.

        Args:
            samples: as for `measure`.
            labels: int [n].
        """
        features = self._features_of(samples)
        samples = checked(samples, self.test.samples.shape[1:], self.test.samples, self.test.name)
        view = self._of_all(samples, labels, features)
        found = measured(self.suite.of_labels, view)
        if not found:
            return {}, {}
        accuracy = METRICS["label_accuracy"].function
        named = self.test.class_names or {}
        of_class = {
            str(named[label] if named else label): accuracy(view["shown"][labels == label], label)
            for label in np.unique(labels)
        }
        return found, of_class

    def copies(self, samples: np.ndarray) -> tuple[Copies, np.ndarray] | None:
        """Whether samples are copies of training pictures, in the features of `measure` and in pixels.

        Looked at are as many samples as `measure` compares, at least 1,000 if there are so many, beside as many test
        pictures as it compares, and at most 20,000 training pictures.

        Args:
            samples: as for `measure`; those that were measured last cost nothing but the search.

        Returns:
            The figures and, for `nearest.png`, rows int [n, 4] sorted by the distance to the training pictures: the
            sample's number, and the numbers of its three nearest training pictures (-1 where there are fewer). They are
            the nearest in features, or in pixels where the test in pixels finds copies. None for points, of which there
            is no end, and for fewer than two pictures.
        """
        if self.test.samples.ndim != 4 or self._most_compared < _FEWEST:
            return None
        count = max(min(len(samples), self._most_compared), min(len(samples), _least_searched))
        features = self._features_of(samples).of_some(count)
        numbers, trained = order(len(samples))[:count], self._searched_rows
        distances, nearest = near = self._training.nearest(features, _SHOWN)
        relative, nearest_in_pixels = relative_distances(self._coarse, samples[numbers])
        in_pixels, searched = (self._test_relative, relative), (self._test_nearest, near)
        found = find_copies(self._training, self._test_features, features, in_pixels, searched)
        same = np.flatnonzero(distances[:, 0] <= 1e-3 * (1e-9 + np.linalg.norm(features, axis=1)))
        pairs = zip(samples[numbers[same]], self.train.samples[trained[nearest[same, 0]]], strict=True)
        found = found._replace(
            identical=sum(np.array_equal(eight_bits(sample), eight_bits(real)) for sample, real in pairs)
        )
        by = (relative, nearest_in_pixels) if is_copying_pixels(found) else (distances[:, 0], nearest)
        rows = np.full((count, 1 + _SHOWN), -1)
        shown = trained[by[1][:, :_SHOWN]]
        rows[:, 0], rows[:, 1 : 1 + shown.shape[1]] = numbers, shown
        return found, rows[np.argsort(by[0], kind="stable")]

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
        features = _Features(samples, self._of_reals)
        if "_training" in self.__dict__ and len(samples) <= len(self._training.features):
            features = _Features(samples, lambda _: self._training.features[: len(samples)])  # of the same order
        floor = self._measured(samples, labels, "floor", features)
        if not self.suite.floor:
            return floor

        of_all = [f"{metric}_{self.suite.recogniser.name}" for metric in self.suite.of_all]
        wanted, others = ([f"{name}{short(n)}" for name in of_all] for n in (count, len(samples)))
        stored = {name: value for name, value in self.suite.floor.items() if name in wanted}
        return {name: value for name, value in floor.items() if name in wanted or name not in others} | stored

    def _of_all(self, samples: np.ndarray, labels: np.ndarray | None, features: "_Features") -> View:
        """All samples, by what they show."""
        suite = self.suite
        ingredients = dict(
            samples=lambda: to_float(samples), labels=labels, fake_features=features.of_all, reference=suite.reference
        )
        if suite.recogniser is None:
            return View(suite.extractor.name, len(samples), **ingredients)
        if suite.probabilities is not None:
            ingredients["probabilities"] = lambda: suite.probabilities(features.of_all())
        return View(
            suite.recogniser.name,
            len(samples),
            shown=lambda: features.shown(suite.recogniser.classes),
            reals_shown=lambda: self._test_shown,
            num_classes=suite.recogniser.num_classes,
            **ingredients,
        )

    def _compared(self, samples: np.ndarray, features: "_Features") -> View:
        """As many samples as there are reals, in features."""
        count = min(len(samples), self._most_compared)
        return compared(
            self.suite.extractor.name,
            count,
            reals=lambda: self._test_features[:count],
            fakes=lambda: features.of_some(count),
        )

    def _features_of(self, samples: np.ndarray) -> "_Features":
        """Those of the last samples are kept, since several questions are asked of the same samples."""
        if self._seen is None or self._seen.samples is not samples:
            self._seen = _Features(samples, self.suite.extractor.features)
        return self._seen

    def _of_reals(self, samples: np.ndarray | StoredPictures) -> np.ndarray:
        """Features of reals, from the cache where the extractor keeps them."""
        extractor = self.suite.extractor
        return extractor.kept(samples, self._cache) if hasattr(extractor, "kept") else extractor.features(samples)

    def _check(self, extractor: Maker) -> None:
        if self.test.samples.ndim != 4:
            raise GanzooError(f"--feature_extractor is for pictures, and '{self.test.name}' has points: leave it out.")
        if self._most_compared < _FEWEST:
            raise GanzooError(
                f"'{self.test.name}' has {len(self.train.samples)} pictures to train on and {len(self.test.samples)} "
                f"to measure against; a distance in features needs {_FEWEST} of each. Give more pictures."
            )

    def _warn_of_few(self, count: int) -> None:
        """One line on metrics that are left out because there are too few pictures."""
        if self._warned or not self.suite.compared or self.test.samples.ndim != 4:
            return
        needed = {}
        if "fd" in self.suite.compared and count < (least := 2 * self._test_features.shape[1]):
            needed["the Frechet distance"] = least
        if "precision" in self.suite.compared and count <= NEIGHBOURS:
            needed["precision, recall, density and coverage"] = NEIGHBOURS + 1
        if needed:
            self._warned = True
            of = " and ".join(f"{least:,} for {what}" for what, least in needed.items())
            print(
                f"ganzoo: {count} samples are compared with as many of the {len(self.test.samples)} test pictures. In "
                f"{self._test_features.shape[1]} features it takes {of}, left out here.",
                file=sys.stderr,
            )

    @property
    def _most_compared(self) -> int:
        """No more test reals than the floor has train reals to set against."""
        return min(_most_neighbours, len(self.test.samples), len(self.train.samples))

    @functools.cached_property
    def _test_features(self) -> np.ndarray:
        """Of test reals in random order."""
        return self._of_reals(subset(self.test.samples, self._most_compared))

    @functools.cached_property
    def _training(self) -> Training:
        """Of the searched train reals."""
        return Training(self._of_reals(self._searched))

    @functools.cached_property
    def _coarse(self) -> Training:
        """Likewise, in pixels."""
        return Training(coarse(self._searched))

    @property
    def _searched(self) -> np.ndarray | StoredPictures:
        """Train reals in random order."""
        stored = isinstance(self.train.samples, StoredPictures)
        return self.train.samples.select(self._searched_rows) if stored else self.train.samples[self._searched_rows]

    @functools.cached_property
    def _searched_rows(self) -> np.ndarray:
        return order(len(self.train.samples))[:_most_searched]

    @functools.cached_property
    def _test_nearest(self) -> tuple[np.ndarray, np.ndarray]:
        """The train reals nearest to the compared test reals."""
        return self._training.nearest(self._test_features)

    @functools.cached_property
    def _test_relative(self) -> np.ndarray:
        """How the compared test reals stand to the train reals in pixels."""
        return relative_distances(self._coarse, subset(self.test.samples, self._most_compared))[0]

    @functools.cached_property
    def _test_shown(self) -> np.ndarray:
        """What all test reals show, in their order."""
        return self.suite.recogniser.classes(self.test.samples)
