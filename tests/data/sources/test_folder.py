import numpy as np
import pytest
from PIL import Image

from ganzoo.data.loading import load
from ganzoo.data.sources import folder
from ganzoo.data.storage import StoredPictures
from ganzoo.errors import GanzooError


@pytest.fixture
def lines():
    """What a load reports."""
    return []


def save(path, mode="RGB", size=(40, 30), colour="red", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **options)


def test_a_mixed_folder_becomes_one_array(tmp_path, lines):
    """Every format and mode, nested, by any suffix case: 64 x 64 RGB, in the order of the names, nothing to report."""
    save(tmp_path / "a.png", "L", colour=128)
    save(tmp_path / "b.JPG", size=(300, 200))
    save(tmp_path / "c.png", "RGBA", colour=(0, 0, 255, 0))
    save(tmp_path / "d.gif", "P", colour=0)
    save(tmp_path / "e.bmp", "1", colour=1)
    save(tmp_path / "f.jpeg", "CMYK", colour=(0, 0, 0, 0))
    save(tmp_path / "g" / "h" / "i.webp")
    (tmp_path / "notes.txt").write_text("not a picture, and not meant to be one")
    reals = folder.load(str(tmp_path), report=lines.append)
    assert (reals.samples.shape, reals.samples.dtype, reals.labels) == ((7, 64, 64, 3), np.uint8, None)
    grey, red, transparent = reals.samples[:3, 0, 0].tolist()
    assert (grey, transparent) == ([128, 128, 128], [255, 255, 255])
    assert red[0] > 250
    assert lines == []


def test_a_broken_picture_is_skipped_and_named(tmp_path, lines):
    """Empty, cut short and mislabelled files are counted, the first five named in one line; the others are used."""
    save(tmp_path / "good.png")
    save(tmp_path / "sub" / "whole.jpg", size=(200, 200))
    whole = (tmp_path / "sub" / "whole.jpg").read_bytes()
    (tmp_path / "sub" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").touch()
    for k in range(5):
        (tmp_path / f"text{k}.png").write_text("no picture")
    assert len(folder.load(str(tmp_path), report=lines.append)) == 2
    assert lines == [
        f"skipped 7 of 9 pictures in '{tmp_path}', not readable: "
        "empty.png, text0.png, text1.png, text2.png, text3.png, ..."
    ]


def test_a_decompression_bomb_is_a_broken_picture(tmp_path, lines, monkeypatch):
    """What Pillow would only warn of is not unpacked."""
    save(tmp_path / "bomb.png", "L", size=(400, 300), colour=0)
    save(tmp_path / "good.png", "L", size=(32, 32), colour=0)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100_000)
    assert folder.load(str(tmp_path), report=lines.append).samples.shape == (1, 32, 32, 1)
    assert "bomb.png" in lines[0]


def test_a_photograph_stands_as_its_exif_says(tmp_path):
    """Orientation 6 (a telephone held upright): the stored left half is what is seen on top."""
    pixels = np.zeros((64, 64), np.uint8)
    pixels[:, :32] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a.jpg", exif=exif, quality=95)
    (seen,) = folder.load(str(tmp_path)).samples
    assert seen[:28].mean() > 250
    assert seen[36:].mean() < 5


def test_an_explicit_request_wins(tmp_path):
    """Through `load`, as the command line asks for it."""
    save(tmp_path / "a.png", size=(64, 64))
    assert load(f"folder:{tmp_path}", image_size=16, channels=1).samples.shape == (1, 16, 16, 1)


def test_a_folder_without_a_readable_picture_says_what_was_seen(tmp_path):
    """The number of files, what counts as a picture, and which were broken."""
    (tmp_path / "notes.txt").touch()
    (tmp_path / "broken.png").touch()
    with pytest.raises(GanzooError, match=r"2 files seen, 1 of them pictures by their name.*all broken: broken.png"):
        folder.load(str(tmp_path))


def test_a_missing_folder_is_an_error(tmp_path):
    """It is named."""
    with pytest.raises(GanzooError, match=r"no folder '.*nowhere'"):
        folder.load(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("colour", ["L", "RGB"])
def test_a_folder_beyond_the_limit_is_the_same_from_its_file(tmp_path, colour):
    """Grey or coloured, more pictures than are decoded at once, one of them broken."""
    for k in range(2 * folder.WINDOW + 3):
        save(tmp_path / f"{k:03}.png", colour, size=(16, 16), colour=k)
    (tmp_path / "070.png").write_text("no picture")
    here = load(f"folder:{tmp_path}")
    there = load(f"folder:{tmp_path}", stream_above_mb=0)
    assert (type(here.samples), type(there.samples)) == (np.ndarray, StoredPictures)
    assert there.sha256() == here.sha256()
    np.testing.assert_array_equal(there.samples, here.samples)
    assert here.samples[:, 0, 0, 0].tolist() == [k for k in range(2 * folder.WINDOW + 3) if k != 70]
