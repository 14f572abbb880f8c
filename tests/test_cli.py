"""Paths on a command line that are at fault: one line for people, and a traceback for what is the program's own."""

import errno
import os
import signal
import subprocess
import sys
import time

import pytest
from absl import flags

from ganzoo import cli
from ganzoo.tasks import workdirs
from ganzoo.zoo.recipes import load_config
from tests import processes

WRITING = {
    "ganzoo.run": ["--model=gan", "--dataset=gaussians25", "--steps=1", "--workdir"],
    "ganzoo.sample": ["--export_dir=none", "--out"],
    "ganzoo.evaluate": ["--export_dir=none", "--out"],
    "ganzoo.progress": ["--workdir=run", "--out"],
    "ganzoo.reexport": ["--workdir=run", "--out"],
    "ganzoo.serving.batch.generate": ["--export_dir=none", "--out"],
    "ganzoo.serving.client": ["--model=none", "--out"],
    "ganzoo.serving.configs": ["--out"],
}
# Paths that the command looks into before it works.
READING = {
    "ganzoo.run": ["--model=gan", "--plugin"],
    "ganzoo.sample": ["--export_dir"],
    "ganzoo.evaluate": ["--export_dir"],
    "ganzoo.progress": ["--out=out.gif", "--workdir"],
    "ganzoo.reexport": ["--out=out", "--workdir"],
    "ganzoo.serving.batch.generate": ["--out=out", "--export_dir"],
    "ganzoo.serving.measure_latency": ["--export_dir"],
    "ganzoo.serving.stand_in": ["--model_config_file"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run to be exported, and a file where folders are expected."""
    root = tmp_path_factory.mktemp("paths")
    workdirs.claim(root / "run", {"config": load_config("gan", "gaussians25").to_dict(), "split": {}}, resume=True)
    (root / "file").write_text("no { config")
    return root


def answer(module, arguments, folder, expected_code=1):
    """The command's standard error, which is one line."""
    done = processes.run(*arguments, module=module, cwd=folder)
    assert done.returncode == expected_code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize("place", ["/proc/new", "file/new"])
@pytest.mark.parametrize("module", WRITING)
def test_a_place_where_nothing_can_be_made_is_named_before_the_work(folder, module, place):
    *others, flag = WRITING[module]
    error = answer(module, [*others, f"{flag}={place}"], folder)
    reason = "No such file or directory" if place.startswith("/proc") else "Not a directory"
    where = os.path.dirname(place)
    assert error == (
        f"ganzoo: {place} could not be written: it cannot be made in {where} ({reason}). Give another {flag}.\n"
    )
    assert sorted(path.name for path in folder.rglob("*")) == ["config.json", "file", "run"]


@pytest.mark.parametrize("place", ["/proc/new", "file", "n" * 300])
@pytest.mark.parametrize("module", READING)
def test_a_path_that_holds_nothing_of_use_is_named(folder, module, place):
    *others, flag = READING[module]
    code = 2 if module in ("ganzoo.reexport", "ganzoo.run") else 1  # found while the flags are read
    assert place in answer(module, [*others, f"{flag}={place}"], folder, code)


FLAG_VALUES = flags.FlagValues()
flags.DEFINE_string("out", "given/out.json", "", flag_values=FLAG_VALUES)
flags.DEFINE_multi_string("plugin", ["folder/mine.py"], "", flag_values=FLAG_VALUES)
FLAG_VALUES(["command"])


@pytest.mark.parametrize(
    "code, name, is_users",
    [
        (errno.ENOENT, "given/out.json", True),
        (errno.ENOENT, "given/.out-1f.json", True),
        (errno.ENOENT, "given", True),
        (errno.EISDIR, "given/out.json", True),
        (errno.ENOENT, "folder/mine.py", True),
        (errno.ENOENT, "given/asset.json", False),
        (errno.ENOENT, "elsewhere/asset.json", False),
        (errno.EEXIST, "elsewhere", False),
        (errno.EBADF, None, False),
        (errno.EACCES, None, True),
        (errno.EROFS, "elsewhere/asset.json", True),
    ],
)
def test_only_a_given_path_and_a_systems_refusal_lose_the_traceback(monkeypatch, capsys, code, name, is_users):
    error = OSError(code, os.strerror(code), name)
    assert _ends_in_one_line(error, monkeypatch) == is_users
    if is_users:
        assert f"{name or 'a file'} could not be read or written: {os.strerror(code)}." in capsys.readouterr().err


def test_a_folder_that_the_program_forgot_to_make_below_the_workdir_shows_its_traceback(tmp_path, monkeypatch):
    """A file where it expects a folder is the user's, as is a workdir that was removed while the run went on."""
    monkeypatch.setattr(FLAG_VALUES["out"], "value", str(tmp_path))
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory", str(tmp_path / "samples" / "1.png"))
    blocked = NotADirectoryError(errno.ENOTDIR, "Not a directory", str(tmp_path / "samples" / "1.png"))
    assert not _ends_in_one_line(missing, monkeypatch)
    assert _ends_in_one_line(blocked, monkeypatch)
    tmp_path.rmdir()
    assert _ends_in_one_line(missing, monkeypatch)


def _ends_in_one_line(error: OSError, monkeypatch) -> bool:
    """Whether a command that raises the error ends with exit code 1 instead of the error itself."""

    def main():
        raise error

    monkeypatch.setattr(cli, "FLAGS", FLAG_VALUES)
    monkeypatch.setattr(cli.app, "run", lambda guarded, flags_parser: guarded([]))
    with pytest.raises((SystemExit, OSError)) as ended:
        cli.run(main)
    assert ended.value is error or ended.value.code == cli.MISTAKE
    return ended.value is not error


def test_an_output_that_nobody_reads_on_ends_the_command_without_a_word():
    """As `python -m ganzoo.run --list | head -1` does; 141 is what a shell gives for that."""
    command = [sys.executable, "-m", "ganzoo.run", "--list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 141


@pytest.mark.parametrize(("name", "where"), [(None, ""), ("given/a.json", " of given/a.json")])
def test_a_full_disk_is_told_with_what_to_do(monkeypatch, capsys, name, where):
    assert _ends_in_one_line(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name), monkeypatch)
    said = capsys.readouterr().err
    assert f"ganzoo: there is no room left on the disk{where}. Make room, and give the same command again." in said


def test_sigterm_ends_a_command_with_a_line_and_its_code(tmp_path):
    """Outside the training, too: here while the command is at work on nothing."""
    code = (
        "import sys, time; sys.argv = ['wait']; from ganzoo import cli;"
        "cli.run(lambda: (print('ready', flush=True), time.sleep(60)))"
    )
    command = processes.Command(code=code)
    while "ready" not in command.printed():
        time.sleep(0.05)
    command.send_signal(signal.SIGTERM)
    _, err = command.communicate(30)
    assert command.returncode == cli.TERMINATED == 143
    assert err.endswith("ganzoo: terminated.\n")
