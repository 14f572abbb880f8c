"""Translators whose worth is known: a perfect one, one that changes nothing, one that breaks what pictures show."""

from types import SimpleNamespace

import numpy as np
import pytest

from ganzoo.data.reals import Reals
from ganzoo.errors import GanzooError
from ganzoo.evaluation.paired import BEST_PSNR
from ganzoo.evaluation.translation_evaluator import TranslationEvaluator

SIZE, TEST = 16, 160


def draw(n, seed, size=SIZE):
    """Dark noise with a brighter block on the left (class 0) or the right (class 1), and its class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=n)
    samples = rng.integers(40, size=(n, size, size, 1), dtype=np.uint8)
    for picture, label in zip(samples, labels, strict=True):
        top, left = size // 2 - 4 + rng.integers(-1, 2), size // 2 - 7 + 8 * label
        picture[top : top + 8, left : left + 6] += np.uint8(150)
    return samples, labels


def invert(samples):
    return 255 - samples


def domains(labelled=True, name="Dark 1"):
    """Dark pictures, and unrelated ones inverted; train pictures are four pixels larger."""

    def part(n, seed, size, of):
        samples, labels = draw(n, seed, size)
        return Reals("blocks", of(samples), labels if labelled else None)

    both = (lambda x: x), invert
    return SimpleNamespace(
        name="blocks",
        names=(name, "bright"),
        train=tuple(part(300, 10 + i, SIZE + 4, of) for i, of in enumerate(both)),
        test=tuple(part(TEST, 20 + i, SIZE, of) for i, of in enumerate(both)),
        paired=False,
        shape=(SIZE, SIZE, 1),
    )


@pytest.fixture(scope="module")
def evaluator():
    return TranslationEvaluator(domains(), classifier_steps=40)


@pytest.fixture(scope="module")
def dark(evaluator):
    return evaluator.domains.test[0]


def test_a_perfect_translator_scores_like_reals_and_one_that_does_nothing_does_not(evaluator, dark):
    perfect = evaluator.measure(invert(dark.samples), 1, dark.labels)
    idle = evaluator.measure(dark.samples, 1, dark.labels)
    floor = evaluator.floor(1, count=TEST)
    names = ["fd_bright160", "kd_bright160", "class_survives_160"]
    assert list(perfect) == list(idle) == list(floor) == names
    assert perfect["class_survives_160"] > 0.95
    assert floor["class_survives_160"] > 0.95
    for distance in names[:2]:
        assert max(perfect[distance], floor[distance]) < idle[distance] / 5


def test_a_translator_that_swaps_classes_keeps_the_distance_and_loses_the_class(evaluator, dark):
    """Mirrored pictures look like the domain, and show the other class."""
    swapped = evaluator.measure(invert(dark.samples[:, :, ::-1]), 1, dark.labels)
    assert swapped["class_survives_160"] < 0.05
    assert swapped["kd_bright160"] < evaluator.measure(dark.samples, 1)["kd_bright160"] / 5


def test_a_translation_is_judged_in_the_domain_that_was_asked_for(evaluator, dark):
    assert evaluator.domain_accuracy(invert(dark.samples), 1)["domain_accuracy_160"] > 0.95
    assert evaluator.domain_accuracy(dark.samples, 1)["domain_accuracy_160"] < 0.05
    assert evaluator.classifier_of_domains.accuracy > 0.95


def test_paired_pictures_are_compared_one_by_one(evaluator, dark):
    targets = invert(dark.samples)
    paired = ["l1_160", "psnr_160", "ssim_160"]
    perfect = evaluator.measure(targets.astype(np.float32) / 127.5 - 1, 1, targets=targets)
    assert list(perfect) == [*paired, "fd_bright160", "kd_bright160"]
    assert [perfect[name] for name in paired] == [0.0, pytest.approx(BEST_PSNR), pytest.approx(1.0, abs=1e-5)]
    idle = evaluator.measure(dark.samples, 1, targets=targets)
    assert idle["l1_160"] > 0.5
    assert idle["psnr_160"] < 6
    assert idle["ssim_160"] < 0.2
    assert evaluator.measure(targets[1:], 1, targets=targets[:-1])["ssim_159"] < perfect["ssim_160"]


def test_cycle_and_identity_errors_carry_their_names(evaluator, dark):
    assert evaluator.errors(dark.samples, dark.samples, "cycle_error") == {"cycle_error_160": 0.0}
    brighter = evaluator.errors(dark.samples + 51, dark.samples, "identity_error")
    assert brighter == {"identity_error_160": pytest.approx(0.2, abs=1e-6)}


def test_domains_without_labels_are_measured_in_random_features(dark):
    """No class can survive, and sixty pictures are too few for a Frechet distance."""
    evaluator = TranslationEvaluator(domains(labelled=False))
    perfect = evaluator.measure(invert(dark.samples), 1, dark.labels)
    assert list(perfect) == list(evaluator.floor(1, TEST)) == ["fd_random160", "kd_random160"]
    assert perfect["fd_random160"] < evaluator.measure(dark.samples, 1)["fd_random160"] / 5
    assert list(evaluator.measure(dark.samples[:60], 1)) == ["kd_random60"]
    assert evaluator.measure(dark.samples[:1], 1) == {}


def test_without_labels_of_the_samples_no_class_is_asked_for(evaluator, dark):
    assert list(evaluator.measure(invert(dark.samples), 1)) == ["fd_bright160", "kd_bright160"]


@pytest.mark.parametrize("name, feature", [("Dark 1", "dark_1_"), ("uci", "uci"), ("Monet (19th c.)", "monet_19th_c")])
def test_features_are_named_for_the_domain_apart_from_the_count(name, feature):
    evaluator = TranslationEvaluator(domains(name=name), classifier_steps=1)
    assert f"kd_{feature}160" in evaluator.measure(evaluator.domains.test[0].samples, 0)


def test_measuring_again_gives_the_same_figures(evaluator, dark):
    again = TranslationEvaluator(domains(), classifier_steps=40)
    assert again.measure(dark.samples, 1) == pytest.approx(evaluator.measure(dark.samples, 1), rel=1e-3)


def test_what_cannot_be_measured_is_named(evaluator, dark):
    broken = np.full((4, SIZE, SIZE, 1), np.nan)
    for measure in (
        lambda: evaluator.measure(broken, 1),
        lambda: evaluator.domain_accuracy(broken, 1),
        lambda: evaluator.measure(dark.samples[:4], 1, targets=broken),
        lambda: evaluator.errors(dark.samples[:4], broken, "cycle_error"),
    ):
        with pytest.raises(GanzooError, match="4 of 4 samples hold NaN"):
            measure()
    with pytest.raises(GanzooError, match=r"measure against 'bright' have the shape \[n, 16, 16, 1\]"):
        evaluator.measure(np.zeros((4, 20, 20, 1)), 1)
    with pytest.raises(GanzooError, match="4 samples cannot be compared with 5 pictures"):
        evaluator.measure(dark.samples[:4], 1, targets=dark.samples[:5])
    with pytest.raises(GanzooError, match="3 labels of 4 samples"):
        evaluator.measure(dark.samples[:4], 1, dark.labels[:3])


def test_classifiers_are_kept_from_one_evaluation_to_the_next(tmp_path):
    """One file for each domain and one for telling them apart; the second evaluation adds none and finds the same."""
    figures = []
    for _ in range(2):
        evaluator = TranslationEvaluator(domains(), classifier_steps=2, cache=tmp_path)
        test = evaluator.domains.test[0]
        of_domains = evaluator.domain_accuracy(test.samples, 0)
        figures.append([evaluator.measure(test.samples, domain, test.labels) for domain in (0, 1)] + [of_domains])
        names = sorted(path.name.rpartition("-")[0] for path in tmp_path.iterdir())
        assert names == ["bright", "dark_1", "domains_of_blocks"]
    assert figures[0] == figures[1]
