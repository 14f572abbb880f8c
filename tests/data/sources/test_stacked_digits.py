import json

import numpy as np
import pytest

from ganzoo.data import loading, names
from ganzoo.data.loading import load_parts
from ganzoo.data.parts import split
from ganzoo.data.sources import mnist_5k, stacked_digits
from ganzoo.errors import GanzooError


@pytest.fixture(scope="module")
def single():
    return mnist_5k.load()


@pytest.fixture(scope="module")
def stacked(single):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "load", lambda name, **request: single)
        return load_parts("stacked_mnist")


@pytest.fixture
def asked(single, monkeypatch):
    """What is asked of `load`, where a hundred digits of it are enough and the number of triples is not the matter."""
    monkeypatch.setattr(stacked_digits, "TRIPLES", {"train": 600, "ratio": 300, "test": 300})
    asked = {}

    def load(name, **request):
        asked.update(request, name=name)
        return single.take(np.arange(0, 5000, 50))

    monkeypatch.setattr(loading, "load", load)
    return asked


def channels(part):
    """The bytes of every digit picture in a part."""
    return {digit.tobytes() for digit in np.moveaxis(part.samples, -1, 1).reshape(-1, *part.shape[:2])}


def test_triples_are_as_many_as_the_literature_trains_on(stacked):
    """128,000, and 10,000 each for the ratio and the metrics; 28 x 28 RGB of 8 bits."""
    description = json.loads(json.dumps(stacked.describe()))
    assert description["dataset"] == "stacked_mnist"
    assert description["sizes"] == {"train": 128_000, "ratio": 10_000, "test": 10_000}
    assert stacked.train.shape == (28, 28, 3)
    assert stacked.train.samples.dtype == np.uint8


def test_no_digit_is_in_two_parts(stacked, single):
    """Nor is one left out: each of the 5,000 digit pictures is in exactly one part, in the part `split` puts it in."""
    parts = split(single)
    found = [channels(part) for part in (stacked.train, stacked.ratio, stacked.test)]
    assert found == [{digit.tobytes() for digit in part.samples} for part in (parts.train, parts.ratio, parts.test)]
    assert sum(map(len, found)) == len(set.union(*found)) == 5000


def test_a_label_has_a_decimal_for_each_channel(stacked, single):
    """100 red + 10 green + blue, by the labels that the digit pictures have alone."""
    label_of = {digit.tobytes(): label for digit, label in zip(single.samples, single.labels, strict=True)}
    for part in (stacked.train, stacked.ratio, stacked.test):
        assert part.labels.dtype == np.int64
        for sample, label in zip(part.samples[:200], part.labels[:200], strict=True):
            assert label == int("".join(str(label_of[sample[..., c].tobytes()]) for c in range(3)))


def test_every_mode_is_about_as_frequent(stacked):
    """128 triples of each of the 1,000 modes on average, give or take 11, and a few percent for uneven classes."""
    counts = np.bincount(stacked.train.labels, minlength=1000)
    assert len(counts) == 1000
    assert counts.min() > 60
    assert counts.max() < 220


def test_triples_are_the_same_every_time_and_others_in_each_part(asked):
    first, again = load_parts("stacked_mnist"), load_parts("stacked_mnist")
    assert first.describe() == again.describe()
    assert first.ratio.labels.tolist() != first.test.labels.tolist()


def test_a_size_is_obeyed(monkeypatch):
    """As by every other source; the digits are resized before they are stacked."""
    monkeypatch.setattr(stacked_digits, "TRIPLES", {"train": 6, "ratio": 3, "test": 3})
    assert load_parts("stacked_mnist", image_size=32, channels=3).train.samples.shape == (6, 32, 32, 3)


def test_large_pictures_are_fewer(asked, monkeypatch):
    """At 28 x 28 pixels a triple has 2,352 bytes: 100 of them in 235,200."""
    monkeypatch.setattr(stacked_digits, "MOST_BYTES", 235_200)
    assert set(load_parts("stacked_mnist").describe()["sizes"].values()) == {100}


def test_full_mnist_is_asked_of_tfds(asked):
    """The source's name, data_dir and split go to TFDS; the parts keep the name that was asked for."""
    parts = load_parts("stacked_mnist:mnist", data_dir="there", tfds_split="train", image_size=0, channels=0)
    assert asked == dict(name="mnist", data_dir="there", tfds_split="train", image_size=0, channels=1)
    assert parts.describe()["dataset"] == "stacked_mnist:mnist"


@pytest.mark.parametrize(
    "name, request_, complaint",
    [
        ("stacked_mnist", {"channels": 1}, "channels is 1, but 'stacked_mnist' has three"),
        ("stacked_mnist", {"image_size": 8}, "image_size is 8; give 16 to 256"),
        ("stacked_mnist:cifar10", {}, "of mnist_5k or mnist, not of 'cifar10'"),
        ("stacked_mnist:minst", {}, "not of 'minst'. Did you mean 'mnist'?"),
        ("stacked_minst", {}, "Did you mean 'stacked_mnist'?"),
    ],
)
def test_a_stack_that_cannot_be_made_says_what_can(name, request_, complaint):
    with pytest.raises(GanzooError, match=complaint):
        load_parts(name, **request_)


def test_stacked_digits_are_not_to_be_loaded_unsplit():
    """Split after stacking, the parts would share digits."""
    assert names.kind("stacked_mnist:mnist") == "images"
    with pytest.raises(GanzooError, match="split before they are stacked: use loading.load_parts"):
        loading.load("stacked_mnist")
