import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ganzoo.data.parts import split
from ganzoo.data.pipeline import batches
from ganzoo.data.reals import Reals
from ganzoo.data.storage import Pile, StoredPictures, blocks
from ganzoo.evaluation.samples import subset

PICTURES = np.random.default_rng(0).integers(0, 256, (500, 5, 4, 3), np.uint8)
PICTURES[250:300] = PICTURES[:50]  # equal ones, which belong into the same part


@pytest.fixture
def stored():
    pile = Pile(PICTURES.shape[1:], most_bytes=0)
    pile.add(PICTURES)
    return pile.finish()


def test_rows_are_read_as_an_array_takes_them(stored):
    """Any rows in any order, repeated, in runs, none at all."""
    assert (len(stored), stored.shape, stored.dtype, stored.ndim) == (500, (500, 5, 4, 3), np.uint8, 4)
    for rows in ([3], [499, 0, 7, 8, 9, 9, 8], range(500), []):
        rows = np.array(rows, np.int64)
        np.testing.assert_array_equal(stored.take(rows, axis=0), PICTURES[rows])
    np.testing.assert_array_equal(stored[:7], PICTURES[:7])
    np.testing.assert_array_equal(stored[490:600:3], PICTURES[490:600:3])
    np.testing.assert_array_equal(np.asarray(stored), PICTURES)
    assert np.asarray(stored, np.float32).dtype == np.float32


@pytest.mark.parametrize("rows", [[500], [-1]])
def test_rows_that_there_are_not_are_an_error(stored, rows):
    with pytest.raises(IndexError):
        stored.take(np.array(rows))
    with pytest.raises(IndexError):
        stored.select(np.arange(10)).take(np.array([10]))


def test_selected_rows_are_read_only_when_they_are_taken(stored, monkeypatch):
    """Selections of selections, too."""
    rows = np.random.default_rng(1).permutation(500)[:60]
    with monkeypatch.context() as patched:
        patched.setattr(StoredPictures, "take", None)
        reals = Reals("toy", stored, np.arange(500)).take(rows).take(np.array([5, 3]))
    assert reals.labels.tolist() == rows[[5, 3]].tolist()
    np.testing.assert_array_equal(reals.in_memory().samples, PICTURES[rows[[5, 3]]])


def test_all_rows_come_in_blocks(stored, monkeypatch):
    monkeypatch.setattr("ganzoo.data.storage.BLOCK", 60 * 7)
    for samples in (stored, PICTURES):
        found = list(blocks(samples))
        assert [len(block) for block in found] == [7] * 71 + [3]
        np.testing.assert_array_equal(np.concatenate(found), PICTURES)


def test_a_stored_set_is_split_as_in_memory(stored):
    """Sizes and hashes; the train part stays in its file, the others are arrays."""
    here, there = split(Reals("toy", PICTURES)), split(Reals("toy", stored))
    assert there.describe() == here.describe()
    assert isinstance(there.train.samples, StoredPictures)
    for part in ("train", "ratio", "test"):
        np.testing.assert_array_equal(getattr(there, part).samples, getattr(here, part).samples)
    assert isinstance(there.ratio.samples, np.ndarray)
    assert isinstance(there.test.samples, np.ndarray)


def test_batches_of_a_stored_set_are_bit_for_bit_those_in_memory(stored):
    """Over several epochs, with labels, from the beginning and resumed in the middle."""
    rows = np.random.default_rng(2).permutation(500)[:70]
    for first_step in (0, 5):
        where = dict(seed=3, first_step=first_step, steps=9, draws=2, labels=np.arange(70))
        here, there = (batches(samples, 16, **where) for samples in (PICTURES[rows], stored.select(rows)))
        assert here.element_spec == there.element_spec
        for (reals, labels), (read, labels_read) in zip(here, there, strict=True):
            np.testing.assert_array_equal(reals, read)
            np.testing.assert_array_equal(labels, labels_read)


def test_a_subset_to_measure_is_that_of_an_array(stored):
    np.testing.assert_array_equal(subset(stored, 20), subset(PICTURES, 20))


def test_rows_are_read_by_several_threads_where_the_system_has_no_preadv(stored, monkeypatch):
    """As on Windows, and on macOS before 11."""
    monkeypatch.delattr(os, "preadv")
    rows = np.random.default_rng(1).integers(0, len(PICTURES), (8, 200))
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(stored.take, rows))
    assert all(np.array_equal(pictures, PICTURES[of]) for pictures, of in zip(taken, rows, strict=True))
