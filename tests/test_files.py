import errno
import json
import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from ganzoo.errors import GanzooError
from ganzoo.files import (
    Held,
    NoLocks,
    check_space,
    check_writable,
    checksum,
    locked,
    remove,
    remove_unfinished,
    unfinished,
    whole,
    write_json,
)
from tests import processes


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


def test_a_file_does_not_take_the_place_of_a_folder(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "kept").touch()
    with pytest.raises(IsADirectoryError):
        write_json(tmp_path / "runs", {})
    assert [path.name for path in tmp_path.rglob("*")] == ["runs", "kept"]


@pytest.mark.parametrize(
    "path, is_folder, said",
    [
        ("/proc/new", True, "it cannot be made in /proc (No such file or directory). Give another --out."),
        ("/proc/new/a.json", False, "it cannot be made in /proc (No such file or directory). Give another --out."),
        ("/proc/new.json", False, "it cannot be made in /proc (No such file or directory). Give another --out."),
        ("file/new", True, "it cannot be made in file (Not a directory). Give another --out."),
        ("file/new/a.json", False, "it cannot be made in file (Not a directory). Give another --out."),
        ("file", True, "file could not be written: it is a file. Give --out a folder's name."),
        ("folder", False, "folder could not be written: it is a folder. Give --out a file's name."),
        ("n" * 300, True, f"it cannot be made in {'n' * 300} (File name too long). Give another --out."),
        ("n" * 300, False, "it cannot be made in . (File name too long). Give another --out."),
    ],
)
def test_where_nothing_can_be_written_is_found_before_the_work(tmp_path, monkeypatch, path, is_folder, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(GanzooError) as error:
        check_writable(path, "--out", is_folder=is_folder)
    assert str(error.value).endswith(said)


def test_finding_that_something_can_be_written_leaves_nothing(tmp_path):
    (tmp_path / "old.json").write_text("old")
    for path, is_folder in [("a/b", True), ("a/b.json", False), ("old.json", False), (".", True)]:
        check_writable(tmp_path / path, "--out", is_folder=is_folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["old.json"]
    assert (tmp_path / "old.json").read_text() == "old"


HOLDING = """
import sys, time
from ganzoo.files import locked
with locked(sys.argv[1], "the other"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_lock_is_held_by_one_process_and_ends_with_it_even_after_kill_9(tmp_path):
    """Whoever comes second reads what the first left. After the kill the lock is free at once, its file still there."""
    path = tmp_path / "lock"
    other = processes.Command(path, code=HOLDING)
    end = time.monotonic() + 60
    while not (path.exists() and path.read_text()):
        assert other.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    with pytest.raises(Held, match="^the other$"), locked(path, "mine"):
        pass
    assert path.read_text() == "the other"
    other.send_signal(signal.SIGKILL)
    assert other.wait(60) == -signal.SIGKILL
    assert path.read_text() == "the other"
    with locked(path, "mine"):
        assert path.read_text() == "mine"


def test_a_lock_is_held_within_a_process_and_free_after_its_block(tmp_path):
    """An error ends the block, too."""
    with locked(tmp_path / "lock", "one"), pytest.raises(Held, match="one"), locked(tmp_path / "lock", "two"):
        pass
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "lock", "one"):
        raise ZeroDivisionError
    with locked(tmp_path / "lock", "two"):
        pass


def test_children_do_not_keep_a_lock(tmp_path):
    """A program that the owner started may outlive it."""
    with locked(tmp_path / "lock", "one"):
        child = processes.subprocess.Popen(["sleep", "60"])
    try:
        with locked(tmp_path / "lock", "two"):
            pass
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize(
    ("number", "raised"), [(errno.ENOLCK, NoLocks), (errno.EOPNOTSUPP, NoLocks), (errno.ENOSYS, NoLocks), (5, OSError)]
)
def test_a_file_system_without_locks_is_told_from_a_lock_that_is_held(tmp_path, monkeypatch, number, raised):
    """As NFS without its lock service says it; other errors are errors."""

    def refuse(file):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("ganzoo.files._lock", refuse)
    with pytest.raises(raised, match=os.strerror(number)), locked(tmp_path / "lock", "one"):
        pass


def test_a_full_disk_is_told_with_its_room_and_what_is_needed(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=3_210_000))
    with pytest.raises(GanzooError, match=r"has 3.21 MB of room, and .* take about 45 MB. Make room, or .* --workdir"):
        check_space(tmp_path, 45_000_000, "--workdir")
    check_space(tmp_path, 3_210_000, "--workdir")


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    dead = multiprocessing.get_context("forkserver").Process(target=print)
    dead.start()
    dead.join()
    (tmp_path / f".version-{dead.pid}-{'0' * 32}").mkdir()
    (tmp_path / f".metrics-{dead.pid}-{'0' * 32}.json").write_text("{")
    for name in (".hidden", f".other-{dead.pid}", "kept.json"):
        (tmp_path / name).write_text("")
    with unfinished(tmp_path / "mine.json") as mine:
        mine.write_text("")
        remove_unfinished(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {".hidden", f".other-{dead.pid}", "kept.json", mine.name}
    remove_unfinished(tmp_path / "nowhere")
