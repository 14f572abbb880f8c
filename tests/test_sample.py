"""Folders as people have them: names that differ in their ends alone, and files that are no pictures."""

from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo.pictures.writing import png_names
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
