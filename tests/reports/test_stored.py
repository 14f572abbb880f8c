"""Curves as event files have them: of runs that were resumed, killed, or never began."""

import os

import pytest

from ganzoo.reports import stored
from tests.reports.conftest import write_curves


def rename(workdir, second):
    """The one new event file gets the name that a start at this second would give it."""
    (path,) = (path for path in workdir.glob("events.*") if not path.name.endswith(".old"))
    os.rename(path, workdir / f"events.out.tfevents.{second}.host.1.0.v2.old")


def test_a_resumed_run_replaces_what_it_does_again(new_run):
    """The first start reached step 60, and the second one went on from the checkpoint of step 20."""
    workdir = new_run(finished=False, with_curves=False)
    for second, curve in ((999, {20: 1.0, 40: 2.0, 50: 9.0, 60: 3.0}), (1000, {40: 2.5, 60: 3.5})):
        write_curves(workdir, {"loss": curve})
        rename(workdir, second)
    assert stored.read(workdir).curves == {"loss": {20: 1.0, 40: 2.5, 60: 3.5}}


def test_a_record_that_was_cut_short_is_named_and_the_rest_read(new_run):
    workdir = new_run(finished=False, with_curves=False)
    write_curves(workdir, {"loss": {20: 1.0, 40: 2.0}})
    (path,) = workdir.glob("events.*")
    path.write_bytes(path.read_bytes()[:-5])
    run = stored.read(workdir)
    assert run.curves == {"loss": {20: 1.0}}
    assert [problem.partition(" ")[2][:32] for problem in run.problems] == ["ends in the middle of a record, "]


def test_the_last_step_on_record_counts_where_there_are_no_curves(new_run):
    assert stored.read(new_run(finished=False, with_curves=False)).step == 300


@pytest.mark.parametrize("name", ["step_.png", "step_x.png", "other.png"])
def test_other_files_among_the_pictures_are_left_out(new_run, name):
    workdir = new_run(finished=False, with_curves=False)
    (workdir / "samples" / name).write_bytes(b"")
    assert list(stored.read(workdir).pictures) == [1, 100, 200, 300]
