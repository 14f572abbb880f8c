"""The one entry point for translators between domains of pictures: arrays in, metrics named for their counts out.

>>> evaluator = TranslationEvaluator(domains)
>>> evaluator.to_target(translated, domain=1, labels=domains.test[0].labels)   # do they look like domain 1?
>>> evaluator.against(translated, domains.test[1].samples)                     # are they the very pictures (paired)
>>> evaluator.floor(1)                                                         # what reals of domain 1 score
"""

import dataclasses
import functools
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ganzoo.data import framing
from ganzoo.data.reals import Reals
from ganzoo.errors import GanzooError
from ganzoo.evaluation import paired
from ganzoo.evaluation.features import FeatureExtractor, RandomFeatures
from ganzoo.evaluation.frechet import enough_for_frechet, fit_gaussian, frechet_distance
from ganzoo.evaluation.kernel import kernel_distance
from ganzoo.evaluation.picture_classifier import STEPS, PictureClassifier
from ganzoo.evaluation.samples import checked, short, subset

_most_compared = 10_000  # reals, and as many fakes


class TranslationEvaluator:
    """Measures translated pictures, float32 in [-1, 1] or uint8, [n, H, W, C] of the domains' test size.

    | question | metrics |
    |---|---|
    | do they look like the target domain | `fd_<features>`, `kid_<features>` to its test pictures |
    | do they still show what they did | `class_survives`, where the domains have labels |
    | which domain do they look like | `domain_accuracy` |
    | are they the very pictures they should be | `l1`, `psnr`, `ssim`, where the domains are paired |
    | do they come back, do those that need no change keep | `cycle_error`, `identity_error` |

    The features are those of a classifier trained on the target domain's labelled train pictures, with the domain's
    name, or else the `random` ones. Each classifier is trained once, when it is first needed. Distances take
    n = min(10,000, test, train, samples) reals and as many fakes; all else takes every sample.
    """

    def __init__(self, domains, *, seed: int = 0, classifier_steps: int = STEPS, cache: Path | None = None):
        """
        Args:
            domains: `ganzoo.data.parts.Domains`. Train pictures larger than the test ones are resized.
            seed: of the classifiers.
            classifier_steps: that each of them is trained for.
            cache: a folder where they are kept for the next evaluation; None keeps none.
        """
        self.domains = domains
        self._shape = tuple(domains.shape)
        self._training = dict(seed=seed, steps=classifier_steps, cache=cache)
        self._targets = [
            _Target(name, _resized(train, self._shape), test, self._training)
            for name, train, test in zip(domains.names, domains.train, domains.test, strict=True)
        ]

    def to_target(self, samples: np.ndarray, domain: int, labels: np.ndarray | None = None) -> dict[str, float]:
        """How like the pictures of a domain the samples are, and how many still show what their labels say.

        Args:
            samples: translated into `domain`.
            domain: its index.
            labels: int [n], what the originals showed; None leaves `class_survives` out, as does a domain without.
        """
        samples = self._checked(samples, domain)
        metrics = self._targets[domain].distances(samples)
        if labels is not None and self.classifier(domain) is not None:
            if len(labels) != len(samples):
                raise GanzooError(f"there are {len(labels)} labels of {len(samples)} samples; give one of each.")
            survived = self.classifier(domain).classes(samples) == labels
            metrics[f"class_survives_{short(len(samples))}"] = float(survived.mean())
        return metrics

    def against(self, samples: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """L1, PSNR in decibels and SSIM against the pictures that the samples should be, on the scale 0 to 1.

        Args:
            samples: translated.
            targets: in the samples' order.
        """
        samples, targets = self._pair(samples, targets)
        return {
            f"{metric.__name__}_{short(len(samples))}": metric(samples, targets)
            for metric in (paired.l1, paired.psnr, paired.ssim)
        }

    def errors(self, samples: np.ndarray, originals: np.ndarray, name: str) -> dict[str, float]:
        """Mean absolute difference on the scale 0 to 1, as the metric of a name.

        Args:
            samples: translated there and back (`cycle_error`), or into the domain they are of (`identity_error`).
            originals: in the samples' order.
            name: of the metric, without a count.
        """
        samples, originals = self._pair(samples, originals)
        return {f"{name}_{short(len(samples))}": paired.l1(samples, originals)}

    def domain_accuracy(self, samples: np.ndarray, domain: int) -> dict[str, float]:
        """The share of samples that a classifier of domains takes for pictures of the one that was asked for.

        What reals score is `domain_accuracy(domains.test[domain].samples, domain)`.

        Args:
            samples: translated into `domain`.
            domain: its index.
        """
        samples = self._checked(samples, domain)
        right = self.classifier_of_domains.classes(samples) == domain
        return {f"domain_accuracy_{short(len(samples))}": float(right.mean())}

    def floor(self, domain: int, count: int = _most_compared) -> dict[str, float]:
        """What real pictures score in `to_target` where `count` translated ones are measured, or as many as there are.

        Distances are those of train pictures. `class_survives` is of test pictures, the classifier's own accuracy.

        Args:
            domain: its index.
            count: of translated pictures, so that the names are theirs.
        """
        target = self._targets[domain]
        floor = target.distances(subset(target.train.samples, count))
        if target.classifier is not None and target.test.labels is not None:
            n = min(count, len(target.test))
            right = target.classifier.classes(subset(target.test.samples, n)) == subset(target.test.labels, n)
            floor[f"class_survives_{short(n)}"] = float(right.mean())
        return floor

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
        return checked(samples, self._shape, self.domains.names[domain])

    def _pair(self, samples: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        samples, others = (checked(pictures, self._shape, self.domains.name) for pictures in (samples, others))
        if len(samples) != len(others):
            raise GanzooError(f"{len(samples)} samples cannot be compared with {len(others)} pictures one by one.")
        return samples, others


class _Target:
    """A domain to be translated into, with what its pictures are measured by, made when first needed."""

    def __init__(self, name: str, train: Reals, test: Reals, training: dict):
        self.name = _feature_name(name)
        self.train, self.test = train, test  # of one size
        self._training = training

    @functools.cached_property
    def classifier(self) -> PictureClassifier | None:
        if self.train.labels is None:
            return None
        return PictureClassifier(self.name, self.train, self.test, **self._training)

    @functools.cached_property
    def extractor(self) -> FeatureExtractor:
        return self.classifier or RandomFeatures(self.test.shape)

    @functools.cached_property
    def test_features(self) -> np.ndarray:
        """Of test pictures in random order, no more of them than the floor has train pictures to set against."""
        n = min(_most_compared, len(self.test), len(self.train))
        return self.extractor.features(subset(self.test.samples, n))

    def distances(self, samples: np.ndarray) -> dict[str, float]:
        """Frechet and kernel distance to the test pictures, left out where there are too few samples."""
        n = min(len(samples), len(self.test_features))
        reals, fakes = self.test_features[:n], self.extractor.features(subset(samples, n))
        metrics = {}
        if enough_for_frechet(fakes):
            metrics["fd"] = frechet_distance(fit_gaussian(fakes), fit_gaussian(reals))
        if n > 1:
            metrics["kid"] = kernel_distance(reals, fakes)
        suffix = f"{self.extractor.name}{short(n)}"
        return {f"{metric}_{suffix}": value for metric, value in metrics.items() if math.isfinite(value)}


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


def _feature_name(domain: str) -> str:
    """A domain's name as it can stand in that of a metric, before a count: lower case, and no digit at its end."""
    name = re.sub("[^a-z0-9]+", "_", domain.lower()).strip("_")
    return f"{name}_" if name[-1:].isdigit() else name
