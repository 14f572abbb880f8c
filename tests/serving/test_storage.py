"""A set's files in a folder and at a URL: whole, with the same checksums, and what is wrong is said in one line."""

import uuid

import fsspec
import numpy as np
import pytest

from ganzoo.errors import GanzooError
from ganzoo.files import checksum
from ganzoo.serving.batch import storage
from ganzoo.serving.batch.files import SampleSet
from tests.serving.test_batch_generate import plan_of


@pytest.fixture(params=["folder", "file", "memory"])
def place(request, tmp_path):
    """A place that does not exist yet; the one in memory is an object store, without folders of its own."""
    return {
        "folder": tmp_path / "set",
        "file": f"file://{tmp_path}/deep/set",
        "memory": f"memory://{uuid.uuid4().hex}/set",
    }[request.param]


def write_folder(path):
    for name, text in (("1/b.png", "b"), ("1/a.png", "a"), ("10.png", "c"), ("1.png", "d")):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)


def test_a_place_holds_files_and_folders_with_their_checksums(place, tmp_path):
    store = storage.opened(place)
    assert (store.names(), store.read("a.json"), store.checksum("a")) == (set(), {}, None)
    store.check()
    assert store.names() == set()
    store.write("a.json", {"x": [1, 2.5]})
    assert store.read("a.json") == {"x": [1, 2.5]}
    write_folder(tmp_path / "expected")
    for _ in range(2):  # again in the place of the first, of which nothing is left
        sha256 = store.put("pictures", write_folder)
        assert sha256 == store.checksum("pictures") == checksum(tmp_path / "expected")
    assert store.put("file", lambda path: path.write_text("text")) == store.checksum("file")
    assert store.put("pictures", lambda path: (path.mkdir(), (path / "only").touch())) == store.checksum("pictures")
    assert store.names() == {"a.json", "pictures", "file"}
    store.remove("pictures")
    store.remove("pictures")
    assert store.names() == {"a.json", "file"}


@pytest.mark.parametrize("format", ["tfrecord", "png"])
def test_a_set_has_the_same_entries_wherever_it_lies(tmp_path, place, format):
    plan = plan_of(format=format)
    sets = [SampleSet(plan, tmp_path / "here"), SampleSet(plan, place)]
    for one in sets:
        one.begin()
        for shard in range(4):
            rows = np.linspace(-1, 1, 16 * plan.size(shard), dtype=np.float32).reshape(-1, 4, 4, 1)
            one.write(shard, {"sample": rows}, {"num_proposed": 1, "acceptance_rate": 1.0})
    here, there = (one.complete(one.entries(one.begun())) for one in sets)
    assert here == there
    assert sets[0].store.names() == sets[1].store.names()


def test_a_set_of_another_plan_is_refused(place):
    SampleSet(plan_of(), place).begin()
    SampleSet(plan_of(), place).begin()
    with pytest.raises(GanzooError, match="holds another set: its seed is 5, this one's 6"):
        SampleSet(plan_of(seed=6), place).begin()


def test_a_place_of_other_things_is_refused(place):
    storage.opened(place).put("thesis.tex", lambda path: path.touch())
    with pytest.raises(GanzooError, match="is no empty folder and holds no manifest"):
        SampleSet(plan_of(), place).begin()


def test_a_file_in_the_place_of_a_set_is_refused(place):
    parent, _, name = str(place).rpartition("/")
    storage.opened(parent).put(name, lambda path: path.write_text("text"))
    with pytest.raises(GanzooError, match="is a file"):
        SampleSet(plan_of(), place).begin()


@pytest.mark.parametrize(
    "url, said",
    [
        ("nonsense://bucket/set", "nonsense://bucket/set could not be read or written: Protocol not known"),
        ("abfs://bucket/set", "abfs://bucket/set needs a package that is not installed"),
        ("file:///proc/nowhere/set", "file:///proc/nowhere/set could not be read or written: .*No such file"),
        ("http://127.0.0.1:1/set", "http://127.0.0.1:1/set"),
    ],
)
def test_a_url_that_cannot_be_written_is_refused_before_anything_is_made(url, said):
    with pytest.raises(GanzooError, match=said):
        storage.opened(url).check()


def test_what_another_process_writes_is_seen(tmp_path):
    store = storage.opened(f"file://{tmp_path}/set")
    store.write("a.json", {})
    assert store.names() == {"a.json"}
    fsspec.filesystem("file").touch(f"{tmp_path}/set/b.json")
    assert store.names() == {"a.json", "b.json"}
