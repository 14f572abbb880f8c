"""The page that lays runs side by side."""

import json

import pytest

from ganzoo.errors import GanzooError
from ganzoo.files import write_json
from ganzoo.reports import compare
from tests.reports.pages import Page


def with_figure(workdir, value, **config):
    """The run with another Frechet distance of its generator, and other settings."""
    metrics = json.loads((workdir / "metrics.json").read_text())
    metrics["generate"]["fd_random300"] = value
    write_json(workdir / "metrics.json", metrics)
    description = json.loads((workdir / "config.json").read_text())
    description["config"] |= config
    write_json(workdir / "config.json", description)
    return workdir


def test_runs_of_one_recipe_have_their_spread_over_seeds(new_run, tmp_path):
    runs = [with_figure(new_run(f"run-{seed}", seed=seed), 1.0 + 2 * seed) for seed in (1, 0)]
    found = Page(compare.write(runs, tmp_path / "compare.html"))
    said = found.said()
    assert "in the features of an untrained network) 2 ± 1.41 1 3" in said
    assert [found.said(heading) for heading in found.all("h2")] == ["wgan_gp on mnist_5k"]
    assert "run-0 (seed 0) run-1 (seed 1)" in said


def test_runs_of_other_settings_are_another_group(new_run, tmp_path):
    runs = [new_run("a"), with_figure(new_run("b"), 1.0, batch_size=7), new_run("c", kind="points")]
    groups = compare.groups(compare.read(runs))
    assert [group.title for group in groups] == [
        "wgan_gp on mnist_5k: batch_size = 64",
        "wgan_gp on mnist_5k: batch_size = 7",
        "r3gan on gaussians25",
    ]


def test_two_runs_of_one_seed_are_pointed_out(new_run):
    (group,) = compare.groups(compare.read([new_run("a"), new_run("b")]))
    assert "same seed" in group.note


def test_a_run_without_metrics_is_among_the_others(new_run, tmp_path):
    runs = [new_run("a"), new_run("b", seed=1, finished=False, with_curves=False)]
    said = Page(compare.write(runs, tmp_path / "compare.html")).said()
    assert "The run has no export or measurements yet" in said
    assert "2.89 2.89 –" in said


def test_runs_that_cannot_be_compared_are_refused(new_run, tmp_path):
    one = new_run("one", finished=False, with_curves=False)
    other = new_run("other", kind="translator", finished=False, with_curves=False)
    for runs, said in (
        ([one], "compares two runs or more"),
        ([one, one / ".." / "one"], "is given twice"),
        ([one, other], "one samples and .*other translates pictures"),
        ([one, tmp_path / "nowhere"], "there is no folder"),
    ):
        with pytest.raises(GanzooError, match=said):
            compare.write(runs, tmp_path / "compare.html")
    assert not (tmp_path / "compare.html").exists()
