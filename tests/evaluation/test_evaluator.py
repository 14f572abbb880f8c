"""The entry point: which metrics, on how many samples, next to which floor."""

from types import SimpleNamespace

import numpy as np
import pytest

from ganzoo.data.reals import Reals
from ganzoo.data.sources import mnist_5k
from ganzoo.errors import GanzooError
from ganzoo.evaluation.evaluator import Evaluator
from ganzoo.evaluation.features import DigitsFeatures, RandomFeatures
from ganzoo.evaluation.frechet import fit_gaussian, frechet_distance, standard_error
from ganzoo.evaluation.kernel import squared_mmd
from ganzoo.evaluation.triple_coverage import triple_coverage
from tests.conftest import shapes

PRDC = ("precision", "recall", "density", "coverage")


def reals(name, samples, mixture=None):
    return SimpleNamespace(name=name, samples=samples, labels=None, mixture=mixture, class_names=None)


def to_float(pictures):
    return pictures.astype(np.float32) / 127.5 - 1


@pytest.fixture(scope="module")
def mnist():
    """Rows of pixels, uint8 [5000, 784], and their digits."""
    reals = mnist_5k.load()
    return reals.samples.reshape(5000, -1), reals.labels


@pytest.fixture(scope="module")
def digits(mnist):
    rows, _ = mnist
    return np.random.default_rng(0).permutation(rows.astype(np.uint8).reshape(-1, 28, 28, 1))


@pytest.fixture(scope="module")
def on_digits(digits):
    return Evaluator(reals("mnist_5k", digits[:3000]), reals("mnist_5k", digits[3000:4000]))


def test_digits_show_what_their_labels_say_unless_the_labels_lie(on_digits, mnist):
    """1,000 real digits, 100 of each: by the classifier nearly all of them, and next to none under labels shifted by
    one; of each class and in the name of the metric its count."""
    rows, labels = mnist
    pictures, labels = rows[::5].astype(np.uint8).reshape(-1, 28, 28, 1), labels[::5]
    accuracy, of_class = on_digits.label_accuracy(to_float(pictures), labels)
    assert accuracy["label_accuracy_digits1k"] > 0.98
    assert of_class.keys() == {str(digit) for digit in range(10)}
    assert np.mean([*of_class.values()]) == pytest.approx(accuracy["label_accuracy_digits1k"])
    wrong, _ = on_digits.label_accuracy(to_float(pictures), (labels + 1) % 10)
    assert wrong["label_accuracy_digits1k"] < 0.02


def test_points_show_the_mode_they_are_in():
    """The label of a mixture's point is its component; whatever is far from all modes is wrong."""
    mixture = SimpleNamespace(centers=np.array([[0.0, 0.0], [1.0, 0.0]]), sigma=0.05)
    points = np.array([[0, 0], [1, 0], [1, 0.1], [0.5, 0]], np.float32)
    evaluator = Evaluator(reals("two", points, mixture), reals("two", points, mixture))
    accuracy, of_class = evaluator.label_accuracy(points, np.array([0, 1, 0, 1]))
    assert accuracy == {"label_accuracy_4": 0.5}
    assert of_class == {"0": 0.5, "1": 0.5}


def test_metrics_have_their_standard_errors_by_the_same_names(on_digits, digits):
    """Digits are compared with MNIST's moments, and other pictures with the test part. Labels add their accuracy's."""
    found = on_digits.standard_errors(some := digits[:500])
    assert list(found) == list(on_digits.measure(some))
    of_moments = standard_error(on_digits.suite.extractor.features(some), on_digits.suite.reference)
    assert found["fd_digits500"] == of_moments
    pictures = Evaluator(reals("folder:x", shapes(400)), reals("folder:x", shapes(400, seed=1)))
    assert list(pictures.standard_errors(shapes(400, seed=2))) == ["fd_random400", "kd_random400"]
    assert list(pictures.standard_errors(shapes(4))) == ["kd_random4"]
    points = np.random.default_rng(0).standard_normal((3, 20, 2)).astype(np.float32)
    of_points = Evaluator(reals("p", points[0]), reals("p", points[1])).standard_errors(points[2])
    assert list(of_points) == ["kd_raw20", *(f"{name}_raw20" for name in PRDC)]


def test_the_accuracy_of_labels_has_the_error_of_a_share(on_digits, digits, monkeypatch):
    """What the samples show is asked once for both."""
    asked, classes = [], on_digits.suite.recogniser.classes
    monkeypatch.setattr(on_digits.suite.recogniser, "classes", lambda samples: asked.append(1) or classes(samples))
    some, labels = to_float(digits[:500]), np.zeros(500, int)
    error = on_digits.standard_errors(some, labels)["label_accuracy_digits500"]
    accuracy, _ = on_digits.label_accuracy(some, labels)
    share = accuracy["label_accuracy_digits500"]
    assert 0 < error == pytest.approx(np.sqrt(share * (1 - share) / 499))
    assert len(asked) == 1


def test_real_digits_are_near_the_floor_and_noise_is_far(on_digits, digits):
    """1,000 and 10,000 digits: names carry both counts, of all fakes and of those compared in pairs."""
    real = on_digits.measure(to_float(digits[4000:]))
    noise = on_digits.measure(np.random.default_rng(0).uniform(-1, 1, (1000, 28, 28, 1)))
    floor = on_digits.floor(1000)
    assert list(real) == ["fd_digits1k", "is_digits1k", *(f"{m}_digits1k" for m in PRDC)]
    assert set(floor) == set(real)
    assert real["fd_digits1k"] < 1.5 * floor["fd_digits1k"] < 5 < 100 < noise["fd_digits1k"]
    assert real["is_digits1k"] > 9.5 > 2 > noise["is_digits1k"]
    assert real["coverage_digits1k"] > 0.9 > 0.1 > noise["coverage_digits1k"]


def test_floor_of_ten_thousand_digits_is_the_shipped_one(on_digits, digits):
    """The train part has 3,000 digits; the floor of 10,000 was measured on MNIST's training images."""
    floor = on_digits.floor()
    measured = on_digits.measure(to_float(np.tile(digits[:2500], (4, 1, 1, 1))))
    assert set(floor) == set(measured)
    assert 0 < floor["fd_digits10k"] < 1
    assert floor["is_digits10k"] > 9.8


def test_names_show_how_many_were_really_compared(on_digits, digits):
    """637 fakes against 1,000 test reals: 637 of each. Sixty are too few for a Frechet distance in 64 features."""
    assert set(on_digits.measure(digits[:637])) == {f"{m}_digits637" for m in ("fd", "is", *PRDC)}
    assert set(on_digits.measure(digits[:60])) == {f"{m}_digits60" for m in ("is", *PRDC)}
    assert set(on_digits.measure(digits[:1])) == {"is_digits1"}


def test_other_pictures_have_distances_in_random_features_alone():
    """Blocks of colour, shifted by a few levels, are told from each other; a floor is near nothing. Neither precision
    nor coverage: random features take blobs for reals."""
    rng = np.random.default_rng(0)
    blocks = np.kron(rng.integers(200, size=(900, 4, 4, 3)), np.ones((1, 4, 4, 1))).astype(np.uint8)
    evaluator = Evaluator(reals("folder:blocks", blocks[:500]), reals("folder:blocks", blocks[500:700]))
    fakes = evaluator.measure(to_float(blocks[700:] + 50))
    floor = evaluator.floor(200)
    assert list(fakes) == ["fd_random200", "kd_random200"]
    assert set(floor) == set(fakes)
    assert floor["kd_random200"] < fakes["kd_random200"] / 10
    few = Evaluator(reals("folder:blocks", blocks[:90]), reals("folder:blocks", blocks[90:180]))
    assert list(few.measure(blocks[200:400])) == ["kd_random90"]
    assert "do not quote" in evaluator.suite.extractor.facts["note"]


def test_labelled_pictures_are_measured_by_a_classifier_of_them(tmp_path):
    """Trained once on the train part and kept; its accuracy on the test part is known. Noise is far from all."""
    rng = np.random.default_rng(0)

    def squares(n):
        labels = rng.integers(2, size=n)
        pictures = rng.integers(60, size=(n, 16, 16, 1))
        pictures[:, 4:12, 4:12] += 150 * labels[:, None, None, None]
        return Reals("folder:/home/me/squares", pictures.astype(np.uint8), labels)

    train, test, others = squares(400), squares(150), squares(150)
    evaluator = Evaluator(train, test, cache=tmp_path, classifier_steps=100)
    found = evaluator.measure(others.samples)
    noise = evaluator.measure(rng.integers(256, size=(150, 16, 16, 1)).astype(np.uint8))
    assert list(found) == [f"{m}_squares150" for m in ("fd", "kd", *PRDC)]
    assert found["precision_squares150"] > 0.8 > 0.1 > noise["precision_squares150"]
    assert evaluator.suite.extractor.facts == {"accuracy": 1.0, "classifier_of": "squares"}
    assert evaluator.label_accuracy(others.samples, others.labels)[0] == {"label_accuracy_squares150": 1.0}
    assert len(list(tmp_path.iterdir())) == 1


def test_digits_of_another_size_are_other_pictures(digits):
    larger = np.pad(digits[:200], ((0, 0), (2, 2), (2, 2), (0, 0)))
    evaluator = Evaluator(reals("mnist_5k", larger[:100]), reals("mnist_5k", larger[100:]))
    assert "kd_random100" in evaluator.measure(larger[:100])


@pytest.fixture(scope="module")
def stack(mnist):
    """Real digits of given triples, uint8 [n, 28, 28, 3]: the same picture for the same digit."""
    rows, labels = mnist
    pictures = [rows[labels == digit][0].reshape(28, 28).astype(np.uint8) for digit in range(10)]
    return lambda triples: np.stack([[pictures[int(d)] for d in f"{n:03}"] for n in triples]).transpose(0, 2, 3, 1)


def test_stacked_digits_are_measured_by_their_modes(stack):
    """Each triple once: 1,000 modes, no divergence. One: log 1000. The rest is what other pictures have."""
    even = stack(np.random.default_rng(0).integers(1000, size=2200))
    evaluator = Evaluator(reals("stacked_mnist:mnist", even[:1000]), reals("stacked_mnist:mnist", even[1000:]))
    all_modes = evaluator.measure(to_float(stack(range(1000))))
    assert list(all_modes)[:3] == ["modes_digits1k", "kl_digits1k", "fd_random1k"]
    assert all_modes["modes_digits1k"] == 1000
    assert all_modes["kl_digits1k"] == pytest.approx(0.0, abs=1e-9)
    one = evaluator.measure(stack([123] * 300))
    assert one["modes_digits300"] == 1
    assert one["kl_digits300"] == pytest.approx(np.log(1000))


def test_the_floor_of_stacked_digits_is_that_of_even_draws(stack):
    """1,000 reals leave 1,000 e^-1 modes out; their divergence is that of simulated draws, within five deviations."""
    rng = np.random.default_rng(1)
    train = reals("stacked_mnist", stack(rng.integers(1000, size=1500)))
    floor = Evaluator(train, reals("stacked_mnist", train.samples[:100])).floor(1000)
    simulated = [triple_coverage(rng.integers(1000, size=1000)) for _ in range(100)]
    for metric, found in (("modes", floor["modes_digits1k"]), ("kl", floor["kl_digits1k"])):
        values = [getattr(coverage, metric) for coverage in simulated]
        assert abs(found - np.mean(values)) < 5 * np.std(values)
    assert 0.3 < floor["kl_digits1k"] < 0.7


def test_stacked_digits_of_another_size_have_no_modes(stack):
    """The classifier takes 28 x 28 pixels."""
    larger = np.pad(stack(range(200)), ((0, 0), (2, 2), (2, 2), (0, 0)))
    evaluator = Evaluator(reals("stacked_mnist", larger[:100]), reals("stacked_mnist", larger[100:]))
    assert list(evaluator.measure(larger[:100])) == ["kd_random100"]


def test_mixtures_are_measured_by_their_modes():
    rng = np.random.default_rng(0)
    mixture = SimpleNamespace(centers=np.float32([[0, 0], [1, 0], [0, 1]]), sigma=0.01)

    def draw(n):
        noise = 0.01 * rng.standard_normal((n, 2))
        return reals("gaussians", (mixture.centers[rng.integers(3, size=n)] + noise).astype(np.float32), mixture)

    evaluator = Evaluator(draw(5000), draw(2000))
    collapsed = evaluator.measure(np.zeros((1000, 2)))
    assert list(collapsed) == ["modes_1k", "high_quality_1k", "std_1k", "jsd_1k"]
    assert collapsed["modes_1k"] == 1
    assert evaluator.floor(1000)["modes_1k"] == 3
    assert set(evaluator.floor()) == {"modes_5k", "high_quality_5k", "std_5k", "jsd_5k"}
    assert "std_1k" not in evaluator.measure(np.full((1000, 2), 9.0)), "there is none without a sample in a mode"


def test_other_points_are_measured_in_their_coordinates():
    angle = np.random.default_rng(0).uniform(0, 9, 3000)
    roll = np.stack([angle * np.cos(angle), angle * np.sin(angle)], axis=1).astype(np.float32) / 9
    evaluator = Evaluator(reals("swissroll", roll[:1500]), reals("swissroll", roll[1500:2500]))
    fakes = evaluator.measure(roll[2500:])
    assert list(fakes) == [f"{m}_raw500" for m in ("kd", *PRDC)]
    assert fakes["precision_raw500"] > 0.9 > 0.5 > evaluator.measure(roll[2500:] + 1)["precision_raw500"]


def test_measuring_twice_gives_the_same_figures(on_digits, digits):
    assert on_digits.measure(digits[:300]) == on_digits.measure(digits[:300])


@pytest.mark.parametrize(
    "samples, message",
    [
        (np.zeros((4, 32, 32, 1)), r"have the shape \[n, 28, 28, 1\], n >= 1; these have \[4, 32, 32, 1\]"),
        (np.zeros((0, 28, 28, 1)), r"n >= 1; these have \[0, 28, 28, 1\]"),
        (np.full((4, 28, 28, 1), np.nan), "4 of 4 samples hold NaN or infinite numbers"),
    ],
    ids=["shape", "none", "not finite"],
)
def test_samples_that_cannot_be_measured_are_named(on_digits, samples, message):
    with pytest.raises(GanzooError, match=message):
        on_digits.measure(samples)


def distance_of(held_out, samples):
    return Evaluator(held_out, held_out).distance(samples)


def moments_apart(features, samples, held_out):
    return frechet_distance(fit_gaussian(features(samples)), fit_gaussian(features(held_out.samples)))


def test_a_training_on_digits_is_watched_by_these_digits(digits):
    """Not by the shipped moments of the test images, which `metrics.json` takes; all samples count."""
    held_out = reals("mnist_5k", digits[:150])
    metric, value = distance_of(held_out, digits[150:350])
    assert metric == "fd_digits200"
    assert value == pytest.approx(moments_apart(DigitsFeatures().features, digits[150:350], held_out))


def test_a_training_on_other_pictures_is_watched_in_random_features():
    held_out = reals("folder:photos", shapes(130))
    metric, value = distance_of(held_out, shapes(140, seed=1))
    assert metric == "fd_random140"
    features = RandomFeatures((16, 16, 1)).features
    assert value == pytest.approx(moments_apart(features, shapes(140, seed=1), held_out))


def test_samples_too_few_for_a_frechet_distance_have_a_kernel_distance():
    held_out = reals("folder:photos", shapes(140))
    metric, value = distance_of(held_out, shapes(40, seed=1))
    assert metric == "kd_random40"
    assert value < distance_of(held_out, 255 - shapes(40, seed=1))[1]


def test_a_training_on_a_mixture_is_watched_by_its_modes():
    centers = np.float32([[0, 0], [1, 0], [0, 1], [1, 1]])
    held_out = reals("four", np.repeat(centers, 50, axis=0), SimpleNamespace(centers=centers, sigma=0.05))
    assert distance_of(held_out, np.repeat(centers, 10, axis=0)) == ("jsd_40", pytest.approx(0.0, abs=1e-6))
    assert distance_of(held_out, np.repeat(centers[:1], 40, axis=0))[1] > 0.2


def test_a_training_on_points_is_watched_as_they_are():
    points = np.random.default_rng(0).normal(size=(80, 2)).astype(np.float32)
    metric, value = distance_of(reals("swissroll", points[:40]), points[40:])
    assert metric == "kd_raw40"
    assert value == pytest.approx(squared_mmd(points[:40], points[40:]), rel=1e-4)


def test_a_training_on_stacked_digits_is_watched_by_their_triples():
    held_out = reals("stacked_mnist", np.zeros((150, 28, 28, 3), np.uint8))
    assert distance_of(held_out, held_out.samples[:20]) == ("kl_digits20", pytest.approx(np.log(1000)))
