"""The one entry point for translators between domains of pictures: arrays in, metrics named for their counts out.

>>> evaluator = TranslationEvaluator(domains)
>>> labels, targets = domains.test[0].labels, domains.test[1].samples
>>> sorted(evaluator.measure(translated, 1, labels))           # do they look like domain 1, and show what they did?
['kd_random20']
>>> sorted(evaluator.measure(translated, 1, labels, targets))  # and are they the very pictures (paired)?
['kd_random20', 'l1_20', 'psnr_20', 'ssim_20']
>>> sorted(evaluator.floor(1))                                 # what reals of domain 1 score
['kd_random20']
"""

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ganzoo.data import framing
from ganzoo.data.reals import Reals, to_float
from ganzoo.errors import GanzooError
from ganzoo.evaluation.features import FeatureExtractor, RandomFeatures, feature_name
from ganzoo.evaluation.picture_classifier import STEPS, PictureClassifier
from ganzoo.evaluation.registry import METRICS
from ganzoo.evaluation.samples import checked, subset
from ganzoo.evaluation.suites import DISTANCES, PAIRED, Maker, users_metrics
from ganzoo.evaluation.views import View, as_they_are, compared, measured, measured_by_users

_most_compared = 10_000  # reals, and as many fakes


class TranslationEvaluator:
    """Measures translated pictures, float32 in [-1, 1] or uint8, [n, H, W, C] of the domains' test size.

    | question | metrics |
    |---|---|
    | do they look like the target domain | `fd_<features>`, `kd_<features>` to its test pictures |
    | do they still show what they did | `class_survives`, where the domains have labels |
    | which domain do they look like | `domain_accuracy` |
    | are they the very pictures they should be | `l1`, `psnr`, `ssim`, where the domains are paired |
    | do they come back, do those that need no change keep | `cycle_error`, `identity_error` |

    The features are by the extractor that is given. Else they are of a classifier trained on the target domain's
    labelled train pictures, with the domain's name, or the `random` ones. Each classifier is trained once, when it is
    first needed. Distances take n = min(10,000, test, train, samples) reals and as many fakes; all else takes every
    sample.
    """

    def __init__(
        self,
        domains,
        *,
        seed: int = 0,
        classifier_steps: int = STEPS,
        cache: Path | None = None,
        extractor: Maker | None = None,
    ):
        """
        Args:
            domains: `ganzoo.data.parts.Domains`. Train pictures larger than the test ones are resized.
            seed: of the classifiers.
            classifier_steps: that each of them is trained for.
            cache: a folder where they are kept for the next evaluation; None keeps none.
            extractor: of the features that distances are in, by `extractors.load`.
        """
        self.domains = domains
        self._shape = tuple(domains.shape)
        self._training = dict(seed=seed, steps=classifier_steps, cache=cache)
        features = None if extractor is None else extractor(self._shape)
        self._targets = [
            _Target(name, _resized(train, self._shape), test, self._training, features)
            for name, train, test in zip(domains.names, domains.train, domains.test, strict=True)
        ]

    def measure(
        self,
        samples: np.ndarray,
        domain: int,
        labels: np.ndarray | None = None,
        targets: np.ndarray | None = None,
        *,
        row: str = "samples",
    ) -> dict[str, float]:
        """How near the samples are to their targets, how like the pictures of a domain, and how many still show what
        their labels say; users' own metrics behind those of the package.

        Args:
            samples: translated into `domain`.
            domain: its index.
            labels: int [n], what the originals showed; None leaves `class_survives` out, as does a domain without.
            targets: the pictures that the samples should be, in their order; None leaves `l1`, `psnr` and `ssim` out.
            row: whose samples they are, for messages.

        Returns:
            PSNR in decibels; L1 and SSIM on the scale 0 to 1.
        """
        samples = self._checked(samples, domain)
        if labels is not None and len(labels) != len(samples):
            raise GanzooError(f"there are {len(labels)} labels of {len(samples)} samples; give one of each.")
        if targets is not None:
            samples, targets = self._pair(samples, targets)
        return self._targets[domain].measure(samples, labels, targets, row)

    def errors(self, samples: np.ndarray, originals: np.ndarray, name: str) -> dict[str, float]:
        """Mean absolute difference on the scale 0 to 1.

        Args:
            samples: translated there and back, or into the domain they are of.
            originals: in the samples' order.
            name: of the metric, "cycle_error" or "identity_error".
        """
        samples, originals = self._pair(samples, originals)
        return measured([name], View("", len(samples), samples=samples, targets=originals))

    def domain_accuracy(self, samples: np.ndarray, domain: int) -> dict[str, float]:
        """The share of samples that a classifier of domains takes for pictures of the one that was asked for.

        What reals score is `domain_accuracy(domains.test[domain].samples, domain)`.

        Args:
            samples: translated into `domain`.
            domain: its index.
        """
        samples = self._checked(samples, domain)
        shown = functools.partial(self.classifier_of_domains.classes, samples)
        return measured(["domain_accuracy"], View("", len(samples), shown=shown, labels=np.full(len(samples), domain)))

    def floor(self, domain: int, count: int = _most_compared, *, row: str = "floor") -> dict[str, float]:
        """What real pictures score in `measure` where `count` translated ones are measured, or as many as there are.

        Distances and users' own metrics are of train pictures. `class_survives` is of test pictures, the classifier's
        own accuracy.

        Args:
            domain: its index.
            count: of translated pictures, so that the names are theirs.
            row: for messages.
        """
        return self._targets[domain].floor(count, row)

    def classifier(self, domain: int) -> PictureClassifier | None:
        """Of what a domain's pictures show, with its `accuracy` on the test part; None where they have no labels."""
        return self._targets[domain].classifier

    @functools.cached_property
    def classifier_of_domains(self) -> PictureClassifier:
        """Of which domain a picture is from, with its `accuracy` on the test parts."""
        train = _joined([target.train for target in self._targets])
        name = f"domains of {self.domains.name}"
        return PictureClassifier(name, train, _joined(self.domains.test), augment=False, **self._training)

    def _checked(self, samples: np.ndarray, domain: int) -> np.ndarray:
        return checked(samples, self._shape, self.domains.test[domain].samples, self.domains.names[domain])

    def _pair(self, samples: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        samples, others = (checked(pictures, self._shape, others, self.domains.name) for pictures in (samples, others))
        if len(samples) != len(others):
            raise GanzooError(f"{len(samples)} samples cannot be compared with {len(others)} pictures one by one.")
        return samples, others


class _Target:
    """A domain to be translated into, with what its pictures are measured by, made when first needed."""

    def __init__(self, name: str, train: Reals, test: Reals, training: dict, features: FeatureExtractor | None):
        self.name = feature_name(name)
        self._given = features
        self.train, self.test = train, test  # of one size
        self._training = training

    @functools.cached_property
    def classifier(self) -> PictureClassifier | None:
        if self.train.labels is None:
            return None
        return PictureClassifier(self.name, self.train, self.test, **self._training)

    @functools.cached_property
    def extractor(self) -> FeatureExtractor:
        return self._given or self.classifier or RandomFeatures(self.test.shape)

    @functools.cached_property
    def test_features(self) -> np.ndarray:
        """Of test pictures in random order, no more of them than the floor has train pictures to set against."""
        n = min(_most_compared, len(self.test), len(self.train))
        return self.extractor.features(subset(self.test.samples, n))

    def measure(
        self, samples: np.ndarray, labels: np.ndarray | None, targets: np.ndarray | None, row: str
    ) -> dict[str, float]:
        """As `TranslationEvaluator.measure`, of samples that have been checked."""
        targets = None if targets is None else to_float(targets)
        plain = as_they_are(samples, self.test.samples, labels=labels, targets=targets)
        pairs, shown = self._compared(samples), self._shown(samples, labels)
        metrics = measured(PAIRED, plain) | measured(DISTANCES, pairs) | measured(["class_survives"], shown)
        return metrics | measured_by_users(users_metrics(), [plain, pairs, shown], row)

    def floor(self, count: int, row: str) -> dict[str, float]:
        """As `TranslationEvaluator.floor`."""
        reals = subset(self.train.samples, count)
        pairs = self._compared(reals)
        metrics = measured(DISTANCES, pairs)
        if self.test.labels is not None:
            n = min(count, len(self.test))
            shown = self._shown(subset(self.test.samples, n), subset(self.test.labels, n))
            metrics |= measured(["class_survives"], shown)
        own = [name for name in users_metrics() if "targets" not in METRICS[name].takes]
        labels = None if self.train.labels is None else subset(self.train.labels, count)
        views = [as_they_are(reals, self.test.samples, labels=labels), pairs, self._shown(reals, labels)]
        return metrics | measured_by_users(own, views, row)

    def _compared(self, samples: np.ndarray) -> View:
        """As many samples as there are reals, in features."""
        n = min(len(samples), len(self.test_features))
        return compared(
            self.extractor.name,
            n,
            reals=lambda: self.test_features[:n],
            fakes=lambda: self.extractor.features(subset(samples, n)),
        )

    def _shown(self, samples: np.ndarray, labels: np.ndarray | None) -> View:
        """All samples, by what the domain's classifier takes them for."""
        if self.classifier is None:
            return View("", len(samples))
        return View(
            "",
            len(samples),
            samples=lambda: to_float(samples),
            labels=labels,
            shown=lambda: self.classifier.classes(samples),
            reals_shown=lambda: self.classifier.classes(self.test.samples),
            num_classes=self.classifier.num_classes,
            probabilities=lambda: self.classifier.probabilities(samples),
        )


def _resized(reals: Reals, shape: tuple[int, int, int]) -> Reals:
    """Pictures at a size that they have or exceed: whole, as the test pictures are, not a square cut from them."""
    return dataclasses.replace(reals, samples=framing.assemble(reals.samples, shape[0], shape[2]))


def _joined(domains: Sequence[Reals]) -> Reals:
    """Several `Reals` as one whose labels are their indices."""
    return dataclasses.replace(
        domains[0],
        samples=np.concatenate([reals.samples for reals in domains]),
        labels=np.repeat(np.arange(len(domains)), [len(reals) for reals in domains]),
    )
