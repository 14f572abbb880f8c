"""A classifier trained on the spot: it learns, it repeats, and it leaves no trace on whatever else runs."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.evaluation import picture_classifier
from ganzoo.evaluation.picture_classifier import PictureClassifier

STEPS = 40


def bars(n, shape=(16, 16, 1), seed=0):
    """Noise with a bright bar that lies (class 0) or stands (class 1), or none (class 2)."""
    rng = np.random.default_rng(seed)
    samples = rng.integers(100, size=(n, *shape), dtype=np.uint8)
    labels = rng.integers(3, size=n)
    for picture, label in zip(samples, labels, strict=True):
        bar = slice(start := rng.integers(5, 8), start + 3)
        if label == 0:
            picture[bar] = 250
        elif label == 1:
            picture[:, bar] = 250
    return SimpleNamespace(samples=samples, labels=labels)


@pytest.fixture(scope="module")
def classifier():
    return PictureClassifier("bars", bars(300), bars(100, seed=1), steps=STEPS)


def test_it_learns_what_pictures_show(classifier):
    test = bars(100, seed=1)
    assert classifier.accuracy > 0.95
    assert np.mean(classifier.classes(test.samples) == test.labels) == classifier.accuracy


def test_it_is_an_extractor_of_64_features_that_lead_to_its_probabilities(classifier):
    samples = bars(257).samples
    features, probabilities = classifier.features(samples), classifier.probabilities(samples)
    assert classifier.name == "bars"
    assert (features.shape, features.dtype) == ((257, 64), np.float32)
    assert (classifier.classes(samples).shape, classifier.classes(samples).dtype) == ((257,), np.int64)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), classifier.classes(samples))
    np.testing.assert_allclose(features[256:], classifier.features(samples[256:]), rtol=1e-4, atol=1e-4)


def test_the_same_name_and_seed_train_the_same_one_whatever_the_global_seed_and_policy(classifier):
    """Under another global seed and in a run of half precision; another seed or name trains another."""
    samples = bars(20, seed=2).samples
    keras.utils.set_random_seed(7)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        again = PictureClassifier("bars", bars(300), bars(100, seed=1), steps=STEPS)
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(again.features(samples), classifier.features(samples), rtol=1e-3, atol=1e-3)
    for name, seed in (("bars", 1), ("other", 0)):
        other = PictureClassifier(name, bars(300), bars(100, seed=1), seed=seed, steps=2)
        assert np.abs(other.features(samples) - classifier.features(samples)).max() > 0.1


def test_it_does_not_move_the_global_random_state():
    """What a run draws after an evaluation is what it would have drawn without."""

    def draws():
        return keras.random.normal([3]), tf.random.normal([3]), np.random.normal(size=3), keras.layers.Dense(3)(x)

    x = np.ones((1, 2), np.float32)
    keras.utils.set_random_seed(3)
    expected = draws()
    keras.utils.set_random_seed(3)
    PictureClassifier("bars", bars(60), bars(10), steps=2)
    for found, value in zip(draws(), expected, strict=True):
        np.testing.assert_array_equal(found, value)


@pytest.mark.parametrize("shape", [(128, 128, 3), (40, 24, 1)])
def test_it_takes_pictures_of_any_size(shape):
    train = bars(64, shape)
    small = PictureClassifier("bars", train, SimpleNamespace(samples=train.samples, labels=None), steps=1)
    assert small.features(train.samples[:2]).shape == (2, 64)
    assert small.accuracy is None


@pytest.fixture
def trainings(monkeypatch):
    """The steps of every training that there is from here on, which is none: weights stay as they were drawn."""
    counted = []
    monkeypatch.setattr(picture_classifier, "_train", lambda *of: counted.append(of[-1]))
    return counted


def test_one_that_was_trained_before_is_taken_as_it_was(tmp_path, monkeypatch):
    """To the last bit, and with the accuracy on whatever test pictures there are now."""
    trainings, train = [], picture_classifier._train
    monkeypatch.setattr(picture_classifier, "_train", lambda *of: (trainings.append(of[-1]), train(*of)))
    options = dict(steps=3, cache=tmp_path / "new")
    first = PictureClassifier("Bars (1)", bars(60), bars(40, seed=1), **options)
    again = PictureClassifier("Bars (1)", bars(60), bars(20, seed=2), **options)
    assert trainings == [3]
    (file,) = (tmp_path / "new").iterdir()
    assert file.name.startswith("bars_1-")
    samples = bars(20, seed=2)
    np.testing.assert_array_equal(again.features(samples.samples), first.features(samples.samples))
    assert again.accuracy == np.mean(first.classes(samples.samples) == samples.labels)


def test_what_was_trained_on_or_for_something_else_is_not_taken(tmp_path, trainings):
    """Another pixel, label, name, seed, length or augmentation; the order is the key's."""
    PictureClassifier("bars", bars(60), bars(10), steps=2, cache=tmp_path)
    pixel, label = bars(60), bars(60)
    pixel.samples[0, 0, 0] ^= 1
    label.labels[0] = (label.labels[0] + 1) % 3
    for name, train, options in (
        ("bars", pixel, {}),
        ("bars", label, {}),
        ("other", bars(60), {}),
        ("bars", bars(60), dict(seed=1)),
        ("bars", bars(60), dict(steps=1)),
        ("bars", bars(60), dict(augment=False)),
    ):
        PictureClassifier(name, train, bars(10), **dict(steps=2, cache=tmp_path) | options)
    assert len(trainings) == len(list(tmp_path.iterdir())) == 7


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: content[: len(content) // 2]])
def test_a_damaged_file_is_trained_anew(tmp_path, trainings, damage):
    PictureClassifier("bars", bars(60), bars(10), steps=1, cache=tmp_path)
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    file.write_bytes(damage(content))
    PictureClassifier("bars", bars(60), bars(10), steps=1, cache=tmp_path)
    assert trainings == [1, 1]
    assert file.stat().st_size == len(content)


def test_a_folder_that_cannot_be_written_to_keeps_nothing(tmp_path, trainings):
    (tmp_path / "file").write_text("no folder")
    PictureClassifier("bars", bars(60), bars(10), steps=1, cache=tmp_path / "file")
    assert trainings == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
