import json
from dataclasses import replace

import numpy as np
import pytest

from ganzoo.data.loading import load
from ganzoo.data.parts import SEED, by_first_row, deal, equal_samples, held_out_of, split
from ganzoo.data.reals import Reals
from ganzoo.data.sources import toys
from ganzoo.errors import GanzooError


def pictures(count, seed=0):
    rng = np.random.default_rng(seed)
    return Reals("noise", rng.integers(0, 256, (count, 4, 4, 1), dtype=np.uint8), np.arange(count))


def test_pictures_are_split_sixty_twenty_twenty():
    """As mnist_5k: 5,000 give 3,000 / 1,000 / 1,000, every picture in exactly one part."""
    parts = split(pictures(5000))
    assert [len(part) for part in (parts.train, parts.ratio, parts.test)] == [3000, 1000, 1000]
    rows = np.concatenate([parts.train.labels, parts.ratio.labels, parts.test.labels])
    assert sorted(rows) == list(range(5000))


@pytest.mark.parametrize("total", [30, 144, 500, 1999])
def test_few_pictures_are_mostly_trained_on(total):
    """At least 85 % below 2,000; the rest is shared between the ratio and the test part."""
    sizes = split(pictures(total)).describe()["sizes"]
    assert sizes["train"] >= 0.85 * total
    assert sum(sizes.values()) == total
    assert 0 <= sizes["test"] - sizes["ratio"] <= 1


def test_more_pictures_never_mean_fewer_to_train_on():
    trained = [total - held_out_of(total) for total in range(10, 5000)] + [3000]
    assert (np.diff(trained) >= 0).all()


def test_the_split_of_before_can_be_had():
    """Exports of before are measured on it: 144 pictures were 88, 28 and 28."""
    assert split(pictures(144), "fifths").describe()["sizes"] == {"train": 88, "ratio": 28, "test": 28}


def test_few_labelled_pictures_are_split_class_by_class():
    """Of 100, 40 and 2 pictures, each class has its share of 15 % held out, and the rare class is trained on."""
    labels = np.repeat([0, 1, 2], [100, 40, 2])
    parts = split(replace(pictures(142), labels=labels))
    assert np.bincount(parts.train.labels).tolist() == [85, 34, 2]
    assert np.bincount(parts.ratio.labels).tolist() == [7, 3]
    assert np.bincount(parts.test.labels).tolist() == [8, 3]


def test_a_large_set_gives_ten_thousand_each_and_trains_on_the_rest():
    """As MNIST: 60,000 give 40,000 / 10,000 / 10,000."""
    assert split(pictures(60_000)).describe()["sizes"] == {"train": 40_000, "ratio": 10_000, "test": 10_000}


def test_points_are_split_as_in_the_25_gaussian_protocol():
    """50,000 / 50,000 / 10,000, each keeping the mixture it came from."""
    parts = split(toys.sample("gaussians25"))
    assert parts.describe()["sizes"] == {"train": 50_000, "ratio": 50_000, "test": 10_000}
    assert parts.test.mixture.sigma == 0.05


def test_parts_never_share_a_picture():
    """1,000 pictures of which 400 are copies of others: no bytes appear in two parts, and the sizes hold."""
    once = pictures(600)
    copies = np.random.default_rng(1).integers(0, 600, 400)
    parts = split(Reals("copies", np.concatenate([once.samples, once.samples[copies]])))
    train, ratio, test = (
        {sample.tobytes() for sample in part.samples} for part in (parts.train, parts.ratio, parts.test)
    )
    assert train.isdisjoint(ratio | test)
    assert ratio.isdisjoint(test)
    assert [len(part) for part in (parts.train, parts.ratio, parts.test)] == [850, 75, 75]


def test_a_picture_repeated_beyond_a_parts_size_is_trained_on():
    """Half of the set one blank picture: it fits into neither ratio nor test."""
    blank = np.zeros((500, 4, 4, 1), np.uint8)
    parts = split(Reals("blanks", np.concatenate([blank, pictures(500).samples])))
    assert (parts.ratio.samples.any(axis=(1, 2, 3))).all()
    assert (parts.test.samples.any(axis=(1, 2, 3))).all()
    assert len(parts.train) == 850


def test_the_description_tells_the_same_split_from_another():
    """JSON-able, equal for equal data, and another where one pixel differs."""
    reals = pictures(100)
    description = json.loads(json.dumps(split(reals).describe()))
    assert description == split(pictures(100)).describe()
    changed = reals.samples.copy()
    changed[7] ^= 1
    assert split(Reals("noise", changed)).describe()["sha256"] != description["sha256"]


def test_too_few_different_pictures_are_an_error():
    """A part would be empty; copies of one picture do not help."""
    with pytest.raises(GanzooError, match="holds 1 different samples"):
        split(Reals("copies", np.zeros((100, 4, 4, 1), np.uint8)))


def dealt_one_by_one(numbers, room):
    """What `deal` says, in as many words."""
    kinds, room, rows = {}, dict(room), {part: [] for part in room}
    for row, number in enumerate(numbers):
        kinds.setdefault(number, []).append(row)
    kinds = list(kinds.values())
    for k in np.random.default_rng(SEED).permutation(len(kinds)):
        part = next(part for part in room if room[part] >= len(kinds[k]))
        room[part] -= len(kinds[k])
        rows[part] += kinds[k]
    return rows


@pytest.mark.parametrize("values", [3, 20, 256])
def test_kinds_are_dealt_as_one_by_one(values):
    """Rows of many copies, of some and of hardly any; parts with room for a few, for none and for all."""
    rng = np.random.default_rng(values)
    for total in (1, 7, 40, 200):
        samples = rng.integers(0, values, (total, 1, 1, 1)).astype(np.uint8)
        room = {"test": total // 5, "ratio": int(rng.integers(total)), "train": total}
        dealt = deal(equal_samples(samples), room)
        assert {part: rows.tolist() for part, rows in dealt.items()} == dealt_one_by_one(samples.ravel().tolist(), room)


def test_numbers_count_in_the_order_of_first_rows():
    assert by_first_row(np.array([7, -2, 7, 9, -2])).tolist() == [0, 1, 0, 2, 1]
    assert equal_samples(np.array([[3.0, 1.0], [0.0, 2.0], [3.0, 1.0]], np.float32)).tolist() == [0, 1, 0]


def test_mnist_5k_is_split_as_ever():
    """What config.json of all runs on it has; exports are measured only where this is the same."""
    hashes = split(load("mnist_5k")).describe()["sha256"]
    assert hashes == {"train": "e8887f1688d034b8", "ratio": "dc925d0dd30fcedb", "test": "94c5748fcc211d02"}
