import subprocess

import pytest

from benchmarks import revisions
from benchmarks.revisions import ROOT, Trainer, checkout
from ganzoo import environment
from ganzoo.errors import GanzooError


def test_a_build_trains_and_draws_in_a_process_of_its_own():
    """Its generator and its samplers are those of its own recipe; it stops at the recipe's last step."""
    trainer = Trainer(ROOT, "wgan_gp", 0)
    trainer.train(1)
    samples, seconds = trainer.draw(0, 3)
    assert trainer.steps_left == 1299
    assert (samples.shape, samples.dtype, seconds) == ((3, 28, 28, 1), "float32", 0.0)
    trainer.close()
    assert trainer._process.returncode == 0


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with two revisions of a file, and a recipe more in the second."""
    monkeypatch.setattr(revisions, "ROOT", tmp_path / "here")
    (tmp_path / "here" / "zoo_configs").mkdir(parents=True)

    def git(*arguments):
        options = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *options, *arguments], cwd=tmp_path / "here", check=True, capture_output=True)

    git("init")
    for text in ("before", "after"):
        (tmp_path / "here" / "file").write_text(text)
        (tmp_path / "here" / "zoo_configs" / f"{text}.py").write_text("")
        git("add", ".")
        git("commit", "-m", text)
        git("tag", text)
    return tmp_path / "here"


def test_a_revision_is_checked_out_beside_this_one_and_removed(repository):
    with checkout("before") as place:
        assert (place / "file").read_text() == "before"
    assert not place.exists()
    assert (repository / "file").read_text() == "after"
    assert not any((repository / ".git" / "worktrees").glob("*"))


def test_a_revision_that_there_is_not_is_named(repository):
    message = "--against never: git has no such revision .* a clone with its history"
    with pytest.raises(GanzooError, match=message), checkout("never"):
        pass
    with pytest.raises(GanzooError, match=message):
        revisions.entries("never")


def test_the_entries_are_those_of_the_revision(repository):
    assert revisions.entries("before") == {"before"}
    assert revisions.entries("after") == {"before", "after"}


def test_another_build_gets_the_user_s_environment_without_what_this_build_has_set(tmp_path, monkeypatch):
    monkeypatch.setenv("GIVEN", "yes")
    monkeypatch.setenv("TUNED", "1")
    monkeypatch.setattr(environment, "tuned", {"TUNED": "1"})
    (tmp_path / "show.py").write_text(
        "import os, pathlib; pathlib.Path('seen').write_text(f\"{os.environ['GIVEN']} {'TUNED' in os.environ}\")"
    )
    revisions.run(tmp_path, "show")
    assert (tmp_path / "seen").read_text() == "yes False"
