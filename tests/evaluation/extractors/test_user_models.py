"""A user's own network: what it is given, how its features are named, and what an unusable one is told."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.evaluation import extractors


def means(shape, dtype="float32"):
    """A model whose features are the means of the picture's channels."""
    inputs = keras.Input(shape, dtype=dtype)
    values = keras.layers.Rescaling(1.0)(inputs)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(values))


def kept(model, path):
    model.save(path) if path.suffix else model.export(str(path), verbose=False)
    return path


def grey(level, shape=(8, 8, 1), n=2):
    return np.full((n, *shape), level, np.uint8)


@pytest.mark.parametrize("name", ["net.keras", "net"])
@pytest.mark.parametrize(("dtype", "expected"), [("float32", 200 / 127.5 - 1), ("uint8", 200.0)])
def test_the_models_input_decides_the_scale(tmp_path, name, dtype, expected):
    """uint8 on 0 .. 255, floats in [-1, 1]; a grey picture has three equal channels where the model wants colour."""
    extractor = extractors.load(kept(means((None, None, 3), dtype), tmp_path / name))((8, 8, 1))
    np.testing.assert_allclose(extractor.features(grey(200)), np.full((2, 3), expected), rtol=1e-5)
    assert extractor.facts["pictures"] == "as they are"


def test_the_models_input_decides_the_size_and_the_channels(tmp_path):
    extractor = extractors.load(kept(means((32, 16, 1)), tmp_path / "net.keras"))((8, 8, 3))
    assert extractor.facts["pictures"] == "32 x 16, bilinear"
    red = np.zeros((1, 8, 8, 3), np.uint8)
    red[..., 0] = 255
    np.testing.assert_allclose(extractor.features(red), [[2 * 0.2989 - 1]], atol=1e-3)


def test_the_name_holds_the_files_name_and_a_hash(tmp_path):
    """Two networks of one name do not give figures of one name."""
    first = kept(means((None, None, 3)), tmp_path / "My Net-2.keras")
    (tmp_path / "other").mkdir()
    second = kept(means((None, None, 1)), tmp_path / "other" / "My Net-2.keras")
    names = [extractors.load(path)((8, 8, 1)).name for path in (first, second)]
    assert all(name.startswith("my_net_2_") and name.endswith("_") for name in names)
    assert names[0] != names[1]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), r"the input of .* has the shape \[None, 4\]"),
        (keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)]), "Let it end in a GlobalAverageP"),
        (keras.Sequential([keras.Input((8, 8, 2)), keras.layers.Flatten()]), r"has the shape \[None, 8, 8, 2\]"),
        (keras.Model(x := keras.Input((8, 8, 3)), [keras.layers.Flatten()(x)] * 2), "has 2 outputs"),
    ],
    ids=["no pictures", "no pooling", "two channels", "two outputs"],
)
@pytest.mark.parametrize("name", ["net.keras", "net"])
def test_a_model_with_another_input_or_output_is_named(tmp_path, model, message, name):
    if name == "net" and len(model.outputs) == 2:
        pytest.skip("an export joins two names of one tensor")
    with pytest.raises(GanzooError, match=message):
        extractors.load(kept(model, tmp_path / name))


def test_a_saved_model_without_the_signature_is_named(tmp_path):
    module = tf.Module()
    module.f = tf.function(lambda x: x, input_signature=[tf.TensorSpec([None, 8, 8, 3])])
    tf.saved_model.save(module, str(tmp_path / "net"), signatures={"encode": module.f})
    with pytest.raises(GanzooError, match=r"has no signature serving_default \(encode\)"):
        extractors.load(tmp_path / "net")


@pytest.mark.parametrize(("name", "what"), [("net.keras", "a Keras model"), ("net", "a SavedModel")])
def test_a_broken_file_is_named(tmp_path, name, what):
    path = tmp_path / name
    if path.suffix:
        path.write_bytes(b"PK but no archive")
    else:
        path.mkdir()
        (path / "saved_model.pb").write_bytes(b"nothing")
    with pytest.raises(GanzooError, match=f"cannot be loaded as {what}"):
        extractors.load(path)


def test_a_saved_model_that_was_not_copied_whole_is_named(tmp_path):
    path = kept(
        keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]), tmp_path / "net"
    )
    (weights,) = (path / "variables").glob("variables.data-*")
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(GanzooError, match="cannot be loaded as a SavedModel: Read less bytes than requested"):
        extractors.load(path)


def test_features_that_are_not_finite_are_named(tmp_path):
    inputs = keras.Input((None, None, 1))
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(keras.ops.log(inputs)))
    extractor = extractors.load(kept(model, tmp_path / "net.keras"))((8, 8, 1))
    with pytest.raises(GanzooError, match="the features of 2 of 2 pictures by .* are NaN or infinite"):
        extractor.features(grey(0))
