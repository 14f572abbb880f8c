import errno
import math
import os
import re

import numpy as np
import pytest

from ganzoo.data.storage import Pile, StoredPictures
from ganzoo.errors import GanzooError

PICTURES = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 1), np.uint8)  # 16 bytes each


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def piled(most_bytes, expected=0, count=40):
    pile = Pile((4, 4, 1), most_bytes, expected)
    for picture in PICTURES[:count]:
        pile.add(picture)
    return pile.finish()


@pytest.mark.parametrize("most_bytes, is_stored", [(math.inf, False), (640, False), (639, True), (0, True)])
def test_more_bytes_than_may_be_in_memory_are_stored(most_bytes, is_stored):
    """40 pictures of 16 bytes: 640 may stay."""
    found = piled(most_bytes)
    assert isinstance(found, StoredPictures) == is_stored
    assert found.shape == (40, 4, 4, 1)
    np.testing.assert_array_equal(np.asarray(found), PICTURES)


def test_many_expected_pictures_are_never_in_memory():
    """Not even if there are fewer in the end."""
    assert isinstance(piled(640, expected=41, count=10), StoredPictures)
    assert isinstance(piled(640, expected=40, count=10), np.ndarray)


@pytest.mark.parametrize("most_bytes", [math.inf, 0])
def test_no_picture_is_an_empty_set(most_bytes):
    assert np.asarray(piled(most_bytes, count=0)).shape == (0, 4, 4, 1)


@pytest.mark.parametrize("most_bytes", [math.inf, 1000, 0])
def test_grey_pictures_go_on_in_colour(most_bytes):
    """With 1000 bytes the grey ones are in memory, the coloured in a file."""
    pile = Pile((4, 4, 1), most_bytes)
    pile.add(PICTURES)
    pile = pile.in_colour()
    coloured = np.random.default_rng(1).integers(0, 256, (4, 4, 3), np.uint8)
    pile.add(coloured)
    found = pile.finish()
    assert isinstance(found, StoredPictures) == (most_bytes <= 1000)
    np.testing.assert_array_equal(np.asarray(found), [*np.repeat(PICTURES, 3, axis=-1), coloured])


def test_the_cache_folder_stays_empty(cache_folder):
    """While the pictures are there, and after; a second set has a file of its own."""
    both = piled(0), piled(0, count=3)
    assert list(cache_folder.iterdir()) == []
    np.testing.assert_array_equal(np.asarray(both[0]), PICTURES)
    np.testing.assert_array_equal(np.asarray(both[1]), PICTURES[:3])


def test_the_file_is_closed_with_the_last_that_has_its_pictures():
    opened = len(os.listdir("/proc/self/fd"))
    stored = piled(0)
    some = stored.select(np.arange(3))
    del stored
    assert len(os.listdir("/proc/self/fd")) == opened + 1
    np.testing.assert_array_equal(some[:], PICTURES[:3])
    del some
    assert len(os.listdir("/proc/self/fd")) == opened


def test_a_full_disk_says_what_was_needed_where_and_what_to_do(monkeypatch, cache_folder):
    def full(file, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(GanzooError) as caught:
        piled(0, expected=200_000_000)
    assert re.fullmatch(
        rf"the pictures need 3,200 MB in a file in {cache_folder}, which cannot be written: No space left on device\. "
        r"Make room there, let GANZOO_CACHE name a folder on another disk, keep them in memory "
        r"\(--config\.data\.stream_above_mb=3200\), or ask for smaller ones \(--config\.data\.image_size\)\.",
        str(caught.value),
    )


def test_a_write_that_is_cut_short_goes_on(monkeypatch):
    """As writes near the end of a disk, or of more than 2 GB, are."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, content: write(file, content[:7]))
    np.testing.assert_array_equal(np.asarray(piled(0)), PICTURES)


def test_a_cache_folder_that_cannot_be_is_told(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "file"))
    with pytest.raises(GanzooError, match=r"need 1 MB in a file in .*file, which cannot be written: File exists"):
        piled(0)
    assert len(piled(math.inf)) == 40
