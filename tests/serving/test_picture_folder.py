"""A folder of pictures through an export: in this process, as `ganzoo.sample` does it, and at a server, as the client.

The tests' exports take sides that are multiples of 4, 8 to 32 pixels, and 6 pictures at a time.
"""

import numpy as np
import pytest
from PIL import Image

from ganzoo.errors import GanzooError
from ganzoo.serving import picture_folder
from ganzoo.serving.connecting import connect
from ganzoo.serving.in_process import InProcess
from ganzoo.serving.picture_folder import Sides
from ganzoo.serving.stand_in.server import StandIn


@pytest.fixture(scope="module")
def addresses(exports):
    """By gRPC and by REST."""
    with StandIn({name: exports[name][1] for name in ("cyclegan", "pix2pix", "stargan")}) as serving:
        yield serving


@pytest.fixture(scope="module", params=["in process", "grpc", "rest"])
def served(request, addresses, loaded):
    """Connects to a model by its name, in each of the ways in."""
    if request.param == "in process":
        return lambda name: InProcess(loaded(name))
    rest = request.param == "rest"
    return lambda name: connect(addresses.rest_address if rest else addresses.grpc_address, name, rest=rest)


def save(path, size, seed=0, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, size[::-1], np.uint8)
    Image.fromarray(pixels).save(path, **options)


def sizes(folder):
    return {str(path.relative_to(folder)): Image.open(path).size for path in folder.rglob("*.png")}


@pytest.mark.parametrize("signature", ["a_to_b", "a_to_b_png"])
def test_pictures_keep_their_own_sizes_by_every_way_in(served, tmp_path, capsys, signature):
    """Where the graph takes them; others get the nearest sides. The folder's size, agreed or not, changes nothing."""
    own = {"a.png": (32, 32), "b.png": (32, 32), "c/d.png": (24, 16), "e.gif": (12, 8)}
    for seed, (name, size) in enumerate(own.items()):
        save(tmp_path / "in" / name, size, seed)
    done = picture_folder.transform(served("cyclegan"), signature, str(tmp_path / "in"), tmp_path / "out")
    assert (done.count, done.expected) == (4, 4)
    expected = {name.replace(".gif", ".png"): size for name, size in own.items()}
    assert sizes(tmp_path / "out") == expected
    assert "resized" not in capsys.readouterr().err

    for seed, (name, size) in enumerate({"f.png": (31, 21), "g.png": (400, 200), "h.png": (5, 9)}.items()):
        save(tmp_path / "in" / name, size, seed)
    picture_folder.transform(served("cyclegan"), signature, str(tmp_path / "in"), tmp_path / "again")
    assert sizes(tmp_path / "again") == expected | {"f.png": (32, 20), "g.png": (32, 16), "h.png": (8, 16)}
    said = capsys.readouterr().err
    assert (
        f"ganzoo: resized 3 of 7 pictures: '{signature}' takes sides that are multiples of 4, 8 to 32 pixels." in said
    )


@pytest.mark.parametrize("signature", ["a_to_b", "a_to_b_png"])
def test_a_requested_size_makes_squares(served, tmp_path, signature):
    """Cut to the centre and resized as in training."""
    for name, size in {"a.png": (30, 50), "b.jpg": (200, 100)}.items():
        save(tmp_path / "in" / name, size)
    picture_folder.transform(served("cyclegan"), signature, str(tmp_path / "in"), tmp_path / "out", size=16)
    assert sizes(tmp_path / "out") == {"a.png": (16, 16), "b.png": (16, 16)}
    with pytest.raises(GanzooError, match="must be multiples of 4, 8 to 32, got 18"):
        picture_folder.transform(served("cyclegan"), signature, str(tmp_path / "in"), tmp_path / "out", size=18)


def test_a_size_that_no_request_could_hold_is_refused_before_a_picture_is_enlarged(served, tmp_path):
    save(tmp_path / "in" / "a.png", (30, 50))
    for signature in ("a_to_b", "a_to_b_png"):
        with pytest.raises(GanzooError, match="--size is 100000, expected at most 2896"):
            picture_folder.transform(
                served("cyclegan"), signature, str(tmp_path / "in"), tmp_path / "out", size=100_000
            )


def test_a_missing_folder_is_asked_for_by_its_flag(served, tmp_path):
    with pytest.raises(GanzooError, match=r"no folder 'nowhere'\. Give --input_dir the folder your pictures are in"):
        picture_folder.transform(served("cyclegan"), "a_to_b", "nowhere", tmp_path / "out")


def test_arrays_and_files_come_to_the_same_whatever_the_format(served, tmp_path):
    """GIF, BMP, TIFF and a rotated JPEG, of which the graph itself decodes none or decodes it lying down."""
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, options in {"a.gif": {}, "b.bmp": {}, "c.tif": {}, "d.jpg": {"exif": exif}}.items():
        save(tmp_path / "in" / name, (32, 16), **options)
    for signature in ("a_to_b", "a_to_b_png"):
        picture_folder.transform(served("cyclegan"), signature, str(tmp_path / "in"), tmp_path / signature)
    assert sizes(tmp_path / "a_to_b")["d.png"] == (16, 32)
    for name in ("a.png", "b.png", "c.png", "d.png"):
        one, other = (np.asarray(Image.open(tmp_path / s / name), int) for s in ("a_to_b", "a_to_b_png"))
        assert np.abs(one - other).max() <= 1


def test_the_ways_in_give_the_same_pictures(addresses, loaded, tmp_path):
    """Of a model with noise, in several requests: `ganzoo.sample` and the client draw the same."""
    for k in range(9):
        save(tmp_path / "in" / f"{k}.png", (16, 16), seed=k)
    ways = {
        "here": InProcess(loaded("pix2pix")),
        "grpc": connect(addresses.grpc_address, "pix2pix"),
        "rest": connect(addresses.rest_address, "pix2pix", rest=True),
    }
    for way, connection in ways.items():
        picture_folder.transform(connection, "translate", str(tmp_path / "in"), tmp_path / way, seed=3)
    for k in range(9):
        here, *others = (np.asarray(Image.open(tmp_path / way / f"{k}.png"), int) for way in ways)
        assert all(np.abs(here - other).max() <= 1 for other in others)


def test_rejected_candidates_leave_the_other_names_in_place(loaded, tmp_path):
    """`drs` may accept none for a picture. What is written has the name of the picture it is of."""
    for k in range(8):
        save(tmp_path / "in" / f"{k}.png", (16, 16), seed=k)
    request = dict(seed=3, gamma_percentile=10.0)
    where = (InProcess(loaded("pix2pix")), "drs", str(tmp_path / "in"))
    done = picture_folder.transform(*where, tmp_path / "out", **request)
    assert len(sizes(tmp_path / "out")) == done.count == 8
    picture_folder.transform(*where, tmp_path / "out.npz", **request)
    arrays = np.load(tmp_path / "out.npz")
    np.testing.assert_array_equal(arrays["rows"], np.arange(8))
    for k in range(8):
        written = np.asarray(Image.open(tmp_path / "out" / f"{k}.png"), int)
        assert np.abs(written - (arrays["images"][k, ..., 0] + 1) * 127.5).max() <= 0.51


def test_scores_of_pictures_of_several_sizes_are_rows_of_one_array(loaded, tmp_path):
    """In the order of the names. Pictures of several sizes have no array of their own, and that is said."""
    for name, size in {"a.png": (16, 16), "b.png": (24, 24), "c.png": (16, 16)}.items():
        save(tmp_path / "in" / name, size)
    connection = InProcess(loaded("cyclegan"))
    picture_folder.transform(connection, "score", str(tmp_path / "in"), tmp_path / "scores.npz")
    logits = np.load(tmp_path / "scores.npz")["logits_a"]
    assert logits.shape == (3,)
    assert logits[0] == logits[2] != logits[1]
    with pytest.raises(GanzooError, match="of several sizes: give --out a folder, or one --size"):
        picture_folder.transform(connection, "a_to_b", str(tmp_path / "in"), tmp_path / "all.npz")
    picture_folder.transform(connection, "a_to_b", str(tmp_path / "in"), tmp_path / "all.npz", size=16)
    assert np.load(tmp_path / "all.npz")["images"].shape == (3, 16, 16, 1)


def test_a_signature_of_one_size_gets_that_size(loaded, tmp_path):
    """StarGAN's discriminator judges the training size alone."""
    save(tmp_path / "in" / "a.png", (40, 30))
    connection = InProcess(loaded("stargan"))
    picture_folder.transform(connection, "score", str(tmp_path / "in"), tmp_path / "scores.npz")
    assert np.load(tmp_path / "scores.npz")["logits"].shape == (1,)
    with pytest.raises(GanzooError, match="--size is 32, but signature 'score' takes pictures of 16 x 16 alone"):
        picture_folder.transform(connection, "score", str(tmp_path / "in"), tmp_path / "scores.npz", size=32)


def test_the_reader_is_that_of_training(loaded, tmp_path, capsys):
    """Hidden and broken files are left out and counted, and so are the results of an earlier command."""
    for name in ("a.png", ".thumbs/b.png", "c.tif", "out/earlier.png"):
        save(tmp_path / "in" / name, (16, 16))
    (tmp_path / "in" / "broken.jpg").touch()
    connection, folder = InProcess(loaded("cyclegan")), tmp_path / "in"
    picture_folder.transform(connection, "a_to_b", str(folder), folder / "out")
    assert capsys.readouterr().err == (
        f"read 2 pictures in '{folder}'; left out 3: 1 hidden (.thumbs/b.png); "
        "1 in the folder of the results (out/earlier.png); 1 of zero bytes (broken.jpg)\n"
    )
    before = (folder / "a.png").read_bytes()
    with pytest.raises(GanzooError, match="whose pictures would be overwritten"):
        picture_folder.transform(connection, "a_to_b", str(folder), folder)
    assert (folder / "a.png").read_bytes() == before
    (tmp_path / "none").mkdir()
    with pytest.raises(GanzooError, match="no readable picture in .*It has no files"):
        picture_folder.transform(connection, "a_to_b", str(tmp_path / "none"), tmp_path / "out")


@pytest.mark.parametrize(
    "own, sent",
    [
        ((256, 256), (256, 256)),
        ((1024, 16), (1024, 16)),
        ((301, 199), (300, 200)),
        ((4096, 16), (1024, 16)),
        ((3, 3), (16, 16)),
    ],
)
def test_the_nearest_sides_are_taken_and_keep_the_proportions(own, sent):
    """As far as the bounds allow."""
    assert Sides(4, 16, 1024).nearest(*own) == sent
