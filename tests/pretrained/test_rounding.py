"""Rounded kernels: numbers worked out by hand, and an export that answers as before to the rounding."""

import shutil

import numpy as np
import tensorflow as tf

from ganzoo.serving.exported import Exported
from pretrained.rounding import MANTISSA_BITS, NOTE, round_kernels, rounded
from tests.exports import exports  # noqa: F401 - a fixture

STEP = 2.0**-MANTISSA_BITS  # between two numbers from 1 to 2


def test_numbers_go_to_the_nearest_and_ties_to_even():
    values = np.float32([1.0, 1 + 0.4 * STEP, 1 + 0.6 * STEP, 1 + 0.5 * STEP, 1 + 1.5 * STEP, -1 - 0.6 * STEP, 0.0])
    expected = np.float32([1.0, 1.0, 1 + STEP, 1.0, 1 + 2 * STEP, -1 - STEP, 0.0])
    np.testing.assert_array_equal(rounded(values), expected)
    assert rounded(np.float32([[2 - STEP / 4]])) == 2.0  # to the next exponent


def test_no_number_moves_further_than_the_card_says():
    values = np.random.default_rng(0).normal(size=(100, 100)).astype(np.float32)
    error = np.abs(rounded(values) / values - 1)
    assert STEP / 4 < error.max() <= STEP / 2
    assert not rounded(values).view(np.uint32).ravel()[0] % 2 ** (23 - MANTISSA_BITS)


def test_an_export_keeps_its_other_variables_and_answers_nearly_as_before(exports, tmp_path):  # noqa: F811
    before = exports["cgan"][1] / "1"
    version = shutil.copytree(before, tmp_path / "1")
    round_kernels(version)
    readers = [tf.train.load_checkpoint(str(folder / "variables" / "variables")) for folder in (before, version)]
    shapes = readers[0].get_variable_to_shape_map()
    assert shapes == readers[1].get_variable_to_shape_map()
    for name, shape in shapes.items():
        old, new = (reader.get_tensor(name) for reader in readers)
        is_kernel = len(shape) >= 2 and old.dtype == np.float32
        np.testing.assert_array_equal(new, rounded(old) if is_kernel else old)
    request = dict(seed=tf.constant([1, 0]), num_samples=tf.constant(8), labels=tf.range(8, dtype=tf.int64) % 3)
    old, new = (Exported(folder).signatures["generate"](**request)["samples"].numpy() for folder in (before, version))
    assert 0 < np.abs(new - old).max() < 2e-3
    assert (version / "README.md").read_text() == (before / "README.md").read_text() + NOTE
