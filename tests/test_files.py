import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from ganzoo.files import checksum, remove, whole, write_json


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "shard").write_text("whole")

    def write():
        with whole(tmp_path / "shard") as beside:
            beside.write_text("hal")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write()
    assert [path.name for path in tmp_path.iterdir()] == ["shard"]
    assert (tmp_path / "shard").read_text() == "whole"


def test_nothing_has_the_name_before_all_is_written(tmp_path):
    with whole(tmp_path / "new" / "set.npz") as beside:
        beside.write_bytes(b"all")
        assert not (tmp_path / "new" / "set.npz").exists()
        assert beside.suffix == ".npz"  # some writers add what is missing
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["set.npz"]


def test_a_folder_replaces_a_folder(tmp_path):
    for number in (1, 2):
        with whole(tmp_path / "shard") as beside:
            beside.mkdir()
            (beside / str(number)).touch()
    assert [path.name for path in (tmp_path / "shard").iterdir()] == ["2"]


def test_many_writers_of_one_name_leave_one_whole_file(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: write_json(tmp_path / "facts.json", {"numbers": [n] * 2000}), range(40)))
    assert [path.name for path in tmp_path.iterdir()] == ["facts.json"]
    assert len(set(json.loads((tmp_path / "facts.json").read_text())["numbers"])) == 1


def test_a_folders_checksum_is_of_names_and_contents(tmp_path):
    for name, files in {"a": {"x": "1", "y": "2"}, "same": {"y": "2", "x": "1"}, "other": {"x": "2", "y": "1"}}.items():
        (tmp_path / name).mkdir()
        for file, content in files.items():
            (tmp_path / name / file).write_text(content)
    assert checksum(tmp_path / "a") == checksum(tmp_path / "same") != checksum(tmp_path / "other")


def test_what_a_link_leads_to_is_not_removed(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    remove(tmp_path / "link")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
