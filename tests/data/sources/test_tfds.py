import re
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from ganzoo.data import loading
from ganzoo.data.loading import load_domains, load_parts
from ganzoo.data.sources import tfds as source
from ganzoo.data.storage import StoredPictures
from ganzoo.errors import GanzooError


class GanzooStamps(tfds.core.GeneratorBasedBuilder):
    """Transparent pictures of several sizes, under a name of their own and without labels."""

    pkg_dir_path = Path(__file__).parent  # TFDS would look for a package around this module
    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {"caption": tfds.features.Text(), "stamp": tfds.features.Image(shape=(None, None, 4))}
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for k in range(3):
            yield k, {"caption": "blue", "stamp": np.full((20 + k, 30, 4), (0, 0, 255, 255 * k // 2), np.uint8)}


class GanzooSides(tfds.core.GeneratorBasedBuilder):
    """Two domains in splits of their own, as cycle_gan has them: the red of a picture is the size of its split."""

    pkg_dir_path = Path(__file__).parent
    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {"image": tfds.features.Image(), "label": tfds.features.ClassLabel(names=["A", "B"])}
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        sizes = {"trainA": 12, "trainB": 13, "testA": 2, "testB": 3}
        return {split: self._generate_examples(split[-1], size) for split, size in sizes.items()}

    def _generate_examples(self, label, size):
        for k in range(size):
            yield k, {"image": np.full((20, 30, 3), (size, 0, 255), np.uint8), "label": label}


class GanzooMarks(tfds.core.GeneratorBasedBuilder):
    """Two classes, half of the pictures each: a picture's grey is its label, and its last pixel its number."""

    pkg_dir_path = Path(__file__).parent
    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        label = tfds.features.ClassLabel(names=["cross", "tick"])
        features = {"image": tfds.features.Image(shape=(16, 16, 1)), "label": label}
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {
            "train": self._generate_examples(40),
            "test": self._generate_examples(10),
            "extra": self._generate_examples(40),
        }

    def _generate_examples(self, count):
        for k in range(count):
            picture = np.full((16, 16, 1), k % 2, np.uint8)
            picture[-1, -1] = k
            yield k, {"image": picture, "label": k % 2}


@pytest.fixture
def no_network(monkeypatch):
    """As on a machine without a network, wherever the tests run."""

    def refuse(request, timeout):
        raise OSError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)


@pytest.fixture
def mocked(monkeypatch):
    """TFDS with random pictures in place of downloads."""
    monkeypatch.setattr(source, "silent_host", lambda urls: None)
    with tfds.testing.mock_data(num_examples=5):
        yield


@pytest.fixture
def mocked_many(monkeypatch):
    """With enough pictures to have some of each of two classes."""
    monkeypatch.setattr(source, "silent_host", lambda urls: None)
    with tfds.testing.mock_data(num_examples=40):
        yield


@pytest.mark.parametrize("name", ["celeb_a", "cifar10"])
def test_an_unprepared_set_is_reported_without_a_network(name, no_network, monkeypatch, tmp_path):
    """With the reason and the ways out; TFDS, which would retry for minutes, is not let begin."""
    begun = []
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", lambda *_, **__: begun.append(name))
    with pytest.raises(GanzooError) as caught:
        loading.load(name, data_dir=str(tmp_path))
    assert begun == []
    assert re.fullmatch(
        rf"'{name}' is not prepared in {tmp_path} and could not be downloaded \(no network: \S+ does not answer\)\.\n"
        rf"        Prepare it where there is one \(`tfds build {name}`\), pass --data_dir, "
        r"or use an offline set: mnist_5k, gaussians25\.",
        str(caught.value),
    )


def test_a_host_that_keeps_silent_is_not_waited_for(monkeypatch):
    """A name server or a firewall that swallows every packet costs the patience once, not once per host."""
    now, started, waited = [0.0], [], []

    class SilentThread:
        def __init__(self, target, args, daemon):
            assert daemon  # or Python would wait for it at its end
            self.host = args[0]

        def start(self):
            started.append(self.host)

        def join(self, timeout):
            waited.append(timeout)
            now[0] += timeout

    monkeypatch.setattr(source.threading, "Thread", SilentThread)
    monkeypatch.setattr(source.time, "monotonic", lambda: now[0])
    assert source.silent_host([f"https://host{k}.invalid/file" for k in range(9)], patience=5.0) == "host0.invalid"
    assert started == [f"host{k}.invalid" for k in range(9)]
    assert sum(waited) == 5.0


def test_a_labelled_set_comes_with_its_labels(mocked):
    """mnist: grey, its own size, a class for each picture."""
    reals = loading.load("mnist")
    assert (reals.samples.shape, reals.samples.dtype) == ((5, 28, 28, 1), np.uint8)
    assert (reals.labels.shape, reals.labels.dtype) == ((5,), np.int64)


def test_pictures_of_any_size_are_framed(mocked):
    """cycle_gan states no size and each picture has its own: 64 x 64, or what is asked for."""
    assert loading.load("cycle_gan/horse2zebra", tfds_split="trainA").samples.shape == (5, 64, 64, 3)
    assert loading.load("cycle_gan/horse2zebra", tfds_split="trainB", image_size=32, channels=1).shape == (32, 32, 1)


def test_a_set_beyond_the_limit_is_the_same_from_its_file(tmp_path):
    """Pictures, labels, parts and hashes; 40 pictures of 256 bytes are far below a megabyte."""
    here = load_parts("ganzoo_marks", data_dir=str(tmp_path), stream_above_mb=1)
    there = load_parts("ganzoo_marks", data_dir=str(tmp_path), stream_above_mb=0)
    assert (type(here.train.samples), type(there.train.samples)) == (np.ndarray, StoredPictures)
    assert there.describe() == here.describe()
    for part in ("train", "ratio", "test"):
        np.testing.assert_array_equal(getattr(there, part).samples, getattr(here, part).samples)
        np.testing.assert_array_equal(getattr(there, part).labels, getattr(here, part).labels)


def test_the_number_of_pictures_is_known_before_they_are_read(tmp_path, monkeypatch):
    """So that many of them go to a file at once."""
    expected = []
    assemble = source.framing.assemble

    def spied(*request):
        expected.append(request[4])
        return assemble(*request)

    monkeypatch.setattr(source.framing, "assemble", spied)
    for split in ("train", "train[:25%]", "train+test"):
        loading.load("ganzoo_marks", data_dir=str(tmp_path), tfds_split=split)
    assert expected == [40, 10, 50]


def test_decoded_pictures_are_not_kept_by_tfds(tmp_path, monkeypatch):
    """Nor are its files read in pieces of 8 MB, nor pictures read ahead without a bound."""
    asked = []
    as_dataset = tfds.core.DatasetBuilder.as_dataset

    def spied(self, **request):
        asked.append(request["read_config"])
        return as_dataset(self, **request)

    monkeypatch.setattr(tfds.core.DatasetBuilder, "as_dataset", spied)
    loading.load("ganzoo_marks", data_dir=str(tmp_path))
    assert asked
    for of in asked:
        assert (of.try_autocache, of.override_buffer_size, of.skip_prefetch) == (False, 2**20, True)
        assert of.options.autotune.enabled is False


def test_the_splits_a_and_b_are_two_domains(tmp_path):
    """As cycle_gan's: trained on at the load size, with the test pictures of testA and testB; no labels."""
    found = load_domains("ganzoo_sides", data_dir=str(tmp_path), image_size=16, load_size=18)
    assert (found.names, found.paired) == (("A", "B"), False)
    assert [of.samples.shape for of in found.train] == [(12, 18, 18, 3), (13, 18, 18, 3)]
    assert [of.samples.shape for of in found.test] == [(2, 16, 16, 3), (3, 16, 16, 3)]
    assert [of.samples[0, 0, 0, 0] for of in (*found.train, *found.test)] == [12, 13, 2, 3]
    assert [of.labels for of in (*found.train, *found.test)] == [None] * 4


def test_the_classes_of_a_labelled_set_are_domains(tmp_path):
    """By their names in TFDS; the test split's pictures are set aside from train, 20 % of those of another split."""
    found = load_domains("ganzoo_marks", data_dir=str(tmp_path))
    assert (found.names, found.shape) == (("cross", "tick"), (16, 16, 1))
    assert [len(of) for of in (*found.train, *found.test)] == [20, 20, 5, 5]
    assert [of.samples[0, 0, 0, 0] for of in (*found.train, *found.test)] == [0, 1, 0, 1]
    for split, sizes in {"extra": [16, 16, 4, 4], "train+test": [20, 20, 5, 5]}.items():
        found = load_domains("ganzoo_marks", data_dir=str(tmp_path), tfds_split=split)
        assert [len(of) for of in (*found.train, *found.test)] == sizes


def test_a_downloaded_labelled_set_is_framed(mocked_many):
    """cats_vs_dogs, of any size: 128 x 128 where nothing else is asked for."""
    found = load_domains("cats_vs_dogs")
    assert (found.names, found.shape) == (("cat", "dog"), (128, 128, 3))


def test_a_set_without_domains_is_told_what_there_is(tmp_path):
    with pytest.raises(GanzooError, match="neither splits trainA and trainB nor labels.*digits_mnist2uci"):
        load_domains("ganzoo_stamps", data_dir=str(tmp_path))


def test_a_persons_own_set_is_prepared_and_read(tmp_path):
    """No label, no feature called image, RGBA of odd sizes; found again on disk under its name."""
    first = loading.load("ganzoo_stamps", data_dir=str(tmp_path))
    assert (first.samples.shape, first.labels) == ((3, 64, 64, 3), None)
    assert sorted(first.samples[:, 5, 5].tolist()) == [[0, 0, 255], [128, 128, 255], [255, 255, 255]]
    assert tfds.builder("ganzoo_stamps", data_dir=tmp_path).is_prepared()
    np.testing.assert_array_equal(loading.load("ganzoo_stamps", data_dir=str(tmp_path)).samples, first.samples)


@pytest.mark.parametrize("split", ["trainA", "train[:0]"])
def test_a_split_without_pictures_is_an_error(split, tmp_path):
    """The splits that there are, are named."""
    with pytest.raises(GanzooError, match=r"'ganzoo_stamps' has no pictures in a split .* Its splits are train;"):
        loading.load("ganzoo_stamps", data_dir=str(tmp_path), tfds_split=split)


def test_a_damaged_set_says_what_to_remove(tmp_path):
    """A file of the set is gone: no traceback out of TensorFlow."""
    loading.load("ganzoo_stamps", data_dir=str(tmp_path))
    next(tmp_path.rglob("*.tfrecord*")).unlink()
    with pytest.raises(GanzooError, match=r"'ganzoo_stamps' is damaged: .* Remove .*1\.0\.0"):
        loading.load("ganzoo_stamps", data_dir=str(tmp_path))


@pytest.mark.parametrize(
    "name, complaint",
    [
        ("cycle_gan/horse2zebr", "Did you mean 'cycle_gan/horse2zebra'"),
        ("mnist:9.9.9", "cannot be loaded at version 9.9.9"),
        ("imdb_reviews", "has no pictures; its features are text, label"),
    ],
)
def test_a_set_that_cannot_serve_says_why(name, complaint, tmp_path):
    """An unknown config, an unknown version, a set of texts."""
    with pytest.raises(GanzooError, match=complaint):
        loading.load(name, data_dir=str(tmp_path))
