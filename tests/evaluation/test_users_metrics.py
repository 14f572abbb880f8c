"""Users' own metrics beside those of the package, for models that sample and for translators."""

from types import SimpleNamespace

import numpy as np
import pytest

import ganzoo
from ganzoo.data.reals import Mixture, Reals
from ganzoo.evaluation.evaluator import Evaluator
from ganzoo.evaluation.translation_evaluator import TranslationEvaluator
from tests.conftest import toy_domains

pytestmark = pytest.mark.usefixtures("own_metrics")


@pytest.fixture(scope="module")
def on_pictures():
    """120 pictures to train on, 60 to test on, all of one grey level each."""
    levels = np.random.default_rng(0).integers(256, size=180).astype(np.uint8)
    pictures = np.broadcast_to(levels[:, None, None, None], (180, 8, 8, 3)).copy()
    labels = np.arange(180) % 3
    train, test = (Reals("folder:x", pictures[rows], labels[rows]) for rows in (slice(120), slice(120, None)))
    return Evaluator(train, test, classifier_steps=1)


def register(name, function, direction=None):
    return ganzoo.register_metric(name, direction=direction)(function)


def test_samples_and_reals_come_as_floats_as_many_of_each(on_pictures):
    seen = []

    def ink(samples, reals):
        seen.append((samples, reals))
        return samples.mean() - reals.mean()

    register("ink", ink)
    found = on_pictures.measure(on_pictures.train.samples[:50])
    assert list(found)[-1] == "ink_50"
    ((samples, reals),) = seen
    assert samples.dtype == reals.dtype == np.float32
    assert samples.shape == reals.shape == (50, 8, 8, 3)
    np.testing.assert_array_equal(samples, on_pictures.train.samples[:50] / np.float32(127.5) - np.float32(1))
    test = {tuple(row) for row in on_pictures.test.samples.reshape(60, -1) / np.float32(127.5) - np.float32(1)}
    assert {tuple(row) for row in reals.reshape(50, -1)} <= test
    assert found["ink_50"] == pytest.approx(samples.mean() - reals.mean())


def test_of_a_smaller_test_part_all_reals_are_compared_and_the_name_counts_the_samples(on_pictures):
    register("reals", lambda samples, reals: len(reals))
    assert on_pictures.measure(np.zeros((100, 8, 8, 3)))["reals_100"] == 60
    assert on_pictures.floor(1000)["reals_120"] == 60


def test_the_floor_measures_them_on_reals_of_the_train_part(on_pictures):
    register("level", lambda samples: samples.mean())
    whole = on_pictures.train.samples / 127.5 - 1
    assert on_pictures.floor()["level_120"] == pytest.approx(whole.mean(), abs=1e-6)


def test_labels_come_in_the_samples_order(on_pictures):
    register("same", lambda samples, labels: np.mean(labels == np.round(samples[:, 0, 0, 0] * 3)))
    labels = np.arange(90) % 3
    samples = np.broadcast_to(labels[:, None, None, None] / 3, (90, 8, 8, 3))
    assert on_pictures.measure(samples, labels)["same_90"] == 1.0
    seen = []
    register("of_floor", lambda samples, labels: seen.append((samples, labels)) or 0.0)
    on_pictures.floor(labelled=True)
    ((samples, labels),) = seen
    rows = [np.flatnonzero((on_pictures.train.samples == level).all(axis=(1, 2, 3))) for level in _levels(samples)]
    assert all(label in on_pictures.train.labels[row] for label, row in zip(labels, rows, strict=True))
    assert set(labels) == {0, 1, 2}


def _levels(samples):
    return np.round((samples[:, 0, 0, 0] + 1) * 127.5).astype(np.uint8)


def test_a_metric_of_features_is_named_for_them(on_pictures):
    """`x` for those of a classifier of the folder x, of as many samples as there are test reals."""
    register("apart", lambda real_features, fake_features: np.abs(real_features - fake_features).mean())
    assert on_pictures.measure(np.zeros((100, 8, 8, 3)))["apart_x60"] > 0
    assert on_pictures.measure(on_pictures.test.samples)["apart_x60"] == 0.0


def test_a_metric_of_modes_sees_which_mode_each_point_is_in():
    centers = np.array([[0.0, 0.0], [1.0, 0.0]], np.float32)
    points = np.repeat(centers, 10, axis=0)
    reals = Reals("two", points, mixture=Mixture(centers, 0.05))
    register("of_second", lambda shown, reals_shown, num_classes: (shown == 1).mean() + num_classes)
    found = Evaluator(reals, reals).measure(np.array([[1, 0], [1, 0], [1, 0], [9, 9]], np.float32))
    assert found["of_second_4"] == 2.75


def test_several_numbers_come_from_one_call(on_pictures):
    calls = []

    @ganzoo.register_metric("lightest", direction="higher")
    @ganzoo.register_metric("darkest", direction="lower")
    def extremes(samples):
        calls.append(len(samples))
        return {"darkest": samples.min(), "lightest": samples.max()}

    found = on_pictures.measure(np.linspace(-1, 0.5, 40 * 192).reshape(40, 8, 8, 3))
    assert (found["darkest_40"], found["lightest_40"]) == (-1.0, 0.5)
    assert calls == [40]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: np.nan, "it returned nan"),
        (lambda: np.float32(np.inf), "it returned np.float32(inf)"),
        (lambda: None, "it returned None"),
        (lambda: np.zeros(3), "it returned an array of shape [3]"),
        (lambda: {"other": 1.0}, "it returned {'other': 1.0}"),
    ],
    ids=["nan", "infinite", "nothing", "array", "another name"],
)
def test_a_metric_without_a_finite_number_is_left_out_and_said(on_pictures, capsys, answer, said):
    """The metrics around it are measured."""
    before = on_pictures.measure(on_pictures.test.samples)
    register("broken", lambda samples: answer())
    register("fine", lambda samples: 1.0)
    found = on_pictures.measure(on_pictures.test.samples, row="drs")
    assert found == before | {"fine_60": 1.0}
    error = capsys.readouterr().err
    assert error == f"ganzoo: the metric 'broken' of drs is left out: {said}, expected a finite number.\n"


def test_a_metric_that_raises_is_left_out_with_its_file_and_line(on_pictures, capsys):
    """The line is the user's own, not that of the library below."""

    def broken(samples):
        return np.linalg.inv(np.zeros((2, 2)))  # here

    register("broken", broken)
    register("fine", lambda samples: 1.0)
    assert on_pictures.measure(on_pictures.test.samples, row="floor")["fine_60"] == 1.0
    error = capsys.readouterr().err
    line = broken.__code__.co_firstlineno + 1
    assert error.startswith("ganzoo: the metric 'broken' of floor is left out: ")
    assert error.endswith(f"test_users_metrics.py, line {line}: LinAlgError: Singular matrix.\n")


def test_what_these_samples_do_not_have_is_said(on_pictures, capsys):
    register("of_labels", lambda samples, labels: 1.0)
    assert "of_labels_60" not in on_pictures.measure(on_pictures.test.samples, row="mh")
    assert capsys.readouterr().err == (
        "ganzoo: the metric 'of_labels' of mh is left out: it takes 'labels', not there for these samples.\n"
    )


def test_translated_pictures_are_measured_against_the_targets_test_pictures(capsys):
    """Each direction has reals of its own; the floor measures train pictures, and has no targets."""
    domains = toy_domains(paired=True)
    evaluator = TranslationEvaluator(domains)
    register("ink", lambda samples, reals: (samples.mean() + 1) / (reals.mean() + 1))
    register("worst", lambda samples, targets: np.abs(samples - targets).max() / 2)
    own = domains.test[1].samples
    found = evaluator.measure(own, 1, targets=own)
    assert list(found)[:3] == ["l1_20", "psnr_20", "ssim_20"]
    assert list(found)[-2:] == ["ink_20", "worst_20"]
    assert found["ink_20"] == pytest.approx(1.0)
    assert found["worst_20"] == 0.0
    dark = evaluator.measure(domains.test[0].samples, 1, targets=own)
    ratio = domains.test[0].samples.mean() / own.mean()
    assert dark["ink_20"] == pytest.approx(ratio, rel=1e-4)
    floor = evaluator.floor(1, 20)
    assert floor["ink_20"] == pytest.approx(1.0, abs=0.1)
    assert "worst_20" not in floor
    assert capsys.readouterr().err == ""


def test_what_a_labelled_domain_shows_can_be_taken():
    """The classes that the target's classifier sees, and what the originals showed."""
    reals = SimpleNamespace(samples=np.random.default_rng(0).integers(256, size=(40, 16, 16, 1), dtype=np.uint8))
    part = Reals("noise", reals.samples, np.arange(40) % 2)
    domains = SimpleNamespace(
        name="n", names=("a", "b"), train=(part, part), test=(part, part), paired=False, shape=(16, 16, 1)
    )
    evaluator = TranslationEvaluator(domains, classifier_steps=1)
    register("same", lambda shown, labels: (shown == labels).mean())
    found = evaluator.measure(part.samples, 1, part.labels)
    assert found["same_40"] == found["class_survives_40"]
    assert evaluator.floor(1)["same_40"] == evaluator.floor(1)["class_survives_40"]
