"""Folders as people have them: names that differ in their ends alone, and files that are no pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.pictures.drawing import grid, to_uint8
from ganzoo.pictures.writing import png_names
from ganzoo.serving.exported import Exported
from tests import processes
from tests.export.test_encoded_pictures import png_of
from tests.exports import exports  # noqa: F401 - a fixture


def test_names_keep_their_folders_and_where_they_would_meet_their_ends():
    files = [Path("a.jpg"), Path("b/a.gif"), Path("c.png")]
    assert png_names(files) == [Path("a.png"), Path("b/a.png"), Path("c.png")]
    assert png_names([Path(name) for name in ("x/a.png", "X/A.png", "x/A.PNG")]) == [
        Path("x/a.png.png"),
        Path("X/A.png-2.png"),
        Path("x/A.PNG-3.png"),
    ]
    for other in ("a.png", "A.bmp"):
        names = png_names([*files, Path(other)])
        assert names == [Path("a.jpg.png"), Path("b/a.gif.png"), Path("c.png.png"), Path(f"{other}.png")]


def test_no_translation_overwrites_another_and_a_bomb_is_named(exports, tmp_path):  # noqa: F811
    """`a.png` and `a.jpg` are each other's negatives, and so differ translated; the bomb would be 900 megapixels."""
    folder, export = tmp_path / "pictures", exports["cyclegan"][1]
    folder.mkdir()
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(ramp).save(folder / "a.png")
    Image.fromarray(255 - ramp).save(folder / "a.jpg")
    (folder / "bomb.png").write_bytes(png_of(30_000, 30_000, bytes(30_001) * 300))
    asked = [f"--export_dir={export}", f"--input_dir={folder}", "--signature=a_to_b", f"--out={tmp_path}/out"]
    done = processes.run(*asked, module="ganzoo.sample", timeout=300)
    assert done.returncode == 0, done.stderr
    assert "2 pictures by a_to_b" in done.stdout
    limit = "1 above the limit of 89.5 megapixels, to be scaled down first"
    assert f"read 2 pictures in '{folder}'; left out 1: {limit} (bomb.png: 30000 x 30000, 900 m" in done.stderr
    names = ["a.jpg.png", "a.png.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    one, other = (np.asarray(Image.open(tmp_path / "out" / name)).astype(int) for name in names)
    assert np.abs(one - other).max() > 0


def sample(*arguments):
    return processes.run(*arguments, module="ganzoo.sample", timeout=300)


def test_a_walk_is_a_file_whose_frames_are_the_samples_of_the_same_seed(exports, tmp_path):  # noqa: F811
    """Two classes, side by side; the third of five frames is the second sample of each class."""
    asked = [f"--export_dir={exports['cgan'][1]}", "--labels=3,7", "--seed=4"]
    done = sample(*asked, "--walk=2", "--frames=5", f"--out={tmp_path}/walk.gif")
    assert f"5 frames in {tmp_path}/walk.gif, through samples 0, 1, 2, 3 of 4 by drs with seed 4" in done.stdout, done
    drawn = Exported(exports["cgan"][1]).draw("drs", 4, seed=4, labels=np.array([3, 7]))["samples"]
    with Image.open(tmp_path / "walk.gif") as image:
        for frame, first in ((0, 0), (2, 2)):
            image.seek(frame)
            shown = np.asarray(image.convert("L"))
            expected = grid(drawn[first : first + 2])[..., 0]
            factor = shown.shape[0] // expected.shape[0]
            np.testing.assert_array_equal(shown, expected.repeat(factor, 0).repeat(factor, 1))
    done = sample(*asked[:1], "--seed=4", "--labels=3", "--grid_of=2x3", f"--out={tmp_path}/plane.png")
    assert "2 x 3 samples in" in done.stdout, done
    drawn = to_uint8(Exported(exports["cgan"][1]).draw("drs", 4, seed=4, labels=np.array([3]))["samples"])
    plane = np.asarray(Image.open(tmp_path / "plane.png"))
    for place, corner in enumerate((plane[:16, :16], plane[:16, -16:], plane[-16:, :16], plane[-16:, -16:])):
        np.testing.assert_array_equal(corner, drawn[place, ..., 0])


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--walk=8", "--explain", "--out=a.png"], "--walk says what to draw: leave --explain out"),
        (["--walk=8", "--num_samples=9"], "--walk says what to draw: leave --num_samples out"),
        (["--walk=8", "--grid_of=2x2"], "--walk and --grid_of are two pictures"),
        (["--walk=1", "--out=a.gif"], "--walk is 1: a walk goes through 2 samples or more"),
        (["--walk=8", "--out=a.bmp"], "--out is a.bmp: give an animation's name in .gif, .webp, .apng, .mp4"),
        (["--walk=8", "--out=a.gif", "--fps=0"], "--fps is 0, expected 1 .. 50"),
        (["--frames=9"], "--frames is of a walk: give --walk"),
        (["--grid_of=1x2"], "--grid_of is '1x2', expected rows x columns such as 8x8"),
        (["--grid_of=2x2", "--out=a.gif"], "--out is a.gif: with --grid_of give a name in .png or .npz"),
        (["--walk=8", "--frames=7", "--out=a.gif"], "--frames is 7, too few for 8 samples"),
        (["--walk=2", "--out=a.gif", "--export_dir=points"], "makes points, which have no pictures of their own"),
        (["--walk=2", "--out=a.gif", "--export_dir=pix2pix"], "--walk and --grid_of are for models that sample"),
        (["--grid_of=2x2", "--labels=3,7"], "nothing lies between two classes: give --labels one class"),
    ],
)
def test_a_walk_that_cannot_be_is_one_line(exports, tmp_path, flags, words):  # noqa: F811
    name = next((flag.partition("=")[2] for flag in flags if flag.startswith("--export_dir")), "cgan")
    flags = [flag for flag in flags if not flag.startswith("--export_dir")]
    done = processes.run(*flags, f"--export_dir={exports[name][1]}", module="ganzoo.sample", cwd=tmp_path, timeout=300)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert list(tmp_path.iterdir()) == []
