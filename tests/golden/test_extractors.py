"""Networks of PyTorch on random weights, against what `make_extractors.py` stored."""

import ast
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from ganzoo.errors import GanzooError
from ganzoo.evaluation import extractors
from ganzoo.evaluation.extractors import dinov2, fid_inception, torch_file
from ganzoo.evaluation.extractors.from_file import FileFeatures
from tests.golden.make_extractors import picture, weights

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def golden():
    with np.load(HERE / "extractors.npz") as arrays:
        return dict(arrays)


def made_again(golden, network):
    return weights(ast.literal_eval(str(golden[f"{network}_shapes"])))


PUBLISHED = dict(q_proj="attention.query", k_proj="attention.key", v_proj="attention.value", o_proj="output.dense")


def as_published(arrays):
    """transformers 5 renames the projections of the published files as it loads them."""
    renamed = {}
    for name, array in arrays.items():
        for loaded, published in PUBLISHED.items():
            name = name.replace(f".attention.{loaded}.", f".attention.{published}.")
        renamed[name] = array
    return renamed


def safetensors(path, arrays):
    """A file of float32 arrays."""
    header, first = {"__metadata__": {"format": "pt"}}, 0
    for name, array in arrays.items():
        entry = dict(dtype="F32", shape=list(array.shape), data_offsets=[first, first + array.nbytes])
        header[name], first = entry, first + array.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(array.tobytes() for array in arrays.values()))
    return path


def test_the_inception_of_fid_is_that_of_pytorch_fid(golden, monkeypatch, tmp_path):
    """2,048 features of a 64 x 64 picture that becomes 299 x 299."""
    monkeypatch.setattr(torch_file, "read", lambda path: made_again(golden, "inception"))
    network = fid_inception.of_pytorch_fid(tmp_path)
    features = FileFeatures(network, (64, 64, 3), tmp_path, "").features(picture(64)[None])
    np.testing.assert_allclose(features[0], golden["inception"], rtol=1e-3, atol=1e-3 * golden["inception"].max())


def test_dinov2_is_that_of_transformers(golden, monkeypatch, tmp_path):
    """Two layers of width 128 on 224 x 224 pixels: position embeddings of 37 x 37 patches become 16 x 16."""
    monkeypatch.setitem(dinov2.NAMES, 128, "dinov2_tiny")
    file = safetensors(tmp_path / "model.safetensors", as_published(made_again(golden, "dinov2")))
    extractor = extractors.load(file)((224, 224, 3))
    features = extractor.features(picture(224)[None])[0]
    assert extractor.name == "dinov2_tiny"
    np.testing.assert_allclose(features, golden["dinov2"], rtol=1e-3, atol=1e-3 * np.abs(golden["dinov2"]).max())


def test_a_dinov2_of_an_unknown_width_is_named(golden, tmp_path):
    file = safetensors(tmp_path / "model.safetensors", as_published(made_again(golden, "dinov2")))
    with pytest.raises(GanzooError, match="is a DINOv2 of width 128, expected 384, 768, 1024"):
        extractors.load(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it has no header"),
        (struct.pack("<Q", 99) + b"{}", "its header is longer than the file"),
        (struct.pack("<Q", 2) + b"[]", "its header is no table"),
        (struct.pack("<Q", 2) + b"{}", "embeddings.cls_token"),
        (
            struct.pack("<Q", 54) + b'{"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}'[:54].ljust(54),
            "cannot be read as DINOv2",
        ),
    ],
    ids=["empty", "long header", "no table", "no DINOv2", "cut off"],
)
def test_a_broken_safetensors_file_is_named(tmp_path, content, message):
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(GanzooError, match=message):
        extractors.load(tmp_path / "model.safetensors")


@pytest.mark.parametrize("layout", ["zipped", "legacy"])
def test_a_file_of_torch_save_is_read_without_torch(layout):
    """Of either layout: a transposed view, a scalar, half precision."""
    state = torch_file.read(HERE / f"{layout}.pth")
    np.testing.assert_array_equal(state["a.weight"], np.arange(12.0, dtype=np.float32).reshape(3, 4).T)
    assert state["a.count"].shape == ()
    assert state["a.count"] == 7
    assert state["b"].dtype == np.float16


@pytest.mark.parametrize("layout", ["zipped", "legacy"])
def test_a_damaged_file_of_torch_save_is_named(tmp_path, layout):
    content = (HERE / f"{layout}.pth").read_bytes()
    (tmp_path / "net.pth").write_bytes(content[: len(content) - 40])
    with pytest.raises(torch_file.TorchFileError, match="it "):
        torch_file.read(tmp_path / "net.pth")


def test_a_pickle_that_would_call_something_is_refused(tmp_path):
    """Only what a state dict consists of is allowed."""
    (tmp_path / "net.pth").write_bytes(b"cbuiltins\nprint\n(S'called'\ntR.")
    with pytest.raises(torch_file.TorchFileError, match=r"it holds \S*\.print, which no state dict needs"):
        torch_file.read(tmp_path / "net.pth")


def test_another_pth_file_is_not_the_published_one():
    with pytest.raises(GanzooError, match="is not pytorch-fid's Inception as published: its sha256 is .*6726825d"):
        extractors.load(HERE / "zipped.pth")
