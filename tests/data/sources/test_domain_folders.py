import numpy as np
import pytest
from PIL import Image

from ganzoo.data.loading import load_domains
from ganzoo.data.sources import domain_folders
from ganzoo.data.sources.domain_folders import gather
from ganzoo.data.sources.unsplit import Frame
from ganzoo.errors import GanzooError

FREE = Frame(0, 0, 0)
SMALL = Frame(16, 16, 0)


@pytest.fixture
def lines():
    """What a load reports."""
    return []


def save(path, mode="L", size=(16, 16), colour=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


def break_(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("no picture")


def greys(reals):
    """The first pixel of each picture."""
    return reals.samples[:, 0, 0, 0].tolist()


def test_a_and_b_folders_are_two_domains(tmp_path, lines):
    """Grey, RGBA and odd-sized pictures, framed; the broken ones counted and named by folder."""
    save(tmp_path / "trainA" / "a.png", colour=10)
    save(tmp_path / "trainA" / "b.png", "RGBA", (31, 47), (0, 0, 0, 0))
    break_(tmp_path / "trainA" / "c.png")
    save(tmp_path / "trainB" / "x.png", "I;16", (21, 17), 65535)
    save(tmp_path / "trainB" / "y.gif", "P")
    break_(tmp_path / "trainB" / "z.jpg")
    found = gather(str(tmp_path), SMALL, report=lines.append)
    assert (found.names, found.test, found.paired) == (("A", "B"), None, False)
    assert [of.shape for of in found.train] == [(16, 16, 1)] * 2
    assert [greys(of) for of in found.train] == [[10, 255], [255, 0]]
    assert lines == [
        f"skipped 1 of 3 pictures in '{tmp_path}/trainA', not readable: c.png",
        f"skipped 1 of 3 pictures in '{tmp_path}/trainB', not readable: z.jpg",
    ]


def test_test_folders_are_kept_apart(tmp_path):
    """Trained on at the load size, tested on at the image size."""
    for k, part in enumerate(("trainA", "trainB", "testA", "testB")):
        save(tmp_path / part / "1.png", size=(40, 40), colour=k)
    found = gather(str(tmp_path), Frame(16, 20, 0))
    assert [greys(of) for of in (*found.train, *found.test)] == [[0], [1], [2], [3]]
    assert [of.shape for of in (*found.train, *found.test)] == [(20, 20, 1)] * 2 + [(16, 16, 1)] * 2


def test_files_of_one_name_are_pairs(tmp_path, lines):
    """Whatever their extension; those whose partner is absent or broken are left out, counted and named."""
    for k in range(5):
        save(tmp_path / "trainA" / f"{k}.png", colour=k)
    for k in (4, 2, 1):
        save(tmp_path / "trainB" / f"{k}.bmp", colour=100 + k)
    break_(tmp_path / "trainB" / "3.png")
    save(tmp_path / "trainB" / "extra.png")
    found = gather(str(tmp_path), SMALL, "by_name", lines.append)
    assert found.paired
    assert [greys(of) for of in found.train] == [[1, 2, 4], [101, 102, 104]]
    assert lines == [
        f"skipped 2 of 5 pictures in '{tmp_path}/trainA', without a readable partner of that name: 0.png, 3.png",
        f"skipped 1 of 5 pictures in '{tmp_path}/trainB', not readable: 3.png",
        f"skipped 1 of 5 pictures in '{tmp_path}/trainB', without a readable partner of that name: extra.png",
    ]


def test_pictures_side_by_side_are_cut_in_the_middle(tmp_path, lines):
    """A left, B right, each square by its own centre; an odd width has no middle."""
    pixels = np.full((24, 48), 50, np.uint8)
    pixels[:, 24:] = 200
    for part, count in (("train", 3), ("test", 2)):
        for k in range(count):
            (tmp_path / part).mkdir(exist_ok=True)
            Image.fromarray(pixels + np.uint8(k)).save(tmp_path / part / f"{k}.png")
    save(tmp_path / "train" / "odd.png", size=(49, 24))
    break_(tmp_path / "train" / "broken.png")
    found = gather(str(tmp_path), FREE, "side_by_side", lines.append)
    assert (found.names, found.paired, found.frame.image_size) == (("A", "B"), True, 24)
    assert [greys(of) for of in found.train] == [[50, 51, 52], [200, 201, 202]]
    assert [greys(of) for of in found.test] == [[50, 51], [200, 201]]
    assert [line.partition("', ")[2] for line in lines] == [
        "not readable: broken.png",
        "of odd width, which has no two halves: odd.png",
    ]


@pytest.mark.parametrize("within", ["", "train"])
def test_class_folders_are_domains(tmp_path, within):
    """In the order of their names, nested pictures included; folders without pictures and hidden ones are none."""
    save(tmp_path / within / "red hair" / "1.png", "RGB", colour=(200, 0, 0))
    save(tmp_path / within / "blond" / "deep" / "1.png", colour=9)
    save(tmp_path / within / "grey" / "1.png", colour=99)
    save(tmp_path / within / ".thumbnails" / "1.png")
    (tmp_path / within / "notes").mkdir()
    found = gather(str(tmp_path), SMALL)
    assert found.names == ("blond", "grey", "red hair")
    assert [greys(of)[0] for of in found.train] == [9, 99, 200]
    assert found.test is None


def test_class_folders_may_have_test_pictures(tmp_path):
    for k, name in enumerate(("train/cat", "train/dog", "test/cat", "test/dog")):
        save(tmp_path / name / "1.png", colour=k)
    found = gather(str(tmp_path), SMALL)
    assert [greys(of) for of in (*found.train, *found.test)] == [[0], [1], [2], [3]]


def test_test_pictures_of_some_domains_only_are_an_error(tmp_path):
    for name in ("trainA", "trainB", "testB"):
        save(tmp_path / name / "1.png")
    with pytest.raises(GanzooError, match=r"none in .*testA\. Give some of every domain, or of none"):
        gather(str(tmp_path), SMALL)


@pytest.mark.parametrize(
    "files, paired",
    [
        ([], "none"),
        (["1.png"], "none"),
        (["cat/1.png"], "none"),
        (["trainA/1.png"], "none"),
        (["train/1.png", "test/1.png"], "none"),
        (["trainA/1.png", "trainB/1.png"], "side_by_side"),
    ],
)
def test_a_folder_in_no_layout_is_told_the_three(tmp_path, files, paired):
    for file in files:
        save(tmp_path / file)
    with pytest.raises(
        GanzooError, match=r"(?s)found in '.*trainA/ and trainB/.*A on the left.*a folder .*each domain"
    ):
        gather(str(tmp_path), SMALL, paired)


def test_a_size_is_settled_over_all_domains(tmp_path):
    """All of 20 x 20: 20; one of another size: 128."""
    for name in ("trainA", "trainB", "testA", "testB"):
        save(tmp_path / name / "1.png", size=(20, 20))
    assert gather(str(tmp_path), FREE).frame == Frame(20, 20, 0)
    save(tmp_path / "testB" / "2.png", size=(30, 20))
    assert gather(str(tmp_path), FREE).frame == Frame(128, 128, 0)


def test_a_folder_is_loaded_by_its_name(tmp_path):
    """Split where it has no test pictures, pairs as pairs."""
    for k in range(20):
        save(tmp_path / "photos" / f"{k}.png", "RGB", colour=(k, 0, 0))
        save(tmp_path / "maps" / f"{k}.png", colour=100 + k)
    found = load_domains(f"folder:{tmp_path}", image_size=16, paired="by_name")
    assert (found.names, found.shape, found.paired) == (("maps", "photos"), (16, 16, 3), True)
    for (maps, photos), count in ((found.train, 16), (found.test, 4)):
        assert greys(maps) == [100 + grey for grey in greys(photos)]
        assert len(maps) == count


def test_halves_are_equal():
    left, right = domain_folders.halves(Image.new("L", (50, 20)))
    assert left.size == right.size == (25, 20)
