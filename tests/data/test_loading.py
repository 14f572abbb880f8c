import os
import subprocess
import sys

import numpy as np
import pytest

from ganzoo.data import loading, names
from ganzoo.errors import GanzooError


def test_importing_the_package_loads_neither_numpy_nor_tensorflow():
    """`--help` and `--list` read the names and kinds of data sets, and must answer at once."""
    code = "import sys, ganzoo.data; print([m for m in ('numpy', 'tensorflow', 'PIL') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("name, kind", [("swissroll", "points"), ("mnist_5k", "images"), ("folder:x", "images")])
def test_a_name_tells_points_from_pictures(name, kind):
    """Without loading anything."""
    assert names.kind(name) == kind


def test_mnist_5k_is_five_hundred_of_each_digit():
    """Real digits with their classes, 28 x 28, 8 bits, full range."""
    reals = loading.load("mnist_5k")
    assert reals.samples.shape == (5000, 28, 28, 1)
    assert reals.samples.dtype == np.uint8
    assert reals.samples.max() == 255
    assert reals.labels.dtype == np.int64
    assert np.bincount(reals.labels).tolist() == [500] * 10


def test_a_digit_can_be_asked_for_larger_and_in_colour():
    """image_size and channels are obeyed by the offline digits as by every other source."""
    assert loading.load("mnist_5k", image_size=32, channels=3).shape == (32, 32, 3)


@pytest.mark.parametrize(
    "name, meant", [("gausians25", "gaussians25"), ("minst_5k", "mnist_5k"), ("cifra10", "cifar10")]
)
def test_an_unknown_name_is_answered_with_the_nearest(name, meant):
    """Over the offline names and TFDS's."""
    with pytest.raises(GanzooError, match=f"no data set named '{name}'. Did you mean '{meant}'?"):
        loading.load(name)


def test_a_path_without_folder_is_answered_with_folder(tmp_path):
    """A person who gives the path alone is told the prefix."""
    with pytest.raises(GanzooError, match=f"Did you mean 'folder:{tmp_path}'"):
        loading.load(str(tmp_path))


@pytest.mark.parametrize(
    "name, request_, complaint",
    [
        ("", {}, "has no name"),
        ("mnist_5k", {"image_size": 8}, "image_size is 8; give 16 to 256"),
        ("mnist_5k", {"channels": 4}, "channels is 4; give 1"),
        ("gaussians8", {"image_size": 32}, "are points"),
        ("mnist_5k", {"stream_above_mb": -1}, "stream_above_mb is -1; give 0"),
        ("folder:" + os.devnull, {}, "no folder"),
    ],
)
def test_a_request_that_cannot_be_met_says_what_can(name, request_, complaint):
    """One error each, before anything is read."""
    with pytest.raises(GanzooError, match=complaint):
        loading.load(name, **request_)
