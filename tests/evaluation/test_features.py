"""What the extractors promise: the same features everywhere, and a shipped asset that is checked."""

import hashlib

import keras
import numpy as np
import pytest

from ganzoo.errors import GanzooError
from ganzoo.evaluation import digits_classifier
from ganzoo.evaluation.features import DigitsFeatures, RandomFeatures, RawFeatures


def pictures(n, shape=(28, 28, 1), seed=0):
    return np.random.default_rng(seed).integers(256, size=(n, *shape), dtype=np.uint8)


def test_shipped_classifier_is_small_accurate_and_what_its_json_says():
    content = (digits_classifier.ASSETS / "digits_classifier.npz").read_bytes()
    classifier = digits_classifier.load()
    assert sum(file.stat().st_size for file in digits_classifier.ASSETS.iterdir()) < 1_000_000
    assert hashlib.sha256(content).hexdigest() == classifier.facts["sha256"]
    assert classifier.facts["test_accuracy"] >= 0.992
    assert classifier.reference.mean.shape == (64,)
    assert classifier.reference.covariance.shape == (64, 64)


def test_a_damaged_asset_is_refused(tmp_path):
    for file in digits_classifier.ASSETS.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = tmp_path / "digits_classifier.npz"
    content = bytearray(weights.read_bytes())
    content[1000] ^= 1
    weights.write_bytes(content)
    with pytest.raises(GanzooError, match=r"digits_classifier\.npz is damaged: its sha256 is .* Install ganzoo again"):
        digits_classifier.load(tmp_path)


def test_a_missing_asset_is_reported(tmp_path):
    with pytest.raises(GanzooError, match="cannot be read"):
        digits_classifier.load(tmp_path)


def test_classifier_survives_being_saved_and_loaded(tmp_path):
    """What is written back out and read again computes the same, to the last bit."""
    classifier = digits_classifier.load()
    digits_classifier.save(classifier.model, classifier.reference, {"floor": {}}, tmp_path)
    again = digits_classifier.load(tmp_path)
    np.testing.assert_array_equal(
        DigitsFeatures(again.model).features(pictures(3)), DigitsFeatures().features(pictures(3))
    )
    np.testing.assert_array_equal(again.reference.covariance, classifier.reference.covariance)


def test_the_classifier_of_a_run_in_half_precision_is_float32():
    """`--config.precision=mixed_bfloat16` sets the policy of all new layers; metrics must not depend on it."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = digits_classifier.build()
    finally:
        keras.config.set_dtype_policy("float32")
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


def test_features_lead_to_the_models_own_probabilities():
    digits = DigitsFeatures()
    images = pictures(5)
    logits = digits_classifier.load().model(images.astype(np.float32) / 127.5 - 1, training=False).numpy()
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(digits.probabilities(digits.features(images)), expected, atol=1e-5)


@pytest.mark.parametrize("make", [DigitsFeatures, lambda: RandomFeatures((28, 28, 1))], ids=["digits", "random"])
def test_a_pictures_features_do_not_depend_on_its_batch_or_its_type(make):
    """257 pictures are a full batch and one more; floats a little off the 256 levels are the same pictures."""
    extractor, images = make(), pictures(257)
    features = extractor.features(images)
    assert features.shape == (257, 64)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[256:], extractor.features(images[256:]), rtol=1e-4, atol=1e-4)
    floats = images.astype(np.float32) / 127.5 - 1 + 0.003
    np.testing.assert_array_equal(extractor.features(floats), features)


def test_random_features_are_the_same_on_every_machine():
    """Golden numbers: the first features of one grey ramp."""
    ramp = (np.arange(16 * 16 * 3) % 256).astype(np.uint8).reshape(1, 16, 16, 3)
    features = RandomFeatures((16, 16, 3)).features(ramp)
    np.testing.assert_allclose(features[0, :4], [0.274571, -0.541077, -0.361944, -0.031301], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(16, 16, 1), (128, 128, 3), (100, 40, 3)])
def test_random_features_take_pictures_of_any_size(shape):
    features = RandomFeatures(shape).features(pictures(2, shape))
    assert features.shape == (2, 64)
    assert np.abs(features[0] - features[1]).max() > 1e-3


def test_raw_features_are_the_points():
    points = np.array([[1.0, 2.0]])
    assert RawFeatures().features(points).tolist() == [[1.0, 2.0]]
