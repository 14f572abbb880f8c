import os
import re
from pathlib import Path

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


def greys(reals):
    """The first pixel of each picture."""
    return reals.samples[:, 0, 0, 0].tolist()


def test_a_mixed_folder_becomes_one_array(tmp_path, lines):
    """Every format and mode, nested, by any suffix case: 64 x 64 RGB, in the order of the names; one line
    counts them."""
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
    assert lines[0] == f"read 7 pictures in '{tmp_path}'; left out 1: 1 not a picture by the ending (notes.txt)"
    assert reals.files == {"taken": 7, "left_out": {"not a picture by the ending": 1}, "enlarged": 6}


def test_a_broken_picture_is_left_out_and_named(tmp_path, lines):
    """Empty, cut short and mislabelled files are counted, the first five named in one line; the others are used."""
    save(tmp_path / "good.png")
    save(tmp_path / "sub" / "whole.jpg", size=(200, 200))
    whole = (tmp_path / "sub" / "whole.jpg").read_bytes()
    (tmp_path / "sub" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").touch()
    for k in range(5):
        (tmp_path / f"text{k}.png").write_text("no picture")
    assert len(folder.load(str(tmp_path), report=lines.append)) == 2
    assert lines[0] == (
        f"read 2 pictures in '{tmp_path}'; left out 7: 1 of zero bytes (empty.png); "
        "6 not readable (text0.png, text1.png, text2.png, text3.png, text4.png, ...)"
    )


def test_a_picture_beyond_the_limit_is_left_out_with_its_size(tmp_path, lines, monkeypatch):
    """What Pillow would only warn of is not unpacked. The limit, the picture's size and what to do are said, for each
    format, beyond Pillow's warning (400 x 300) and beyond its error (1000 x 900)."""
    for name in ("warned.png", "warned.jpg", "warned.tif", "warned.webp", "warned.gif", "warned.bmp"):
        save(tmp_path / name, "L", size=(400, 300), colour=0)
    save(tmp_path / "zone", "L", size=(1000, 900), colour=0, format="PNG")
    save(tmp_path / "good.png", "L", size=(32, 32), colour=0)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100_000)
    assert folder.load(str(tmp_path), report=lines.append).samples.shape == (1, 32, 32, 1)
    assert (
        "left out 7: 7 above the limit of 0.1 megapixels, to be scaled down first (warned.bmp: 400 x 300, " in lines[0]
    )
    assert all(f"{name}: 400 x 300, 0.12 megapixels" in lines[0] for name in ("warned.jpg", "warned.tif", "warned.png"))
    (tmp_path / "good.png").unlink()
    for file in tmp_path.glob("warned.*"):
        file.unlink()
    with pytest.raises(GanzooError, match=r"no readable picture.*\(zone: 1000 x 900, 0.9 megapixels\)"):
        folder.load(str(tmp_path))


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
    with pytest.raises(GanzooError, match=r"ending \(notes.txt\); 1 of zero bytes \(broken.png\).*\.png, \.apng"):
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


def test_formats_are_told_by_content(tmp_path, lines):
    """TIFF, JFIF and files without an ending are read where Pillow can, and left out with a reason where it cannot. A
    picture under another format's ending is read, too."""
    for k, (name, kind) in enumerate([("a.TIF", "TIFF"), ("b.tiff", "TIFF"), ("c", "PNG"), ("d.png", "BMP")]):
        save(tmp_path / name, "L", (16, 16), k, format=kind)
    save(tmp_path / "e.JFIF", "L", (16, 16), 4, format="JPEG")
    save(tmp_path / "f.pgm", "L", (16, 16), 5)
    (tmp_path / "g.tif").write_bytes(b"II*\0 and nothing else")
    (tmp_path / "LICENSE").write_text("text")
    assert greys(folder.load(str(tmp_path), report=lines.append)) == [0, 1, 2, 3, 4, 5]
    assert lines == [
        f"read 6 pictures in '{tmp_path}'; left out 2: "
        "1 without an ending and not a picture by the content (LICENSE); 1 not readable (g.tif)"
    ]


def test_no_other_program_is_started_for_a_file(tmp_path, monkeypatch):
    """Pillow hands EPS to Ghostscript, whatever the file's ending."""
    save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 40\n%%EndComments\nshowpage\n")
    started = []
    monkeypatch.setattr("subprocess.check_call", lambda *command, **options: started.append(command))
    monkeypatch.setattr("PIL.EpsImagePlugin.gs_binary", "gs")
    assert len(folder.load(str(tmp_path), report=lambda line: None)) == 1
    assert not started


def test_hidden_folders_and_files_are_left_out(tmp_path, lines):
    """Of notebooks, archives and file managers. They are counted where they hold pictures."""
    for k in range(3):
        save(tmp_path / f"{k}.png", "L", (16, 16), k)
    for name in (".ipynb_checkpoints/0-checkpoint.png", "deep/.trash/old/1.PNG", "__MACOSX/2.png", "._0.png"):
        save(tmp_path / name, "L", (16, 16), 99)
    (tmp_path / ".DS_Store").touch()
    assert greys(folder.load(str(tmp_path), report=lines.append)) == [0, 1, 2]
    assert lines == [
        f"read 3 pictures in '{tmp_path}'; left out 4: "
        "4 hidden (._0.png, .ipynb_checkpoints/0-checkpoint.png, __MACOSX/2.png, deep/.trash/old/1.PNG)"
    ]


def test_a_hidden_folder_that_is_named_is_read(tmp_path):
    save(tmp_path / ".cache" / "0.png", "L", (16, 16), 7)
    assert greys(folder.load(str(tmp_path / ".cache"))) == [7]


def test_links_to_folders_are_entered_once_and_never_in_circles(tmp_path, lines):
    """A link out of the folder is followed, and a link to what is read anyway or to a folder above is not."""
    save(tmp_path / "elsewhere" / "deep" / "1.png", "L", (16, 16), 1)
    save(tmp_path / "data" / "z" / "0.png", "L", (16, 16), 0)
    links = {
        "a": "z",
        "b": "../elsewhere",
        "c": "../elsewhere/deep",
        "d": ".",
        "e": "..",
        "f": "gone",
        "g.png": "g.png",
    }
    for name, target in links.items():
        (tmp_path / "data" / name).symlink_to(target)
    (tmp_path / "elsewhere" / "deep" / "back").symlink_to("..")
    assert greys(folder.load(str(tmp_path / "data"), report=lines.append)) == [1, 0]
    assert lines[0] == (
        f"read 2 pictures in '{tmp_path}/data'; left out 7: "
        "2 a link that leads nowhere (f, g.png); "
        "3 a link to a folder that is read anyway (a, b/deep/back, c); 2 a link to a folder above (d, e)"
    )


def test_a_pipe_is_not_waited_for(tmp_path, lines):
    save(tmp_path / "0.png", "L", (16, 16), 0)
    os.mkfifo(tmp_path / "1.png")
    assert len(folder.load(str(tmp_path), report=lines.append)) == 1
    assert "1 neither a file nor a folder (1.png)" in lines[0]


def test_a_folder_that_cannot_be_opened_is_mentioned(tmp_path, lines, monkeypatch):
    """Root may open every folder, so the refusal is made here."""
    save(tmp_path / "0.png", "L", (16, 16), 0)
    save(tmp_path / "closed" / "1.png", "L", (16, 16), 1)
    listdir = os.listdir

    def refusing(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refusing)
    assert len(folder.load(str(tmp_path), report=lines.append)) == 1
    assert "1 a folder that cannot be opened (closed)" in lines[0]


@pytest.mark.parametrize("sign", [".lock", "checkpoints"])
def test_the_pictures_of_a_run_in_the_folder_are_left_out(tmp_path, lines, sign):
    """Else a run in the folder of its own data would find other data when it is resumed."""
    save(tmp_path / "0.png", "L", (16, 16), 0)
    save(tmp_path / "run" / "samples" / "step_000001.png", "L", (16, 16), 1)
    if sign == ".lock":  # all that a run has at its first step
        (tmp_path / "run" / sign).touch()
    else:  # a run of an earlier version
        (tmp_path / "run" / sign).mkdir()
    (tmp_path / "run" / "config.json").write_text("{}")
    assert greys(folder.load(str(tmp_path), report=lines.append)) == [0]
    assert "1 in the folder of a run (run/samples/step_000001.png)" in lines[0]


@pytest.mark.parametrize(
    ("folders", "named"),
    [
        (["A/train", "A/test", "B/train"], "'A/test', and 2 elsewhere"),
        (["train", "val"], "'val', and 1 elsewhere"),
        (["TRAIN", "Validation"], "'Validation', and 1 elsewhere"),
        (["train2017", "val2017"], "'val2017', and 1 elsewhere"),
        (["trainA", "testA"], "'testA', and 1 elsewhere"),
        (["", "test"], "'test', and 1 elsewhere"),
    ],
)
def test_pictures_for_tests_are_never_pooled_with_others(tmp_path, folders, named):
    """The message names the folders and says what to do."""
    for name in folders:
        save(tmp_path / name / "0.png", "L", (16, 16), 0)
    with pytest.raises(GanzooError, match=f"{named}.*Give the folder of the training pictures alone, or rename"):
        folder.load(str(tmp_path))


@pytest.mark.parametrize("folders", [["test"], ["train", "trained"], ["tests", "contest"], ["cats", "dogs"]])
def test_folders_of_other_names_are_pooled(tmp_path, folders):
    """And so is a folder of nothing but test pictures."""
    for name in folders:
        save(tmp_path / name / "0.png", "L", (16, 16), 0)
    assert len(folder.load(str(tmp_path))) == len(folders)


def test_class_folders_are_labels(tmp_path, lines):
    """Two folders below one that all pictures share, one of them nested: labels in the order of the names."""
    for name in ("dogs/b.png", "cats/a.png", "cats/2021/c.png", "cats/2022/d.png"):
        save(tmp_path / "photos" / name, size=(64, 64))
    reals = folder.load(str(tmp_path), report=lines.append)
    assert (reals.class_names, reals.labels.tolist(), reals.labels.dtype) == (("cats", "dogs"), [0, 0, 0, 1], np.int64)
    assert reals.take(np.array([3])).class_names == ("cats", "dogs")
    assert lines[1:] == ["2 classes by their folders (cats: 3, dogs: 1)"]
    assert reals.files["classes"] == {"cats": 3, "dogs": 1}


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["a.png", "b.png"], "All pictures lie in one folder, '.*'; a class is a folder of its own"),
        (["cats/a.png", "cats/b.png"], "All pictures lie in one folder, '.*cats'"),
        (["cats/a.png", "dogs/b.png", "c.png"], r"2 pictures lie in class folders, and 1 in none \(such as c.png\)"),
        (["photos/cats/a.png", "photos/c.png"], r"1 pictures lie .* 1 in none \(such as photos/c.png\)"),
        (["test/a.png", "val/b.png"], "'test' is named like a part"),
    ],
)
def test_what_are_no_classes_says_why(tmp_path, names, why):
    """The pictures are read all the same, for models that need no labels."""
    for name in names:
        save(tmp_path / name, size=(64, 64))
    reals = folder.load(str(tmp_path))
    assert (len(reals), reals.labels) == (len(names), None)
    assert re.search(why, reals.without_labels)


def test_what_systems_and_cameras_leave_is_named_or_passed_over(tmp_path, lines):
    """A Mac's and a Windows's own files, a telephone's HEIC, a floating-point TIFF, and a file of zero bytes."""
    save(tmp_path / "good.png", "L", (32, 32), 7)
    save(tmp_path / "__MACOSX" / "._good.png", "L", (32, 32), 7)
    save(tmp_path / "depth.tif", "F", (32, 32), 0.5)
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini", "IMG_1.HEIC", "empty.jpg"):
        (tmp_path / name).write_bytes(b"" if name == "empty.jpg" else b"a")
    assert greys(folder.load(str(tmp_path), report=lines.append)) == [7]
    assert lines[0].startswith(f"read 1 pictures in '{tmp_path}'; left out 6: ")
    for reason in (
        "1 of a format that is not read, to be converted to PNG or JPEG (IMG_1.HEIC)",
        "2 not a picture by the ending (Thumbs.db, desktop.ini)",
        "1 hidden (__MACOSX/._good.png)",
        "1 of floating-point pixels, whose white nobody states: to be converted to 8 or 16 bits (depth.tif)",
        "1 of zero bytes (empty.jpg)",
    ):
        assert reason in lines[0]


def test_sixteen_bits_keep_their_range(tmp_path):
    """A 16-bit grey PNG: half of 65535 is half of 255."""
    Image.fromarray(np.full((16, 16), 32768, np.uint16)).save(tmp_path / "a.png")
    assert greys(folder.load(str(tmp_path))) == [128]


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("L", (16, 16), colour) for colour in (10, 200)]
    for name in ("a.gif", "b.webp", "c.png"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], lossless=True)
    assert np.allclose(greys(folder.load(str(tmp_path))), 10, atol=2)


def test_pictures_too_small_for_the_side_are_counted(tmp_path, lines):
    """With the smallest one. A side that all reach says nothing; padding enlarges only what is smaller both ways."""
    save(tmp_path / "large.png", size=(200, 100))
    save(tmp_path / "low.png", size=(200, 30))
    save(tmp_path / "small.png", size=(20, 30))
    load_at = lambda **request: folder.load(str(tmp_path), report=lines.append, **request)  # noqa: E731
    assert load_at(image_size=64).files["enlarged"] == 2
    assert "2 of 3 pictures are smaller than 64 x 64 pixels (the smallest 20 x 30: small.png)" in lines[-1]
    assert load_at(image_size=64, aspect="pad").files["enlarged"] == 1
    assert "enlarged" not in load_at(image_size=16).files


def test_the_ratio_can_be_kept(tmp_path):
    """Upright and lying photographs, one of them lying by its EXIF tag alone: the median ratio, 3 : 2, for all."""
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "turned.jpg", size=(200, 300), exif=exif)
    save(tmp_path / "lying.png", size=(300, 200))
    save(tmp_path / "upright.png", size=(200, 300))
    assert load(f"folder:{tmp_path}", image_size=96, aspect="keep").shape == (64, 96, 3)
    assert load(f"folder:{tmp_path}", aspect="keep").shape == (44, 64, 3)
    assert load(f"folder:{tmp_path}", image_size=96, sides=(40, 30)).shape == (40, 30, 3)


def test_a_padded_picture_is_whole(tmp_path):
    """A black bar of 3 : 1 stands in the middle of a white square."""
    save(tmp_path / "bar.png", "L", (96, 32), 0)
    (seen,) = load(f"folder:{tmp_path}", image_size=96, aspect="pad").samples[..., 0]
    assert (seen[:32] == 255).all()
    assert (seen[32:64] == 0).all()
    assert (seen[64:] == 255).all()


def test_an_unknown_aspect_is_an_error(tmp_path):
    save(tmp_path / "a.png")
    with pytest.raises(GanzooError, match="aspect is 'croop'; give one of crop, pad, keep. Did you mean 'crop'"):
        load(f"folder:{tmp_path}", aspect="croop")
