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
        f"read 4 pictures in '{tmp_path}' (trainA: 2, trainB: 2); left out 2: "
        "2 not readable (trainA/c.png, trainB/z.jpg)"
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
        f"read 6 pictures in '{tmp_path}' (trainA: 3, trainB: 3); left out 4: "
        "3 without a readable partner of that name (trainA/0.png, trainA/3.png, trainB/extra.png); "
        "1 not readable (trainB/3.png)"
    ]


def test_pictures_side_by_side_are_cut_in_the_middle(tmp_path, lines):
    """A left, B right, each square by its own centre; an odd width has no middle."""
    pixels = np.full((24, 48), 50, np.uint8)
    pixels[:, 24:] = 200
    for part, numbers in (("train", range(3)), ("test", range(3, 5))):
        for k in numbers:
            (tmp_path / part).mkdir(exist_ok=True)
            Image.fromarray(pixels + np.uint8(k)).save(tmp_path / part / f"{k}.png")
    save(tmp_path / "train" / "odd.png", size=(49, 24))
    break_(tmp_path / "train" / "broken.png")
    found = gather(str(tmp_path), FREE, "side_by_side", lines.append)
    assert (found.names, found.paired, found.frame.image_size) == (("A", "B"), True, 24)
    assert [greys(of) for of in found.train] == [[50, 51, 52], [200, 201, 202]]
    assert [greys(of) for of in found.test] == [[53, 54], [203, 204]]
    assert lines == [
        f"read 5 pictures in '{tmp_path}' (train: 3, test: 2); left out 2: "
        "1 not readable (train/broken.png); 1 of odd width, which has no two halves (train/odd.png)"
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


def test_the_counts_of_files_go_to_the_config(tmp_path):
    """Of all folders together, with every domain and part."""
    for k, name in enumerate(("trainA", "trainB")):
        for number in range(20):
            save(tmp_path / name / f"{number}.png", colour=20 * k + number)
    break_(tmp_path / "trainA" / "broken.png")
    expected = {"taken": {"trainA": 20, "trainB": 20}, "left_out": {"not readable": 1}}
    assert load_domains(f"folder:{tmp_path}").files == expected


@pytest.mark.parametrize("names", [("train", "test"), ("Train", "TEST"), ("training", "val"), ("train", "validation")])
def test_parts_within_domains_are_parts(tmp_path, names):
    """`A/train`, `A/test`, `B/train`, `B/test`: nobody's test pictures are trained on."""
    for k, domain in enumerate(("cats", "dogs")):
        for part, name in enumerate(names):
            save(tmp_path / domain / name / "1.png", colour=10 * k + part)
    found = gather(str(tmp_path), SMALL)
    assert found.names == ("cats", "dogs")
    assert [greys(of) for of in (*found.train, *found.test)] == [[0], [10], [1], [11]]


def test_a_domain_with_test_pictures_among_others_is_refused(tmp_path):
    """Where not every domain has a part to train on, nothing is guessed."""
    for name in ("cats/train", "cats/test", "dogs"):
        save(tmp_path / name / "1.png")
    with pytest.raises(GanzooError, match=r"'.*cats' has pictures in 'test', and 1 elsewhere"):
        gather(str(tmp_path), SMALL)


@pytest.mark.parametrize("folders", [("test", "val"), ("train2017", "val2017"), ("cats", "test")])
def test_a_part_is_no_domain(tmp_path, folders):
    for name in folders:
        save(tmp_path / name / "1.png")
    with pytest.raises(GanzooError, match="is named like a part of the data and would be a domain"):
        gather(str(tmp_path), SMALL)


@pytest.mark.parametrize("paired", ["none", "side_by_side"])
def test_a_validation_folder_is_the_test_part_where_there_is_no_other(tmp_path, paired, lines):
    """As in the published sets of pix2pix (train, val). With a `test`, what is in `val` is left out and counted."""
    suffixes = "AB" if paired == "none" else [""]
    for suffix in suffixes:
        for k, part in enumerate(("train", "val")):
            save(tmp_path / f"{part}{suffix}" / "1.png", size=(32, 16), colour=k)
    assert [greys(of) for of in gather(str(tmp_path), SMALL, paired).test] == [[1], [1]]
    for suffix in suffixes:
        save(tmp_path / f"test{suffix}" / "1.png", size=(32, 16), colour=2)
    assert [greys(of) for of in gather(str(tmp_path), SMALL, paired, lines.append).test] == [[2], [2]]
    assert f"{len(suffixes)} outside the folders that are used (val{suffixes[0]}/1.png" in lines[0]


def test_two_folders_whose_names_differ_in_case_are_refused(tmp_path):
    for name in ("trainA", "traina", "trainB"):
        save(tmp_path / name / "1.png")
    with pytest.raises(GanzooError, match="has 'trainA' and 'traina', and it is unclear which is meant"):
        gather(str(tmp_path), SMALL)
    for name in ("cat", "Cat", "dog"):
        save(tmp_path / "classes" / name / "1.png")
    with pytest.raises(GanzooError, match="has 'Cat' and 'cat'"):
        gather(str(tmp_path / "classes"), SMALL)


def test_a_partner_in_upper_case_is_told_from_no_partner(tmp_path, lines):
    """And a second file of one name from both."""
    for name in ("trainA/1.png", "trainA/a.png", "trainA/2.png", "trainA/2.bmp", "trainB/1.png", "trainB/A.png"):
        save(tmp_path / name)
    save(tmp_path / "trainB/2.png")
    assert len(gather(str(tmp_path), SMALL, "by_name", lines.append).train[0]) == 2
    assert "2 whose partner's name differs in upper and lower case (trainA/a.png, trainB/A.png)" in lines[0]
    assert "1 a second file of a name (trainA/2.png)" in lines[0]


@pytest.mark.parametrize(
    "link, target, first, second",
    [
        ("testA", "trainA", "trainA", "testA"),
        ("trainB", "trainA/inner", "trainA", "trainB"),
        ("testB", "trainA/inner", "trainA", "testB"),
    ],
)
def test_a_folder_in_two_parts_is_refused(tmp_path, link, target, first, second):
    """By a link to it or to a folder within it."""
    for name in ("trainA/1.png", "trainA/inner/1.png", "trainB/1.png", "testA/1.png", "testB/1.png"):
        if not name.startswith(link):
            save(tmp_path / name)
    (tmp_path / link).symlink_to(target)
    with pytest.raises(GanzooError, match=rf"{first} and .*{second} are one folder, or one is in the other"):
        gather(str(tmp_path), SMALL)


@pytest.mark.parametrize("paired", ["none", "by_name"])
def test_a_file_in_both_parts_is_not_trained_on(tmp_path, paired, lines):
    """Whatever its name; of a pair both go."""
    for k in range(3):
        save(tmp_path / "trainA" / f"{k}.png", colour=k)
        save(tmp_path / "trainB" / f"{k}.png", colour=10 + k)
    for name, colour in (("testA/x.png", 1), ("testB/x.png", 20)):
        save(tmp_path / name, colour=colour)
    found = gather(str(tmp_path), SMALL, paired, lines.append)
    kept = [[0, 2], [10, 12]] if paired == "by_name" else [[0, 2], [10, 11, 12]]
    assert [greys(of) for of in found.train] == kept
    assert [greys(of) for of in found.test] == [[1], [20]]
    assert "1 in the training part with an equal file in the test part (trainA/1.png)" in lines[0]


def test_what_lies_beside_the_folders_is_counted(tmp_path, lines):
    for name in ("trainA/1.png", "trainB/1.png", "loose.png", "more/2.png", ".hidden/3.png"):
        save(tmp_path / name)
    gather(str(tmp_path), SMALL, report=lines.append)
    assert "1 hidden (.hidden/3.png); 2 outside the folders that are used (loose.png, more/2.png)" in lines[0]


def test_a_folder_with_a_readme_is_no_domain(tmp_path):
    """A file without an ending is a picture by its content alone."""
    for name in ("cats/1.png", "dogs/1.png"):
        save(tmp_path / name)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "README").write_text("text")
    assert gather(str(tmp_path), SMALL).names == ("cats", "dogs")


def test_folders_may_be_links(tmp_path, lines):
    """To folders beside them, under names of a layout; what they lead to is not outside."""
    for k, name in enumerate(("horses/1.png", "zebras/deep/1.png")):
        save(tmp_path / name, colour=k)
    (tmp_path / "trainA").symlink_to("horses")
    (tmp_path / "trainB").symlink_to("zebras")
    assert [greys(of) for of in gather(str(tmp_path), SMALL, report=lines.append).train] == [[0], [1]]
    assert lines == [f"read 2 pictures in '{tmp_path}' (trainA: 1, trainB: 1)"]
