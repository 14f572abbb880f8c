import json

import numpy as np
import pytest

from ganzoo.data import loading, names
from ganzoo.data.loading import load_domains
from ganzoo.data.reals import Reals
from ganzoo.data.sources import domain_folders, unsplit
from ganzoo.data.sources.unsplit import Frame, Unsplit, with_test
from ganzoo.errors import GanzooError


def noise(count, seed=0, channels=1):
    return np.random.default_rng(seed).integers(0, 256, (count, 16, 16, channels), dtype=np.uint8)


def give(monkeypatch, *domains, paired=False, load_size=16):
    """Makes `folder:` give these pictures."""
    names = tuple("ABCDEFG"[: len(domains)])
    given = Unsplit(names, [Reals("", of, np.arange(len(of))) for of in domains], None, Frame(16, load_size, 0), paired)
    monkeypatch.setattr(domain_folders, "gather", lambda *_: given)


def test_the_embedded_sets_are_known_without_loading_them():
    assert [name for name in ("edges2digits", "mnist_5k", "swissroll", "folder:x") if names.is_domains(name)] == [
        "edges2digits"
    ]


def test_an_embedded_set_is_refused_to_generators_from_latents():
    with pytest.raises(GanzooError, match=r"'digit_styles' is for translators \(pix2pix, cyclegan, cut, stargan\)"):
        loading.load("digit_styles")


def test_the_classes_of_a_labelled_set_are_domains():
    """mnist_5k: ten of 400 + 100 digits, of which nothing else is known."""
    found = load_domains("mnist_5k", load_size=30)
    assert found.names == tuple("0123456789")
    assert [len(of) for of in found.train] == [400] * 10
    assert [len(of) for of in found.test] == [100] * 10
    assert (found.train[3].shape, found.shape) == ((30, 30, 1), (28, 28, 1))
    assert (found.train[3].labels, found.paired) == (None, False)


def test_each_domain_is_split_by_itself(monkeypatch):
    """80 % and 20 % of each, none on both sides, and the same every time."""
    give(monkeypatch, noise(50), noise(100, seed=1))
    found = load_domains("folder:x")
    assert [len(of) for of in (*found.train, *found.test)] == [40, 80, 10, 20]
    for train, test in zip(found.train, found.test, strict=True):
        assert sorted([*train.labels, *test.labels]) == list(range(len(train) + len(test)))
    assert found.describe() == load_domains("folder:x").describe()


def test_pairs_stay_pairs_when_split(monkeypatch):
    give(monkeypatch, noise(50), noise(50, seed=1), paired=True)
    found = load_domains("folder:x")
    for one, other in (found.train, found.test):
        np.testing.assert_array_equal(one.labels, other.labels)


def test_the_other_direction_is_the_same_split_the_other_way_round(monkeypatch):
    """Pairs stay pairs, and no picture changes its part."""
    give(monkeypatch, noise(50), noise(50, seed=1), paired=True)
    one, other = (load_domains("folder:x", direction=direction) for direction in ("a_to_b", "b_to_a"))
    assert other.names == ("B", "A")
    for part in ("train", "test"):
        for domain, same in zip(getattr(one, part), reversed(getattr(other, part)), strict=True):
            np.testing.assert_array_equal(domain.samples, same.samples)


def test_pairs_that_share_a_picture_are_on_one_side():
    """Pairs 0 and 1 have the same left picture, 1 and 2 the same right one: all three go together."""
    left, right = noise(20), noise(20, seed=1)
    left[1], right[2] = left[0], right[1]
    numbers = unsplit._linked([np.array([0, 0, *range(2, 20)]), np.array([0, 1, 1, *range(3, 20)])])
    assert len(set(numbers[:3])) == 1
    assert len(set(numbers)) == 18
    whole = Unsplit(("A", "B"), [Reals("", left), Reals("", right)], None, Frame(16, 16, 0), True)
    split = with_test(whole)
    for train, test in zip(split.train, split.test, strict=True):
        assert {of.tobytes() for of in train.samples}.isdisjoint(of.tobytes() for of in test.samples)


def test_one_domain_in_colour_makes_all_rgb(monkeypatch):
    """The grey one's three channels are equal."""
    give(monkeypatch, noise(50), noise(50, channels=3))
    grey = load_domains("folder:x").train[0].samples
    assert grey.shape == (40, 16, 16, 3)
    assert (grey == grey[..., :1]).all()


def test_test_pictures_are_resized_not_cut(monkeypatch):
    """Loaded at 32 to be cut at random, a picture of one half white still is one at 16."""
    picture = np.zeros((50, 32, 32, 1), np.uint8)
    picture[:, :, 16:] = 255
    picture[:, 0, 0, 0] = np.arange(50)
    give(monkeypatch, picture, picture, load_size=32)
    found = load_domains("folder:x")
    assert found.train[0].shape == (32, 32, 1)
    assert found.test[0].samples[:, 8].mean() == pytest.approx(127.5, abs=3)


def test_the_description_tells_each_domain_from_another(monkeypatch):
    """JSON-able; one pixel in one domain changes one hash of train or test."""
    give(monkeypatch, noise(50), noise(50, seed=1))
    before = load_domains("folder:x").describe()
    assert json.loads(json.dumps(before)) == before
    assert before["sizes"] == {"train": {"A": 40, "B": 40}, "test": {"A": 10, "B": 10}}
    changed = noise(50, seed=1)
    changed[7] ^= 1
    give(monkeypatch, noise(50), changed)
    after = load_domains("folder:x").describe()["sha256"]
    assert [(part, name) for part in after for name in "AB" if after[part][name] != before["sha256"][part][name]] in (
        [("train", "B")],
        [("test", "B")],
    )


def test_too_few_pictures_are_an_error(monkeypatch):
    """The domain and its numbers are named."""
    give(monkeypatch, noise(50), noise(11))
    with pytest.raises(GanzooError, match="domain 'B' of 'folder:x' has 9 pictures to train on and 2 to test on"):
        load_domains("folder:x")


@pytest.mark.parametrize(
    "name, request_, complaint",
    [
        ("", {}, "has no domains.*edges2digits"),
        ("swissroll", {}, "'swissroll' has no domains"),
        ("stacked_mnist", {}, "'stacked_mnist' has no domains"),
        ("edges2digit", {}, "no data set named 'edges2digit'. Did you mean 'edges2digits'?"),
        ("edges2digits", {"image_size": 513}, "image_size is 513; give 16 to 512"),
        ("edges2digits", {"load_size": 600}, "load_size is 600; give 16 to 512"),
        ("edges2digits", {"load_size": 30}, "load_size is 30, but squares of image_size 32"),
        ("edges2digits", {"channels": 4}, "channels is 4"),
        ("edges2digits", {"direction": "b_to_b"}, "give one of a_to_b, b_to_a. Did you mean 'b_to_a'?"),
        ("edges2digits", {"paired": "by_name"}, "only pictures in a folder can be paired"),
        ("folder:x", {"paired": "by_nam"}, "give one of none, by_name, side_by_side. Did you mean 'by_name'?"),
        ("folder:nowhere", {}, "no folder 'nowhere'"),
    ],
)
def test_a_request_that_cannot_be_met_says_what_can(name, request_, complaint):
    with pytest.raises(GanzooError, match=complaint):
        load_domains(name, **request_)
