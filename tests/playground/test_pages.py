"""Pages in Node: the same samples as the SavedModel's, and what is refused."""

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ganzoo import load_config, tasks
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.export.inputs import classes
from ganzoo.playground import in_node, onnxruntime_web, pages
from ganzoo.serving.exported import Exported
from tests.playground.conftest import servable

KINDS = ["gan", "points", "cgan", "infogan"]
SAMPLERS = {"drs": {"gamma_percentile": 62.5}, "obrs": {"budget": 2.5}, "generate": {}}


def expected(exported: Exported, sampler: str, seed: list[int], count: int, labels: list[int] | None) -> dict:
    inputs = dict(num_samples=count, seed=seed, **SAMPLERS[sampler])
    if labels is not None:
        inputs["labels"] = np.array([classes(exported.config)[label] for label in labels])
    return exported.call(sampler, inputs)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_draws_the_samples_of_the_savedmodel(page, node, tmp_path, kind):
    """By each sampler, at other bounds than the recipe's; latents to 1e-6. For `cgan`, some classes alone."""
    what, folder, said = page(kind)
    exported = Exported(saved_model.write(what, tmp_path))
    seed, count = [12 if kind == "infogan" else 11, 4], 40
    labels = [number % 3 for number in range(count)] if what.facts["num_classes"] else None
    requests = [in_node.request(name, count, gamma=62.5, budget=2.5, labels=labels) for name in SAMPLERS]
    answer = in_node.drawn(folder, seed, latents=40, draws=requests)
    latents = exported.call("propose_inputs", dict(num_samples=40, seed=seed))["latents"]
    np.testing.assert_allclose(answer["latents"].reshape(latents.shape), latents, rtol=0, atol=1e-6)
    for sampler, found in zip(SAMPLERS, answer["draws"], strict=True):
        rows = expected(exported, sampler, seed, count, labels)
        assert found["margin"] > in_node.CLOSE, "another seed is needed"
        if sampler == "generate":
            np.testing.assert_allclose(found["samples"], rows["samples"].ravel(), rtol=1e-4, atol=1e-4)
            assert found["num_proposed"] == count
        else:
            assert len(rows["log_ratio"]) == count < found["num_proposed"]
            assert in_node.difference_of(found, rows) < 1e-4
    assert said[-1].startswith("checked in Node: the 16 samples of drs at seed ")


@pytest.mark.parametrize("kind", ["gan", "cgan"])
def test_where_the_limit_on_proposals_is_reached_the_page_has_the_same_too_few(page, node, tmp_path, kind):
    what, folder, _ = page(kind)
    facts = json.loads((folder / pages.FACTS).read_text())
    limited = {**what.facts["sampling"], "max_proposals_per_sample": 2}
    model_page = tmp_path / "site"
    model_page.mkdir()
    for path in folder.iterdir():
        (model_page / path.name).symlink_to(path)
    (model_page / pages.FACTS).unlink()
    (model_page / pages.FACTS).write_text(json.dumps(facts | {"sampling": limited}))
    labels = list(range(10)) if kind == "cgan" else None
    (found,) = in_node.drawn(
        model_page, [3, 0], latents=1, draws=[in_node.request("drs", 10, gamma=99.0, labels=labels)]
    )["draws"]
    assert found["num_proposed"] == 20
    assert len(found["log_ratio"]) < 10


def test_chosen_codes_are_those_of_generate_from_codes(page, node, tmp_path):
    what, folder, _ = page("infogan")
    exported = Exported(saved_model.write(what, tmp_path))
    continuous = what.signatures["generate_from_codes"].inputs[1].shape[1]
    codes = dict(category=2, continuous=[-0.5] * continuous)
    (found,) = in_node.drawn(folder, [4, 0], latents=1, draws=[in_node.request("generate", 9, codes=codes)])["draws"]
    given = dict(categories=np.full(9, 2), continuous=np.full((9, continuous), -0.5, np.float32), seed=[4, 0])
    rows = exported.call("generate_from_codes", given)["samples"]
    np.testing.assert_allclose(found["samples"], rows.ravel(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["cyclegan", "stargan"])
def test_a_page_translates_as_the_savedmodel_does(page, node, tmp_path, kind):
    """By every direction, to the domain that it names."""
    what, folder, said = page(kind)
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 1)).astype(np.float32)
    exported = Exported(saved_model.write(what, tmp_path))
    for number, (name, direction) in enumerate(what.facts["directions"].items()):
        found = in_node.translated(folder, picture, 1, direction=number)
        signature = name if kind == "cyclegan" else "translate"
        rows = exported.call(signature, {"images": picture, "domains": [direction["target"]]})
        np.testing.assert_allclose(found["images"], rows["images"].ravel(), rtol=1e-4, atol=1e-4)
    assert said[-1].startswith("checked in Node: the translation of a picture, within ")


def test_a_page_of_pix2pix_accepts_the_translation_of_the_savedmodel(page, node, tmp_path):
    """The noise is drawn on the page: `translate` and `drs` of a seed, with the candidates as the burn-in."""
    what, folder, said = page("pix2pix")
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 1)).astype(np.float32)
    exported = Exported(saved_model.write(what, tmp_path))
    for seed in (5, 6, 7):
        found = in_node.translated(folder, picture, seed, gamma=90.0)
        given = dict(images=picture, seed=[seed, 0])
        expected = exported.call("translate", given)["images"]
        np.testing.assert_allclose(found["images"], expected.ravel(), rtol=1e-4, atol=1e-4)
        rows = exported.call("drs", given | {"gamma_percentile": 90.0})
        assert found["margin"] > in_node.CLOSE, "another seed is needed"
        assert in_node.difference_of(found, rows | {"samples": rows["images"]}) < 1e-4
    assert said[-1].startswith("checked in Node: drs of a picture at seed ")


@pytest.mark.slow
def test_a_page_of_the_default_run_draws_64_digits_of_the_savedmodel(archive, node, tmp_path):
    """The default recipe's networks after a few steps, at the seed of the docs; ten digits a second on one thread."""
    pytest.importorskip("tf2onnx")
    config = load_config("wgan_gp")
    config.steps = config.ratio.refit.steps = config.ratio.smoothed.steps = 3
    config.sampling.burn_in = 1024
    task, model, data = tasks.prepare(config)
    with tempfile.TemporaryDirectory() as folder:
        task.train(model, data, config, Path(folder))
    what = task.servable(model, data, config, {"step": 3, "config": config.to_dict()})
    assert "checked in Node" in pages.write(what, model, tmp_path / "site", archive)[-1]
    request = in_node.request("drs", 64, gamma=config.sampling.gamma_percentile)
    (found,) = in_node.drawn(tmp_path / "site", [1, 0], latents=1, draws=[request])["draws"]
    exported = Exported(saved_model.write(what, tmp_path / "export"))
    rows = exported.call("drs", dict(num_samples=64, seed=[1, 0], gamma_percentile=config.sampling.gamma_percentile))
    assert found["margin"] > in_node.CLOSE, "another seed is needed"
    assert in_node.difference_of(found, rows) < in_node.TOLERANCE
    assert 64 / found["seconds"] > 10


def test_the_folder_holds_all_that_the_page_needs_and_nothing_machine_specific(page):
    _, folder, _ = page("gan")
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"index.html", "style.css", "propose.onnx", "burn_in.f32", "playground.json"} <= files
    assert {f"onnxruntime/{name}" for name in onnxruntime_web.FILES} <= files
    for name in files:
        if name.endswith((".js", ".css", ".html", ".json")) and "onnxruntime/" not in name:
            assert str(Path.home()) not in (folder / name).read_text(), name
    facts = json.loads((folder / "playground.json").read_text())
    assert facts["sample_shape"] == [16, 16, 1]
    assert facts["latents"] == dict(dim=3, categories=0, continuous=0, distribution="normal")


def test_a_page_replaces_an_older_page_and_nothing_else(page, exports, archive, tmp_path):
    pages.check_folder(tmp_path / "new")
    (tmp_path / "empty").mkdir()
    pages.check_folder(tmp_path / "empty")
    pages.check_folder(page("gan")[1])
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    with pytest.raises(GanzooError, match="a folder with other files in it"):
        pages.check_folder(tmp_path / "thesis")
    with pytest.raises(GanzooError, match="a folder with other files in it"):
        pages.write(page("gan")[0], exports["gan"][0], tmp_path / "thesis", archive)
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "years of work"
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "index.html").write_text("another page of this name")
    with pytest.raises(GanzooError, match=r"other files in it \(index\.html\)"):
        pages.check_folder(tmp_path / "own")
    site = shutil.copytree(page("gan")[1], tmp_path / "site")
    (site / ".git").mkdir()
    (site / "CNAME").write_text("digits.example")
    with pytest.raises(GanzooError, match=r"other files in it \(\.git, CNAME\)"):
        pages.check_folder(site)


def test_without_node_the_page_is_written_and_says_that_it_was_not_checked(
    page, exports, archive, tmp_path, monkeypatch
):
    """Also into the current folder, which is empty."""
    what, *_ = page("points")
    monkeypatch.setattr(in_node.shutil, "which", lambda name: None)
    (tmp_path / "site").mkdir()
    monkeypatch.chdir(tmp_path / "site")
    said = pages.write(what, exports["points"][0], Path("."), archive)
    assert said == [said[0], "not checked in Node: there is no `node`."]
    assert said[0].startswith("propose.onnx, within ")
    assert (tmp_path / "site" / "index.html").is_file()


def test_an_old_node_is_named(monkeypatch, tmp_path):
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v12.22.9\n")
    old.chmod(0o755)
    monkeypatch.setattr(in_node.shutil, "which", lambda name: str(old))
    assert in_node.missing() == "`node` is v12.22.9, and the check needs version 18 or newer."


def test_a_page_that_takes_too_long_in_node_is_written_and_says_so(page, exports, archive, node, tmp_path, monkeypatch):
    monkeypatch.setattr(in_node, "MINUTES", 0.0001)
    said = pages.write(page("points")[0], exports["points"][0], tmp_path / "site", archive)[-1]
    assert said == "not checked in Node: there was no answer within 0.0001 minutes."
    assert (tmp_path / "site" / "index.html").is_file()


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda site: (site / "burn_in.f32").write_bytes(np.full(64, 9.0, "<f4").tobytes()), "samples of drs at seed"),
        (lambda site: _edit(site / "random.js", "0x9e3779b9", "0x9e3779b8"), "latents differ"),
        (lambda site: _edit(site / "sampling.js", "export async function draw", "export async function drow"), "Node"),
    ],
)
def test_a_page_with_other_samples_is_not_written(page, exports, archive, node, tmp_path, monkeypatch, change, said):
    what, *_ = page("points")
    unchanged = in_node.check

    def check(what, site):
        change(site)
        return unchanged(what, site)

    monkeypatch.setattr(in_node, "check", check)
    with pytest.raises(GanzooError, match=said):
        pages.write(what, exports["points"][0], tmp_path / "site", archive)
    assert list(tmp_path.iterdir()) == []


def _edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_an_export_that_does_not_reject_is_refused(exports, archive, tmp_path):
    what = saved_model.servable(
        exports["points"][0], ratio=None, sampling=servable("points", exports["points"][0]).facts["sampling"]
    )
    with pytest.raises(GanzooError, match="this export rejects nothing"):
        pages.write(what, exports["points"][0], tmp_path / "site", archive)
    assert list(tmp_path.iterdir()) == []


def test_latents_of_ones_own_are_refused(page, exports, archive, tmp_path):
    what, *_ = page("points")
    inputs = what.signatures["propose_inputs"]
    cubed = replace(inputs, function=lambda *values: {"latents": tf.ones([8, 3]), "uniforms": tf.ones([8])})
    own = replace(what, signatures=what.signatures | {"propose_inputs": cubed})
    with pytest.raises(GanzooError, match="cannot draw the latents of 'gan': they are neither normal"):
        pages.write(own, exports["points"][0], tmp_path / "site", archive)
