"""A run's page, by what a parser finds in it. `test_browser.py` opens it."""

import base64
import io
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from ganzoo.errors import GanzooError
from ganzoo.files import write_json
from ganzoo.pictures import drawing
from ganzoo.reports import page
from ganzoo.serving.exported import Exported
from tests.reports.conftest import KINDS, STEPS, TAGS, write_curves
from tests.reports.pages import Page

KINDS_OF_SAMPLERS = ["pictures", "points", "classes"]


def written(workdir, **options):
    return Page(page.write(workdir, **options))


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_one_file_of_valid_html_whose_pictures_decode(made, kind):
    found = written(made(kind))
    addresses = [image.get("src") for image in found.all("img")]
    addresses += re.findall(r"data:image/\w+;base64,[\w+/=]+", found.text)
    assert len(addresses) > 4
    for address in addresses:
        content = base64.b64decode(address.partition(";base64,")[2])
        Image.open(io.BytesIO(content)).load()
    assert not re.search(
        r"""(src|href|url)[=(]["']?+(?!data:|#)""", re.sub("<script>.*?</script>", "", found.text, flags=re.S)
    )
    assert not re.search("https?:", found.text)


@pytest.mark.parametrize("kind", KINDS)
def test_it_begins_with_what_was_trained_on_what(made, kind):
    name, dataset, *_ = KINDS[kind]
    said = written(made(kind)).said()
    assert f"{name} was trained on 3,000 samples of {dataset} for {STEPS} of {STEPS} steps" in said
    assert "The run is finished." in said


@pytest.mark.parametrize("kind", KINDS_OF_SAMPLERS)
def test_rejected_proposals_are_faded_as_the_export_says(made, kind):
    """Accepted and rejected, and every probability in its place, as `Exported.explain` gives them."""
    found, exported = written(made(kind)), Exported(made(kind) / "export")
    explained = exported.explain(exported.max_explained, seed=0)
    accepted, probability = explained["accepted"], explained["accept_probability"]
    assert 0 < accepted.sum() < len(accepted)
    if kind == "points":
        titles = [found.said(circle) for svg in found.all("svg")[1:] for circle in found.all("circle", svg)]
        fates = [title.split(",")[0] for title in titles if title]
    else:
        rows = [item for item in found.all("li") if item.get("class") in ("accepted", "rejected")]
        fates = [row.get("class") for row in rows]
        shown = [float(re.sub(r"[^\d]", "", found.said(row))) for row in rows]
        np.testing.assert_allclose(shown, 100 * probability, atol=1.0)
    assert fates == ["accepted" if one else "rejected" for one in accepted]
    assert f"rejection keeps {accepted.sum()}" in found.section("rejection")


def test_the_metrics_stand_beside_the_floor_with_words(made):
    said = written(made("pictures")).section("metrics")
    assert "fd_random300 ↓, lower is better" in said
    assert (
        "how far the samples' features lie from the features of real data (300 samples, in the features of an" in said
    )
    assert "Rejection improves it from 2.89 to 2.24; real data score 0.444." in said
    assert "Rejection leaves it at 3,830." in said  # samples_per_second of the fixture


def test_modes_are_counted_in_samples_of_the_export(made):
    said = written(made("points")).section("classes")
    assert re.search(r"The generator finds \d+ of 25 modes, and \d+ % of its samples lie in no mode", said)
    assert "(-2, -2)" in said
    assert "Dawid's Z is beyond 3" in written(made("points")).section("ratio")


def test_classes_of_a_conditional_model_have_their_accuracy(made):
    assert "drs 90 % 75 %" in written(made("classes")).section("classes")


def test_a_translator_shows_input_output_and_truth(made):
    found = written(made("translator"))
    captions = [found.said(caption) for caption in found.all("figcaption")]
    assert captions[:3] == ["Input", "Output", "The true picture"]
    assert "Rejection worsens it from 0.974 to 0.97; real data score 0.981." in found.section("metrics")
    assert "Translate python -m ganzoo.sample" in found.section("commands")


def test_the_slider_has_every_picture_with_its_step(made):
    found = written(made("pictures"))
    frames = json.loads(re.search(r"const frames = (\[.*?\]);", found.text)[1])
    assert [frame["step"] for frame in frames] == ["1", "100", "200", "300"]
    (slider,) = found.all("input")
    assert (slider.get("max"), slider.get("value")) == ("3", "3")


def test_settings_that_differ_from_the_recipe_are_listed_with_the_command_that_repeats_them(new_run):
    workdir = new_run()
    description = json.loads((workdir / "config.json").read_text())
    description["config"]["batch_size"] = 7
    write_json(workdir / "config.json", description)
    found = written(workdir)
    assert "batch_size 64 7" in found.section("config")
    assert "steps 1300 300" in found.section("config")
    command = f"--workdir {workdir} --seed 0 --steps 600 --config.batch_size=7"
    assert f"Train longer python -m ganzoo.run --model wgan_gp --dataset mnist_5k {command}" in found.section(
        "commands"
    )


def test_what_a_recipe_computes_from_the_steps_is_no_difference(made):
    """r3gan's `gamma_steps` follow the steps in the recipe, and would follow them in a repeated command."""
    config = json.loads((made("points") / "config.json").read_text())["config"]
    config["model"]["gamma_steps"] = STEPS
    assert "model.gamma_steps" not in [key for key, *_ in page.commands.differences(config)]


def test_time_and_memory_are_on_the_page(made):
    said = written(made("pictures")).section("costs")
    assert "training 90 s" in said
    assert "most memory at once 812 MB" in said
    assert "density ratio and export 8 s" in said
    assert "export 8 s" in (of_translator := written(made("translator")).section("costs"))
    assert "density ratio" not in of_translator


def test_nearest_pictures_are_shown_where_the_run_left_them(new_run):
    workdir = new_run()
    assert "Nearest training pictures" not in written(workdir).said()
    drawing.write_png(workdir / "nearest.png", np.zeros((20, 40, 3), np.uint8))
    assert "Nearest training pictures" in written(workdir).section("metrics")


def test_what_the_figures_say_of_copies_and_features_is_on_the_page(new_run):
    workdir = new_run()
    assert "Are these copies?" not in written(workdir).said()
    metrics = json.loads((workdir / "metrics.json").read_text())
    metrics |= {
        "copies": {"drs": {"in_words": "no sign of copies: of 30 samples of drs ..."}},
        "features": {"name": "random", "note": "random features: compare runs of the same data, do not quote"},
    }
    (workdir / "metrics.json").write_text(json.dumps(metrics))
    found = written(workdir).section("metrics")
    assert "Are these copies? no sign of copies: of 30 samples of drs ..." in found
    assert "do not quote" in found


@pytest.mark.parametrize(("error", "is_chance"), [(0.2, False), (0.25, True)])
def test_a_figure_has_its_standard_error_and_a_small_change_may_be_chance(new_run, error, is_chance):
    """2.89 and 2.24 differ by .65: more than two errors of .28 together, and less than two of .35."""
    workdir = new_run()
    metrics = json.loads((workdir / "metrics.json").read_text())
    assert "standard error" not in written(workdir).section("metrics")
    (metric,) = (name for name in metrics["generate"] if name.startswith("fd_"))
    errors = {sampler: {metric: error} for sampler in ("generate", "drs")}
    (workdir / "metrics.json").write_text(json.dumps(metrics | {"standard_errors": errors}))
    found = written(workdir).section("metrics")
    assert "± is one standard error of the draw." in found
    assert f"2.89 ± {error} 2.24 ± {error}" in found
    assert ("from 2.89 to 2.24, which may be chance: another draw moves it as much;" in found) == is_chance


def test_a_stopped_run_says_what_is_missing_and_how_to_go_on(new_run):
    found = written(new_run(finished=False))
    assert (
        "The run has no export or measurements yet. It was stopped, or is still in training; its last record is of"
        in (found.said())
    )
    assert "Rejection needs the density ratio, which is fitted after" in found.section("rejection")
    assert "There are no metrics yet" in found.section("metrics")
    assert "Go on python -m ganzoo.run --model wgan_gp --dataset mnist_5k" in found.section("commands")
    assert f"--steps {STEPS}" in found.section("commands")
    assert "ganzoo.sample" not in found.section("commands")


def test_a_page_during_the_training_loads_no_export(new_run, monkeypatch):
    """Its weights would be those of earlier steps, and loading takes seconds of the training."""
    monkeypatch.setattr(page, "Exported", None)
    assert "The run is in training: step 300 of 300." in written(new_run(), in_training=True).said()


def test_measurements_of_earlier_steps_are_named_as_such(new_run):
    workdir = new_run()
    drawing.write_png(workdir / "samples" / "step_000500.png", np.zeros((8, 8, 1), np.uint8))
    assert "gone on to step 500. Export and measurements are of step 300" in written(workdir).said()


def test_a_run_without_curves_says_so(new_run):
    assert "There are no curves" in written(new_run(with_curves=False)).section("curves")


def test_values_that_are_not_finite_are_gaps_and_are_counted(new_run):
    workdir = new_run(with_curves=False)
    curve = {step: float("nan") if step in (100, 120) else 1.0 + step for step in range(20, 301, 20)}
    write_curves(workdir, {"generator_loss": curve, "r1": {20: float("inf"), 40: float("nan")}})
    found = written(workdir)
    assert "2 values are not finite (NaN or infinite), and the curve has gaps there." in found.section("curves")
    (losses, *_) = [path.get("d") for path in found.all("path") if path.get("class") == "s0"]
    assert losses.count("M") == 2
    assert "nan" not in losses.lower()


def test_metrics_that_are_not_numbers_do_not_end_the_page(new_run):
    workdir = new_run()
    write_json(workdir / "metrics.json", {"generate": {"fd_random300": float("nan")}, "floor": {"own_metric": 3.0}})
    assert "not a number" in written(workdir).section("metrics")


def test_100_000_steps_are_a_page_below_5_mb_with_no_peak_lost(new_run, tmp_path):
    """Curves every 100 steps, and 401 colour pictures of 60 kB that no codec can shrink much."""
    workdir = new_run(with_curves=False)
    steps = range(100, 100_001, 100)
    curves = {tag: {step: float(np.sin(step / 5000)) for step in steps} for tag in TAGS}
    curves["generator_loss"][50_300] = 77.0
    write_curves(workdir, curves)
    picture = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    drawing.write_png(tmp_path / "picture.png", picture)
    for step in range(250, 100_001, 250):
        shutil.copyfile(tmp_path / "picture.png", workdir / "samples" / f"step_{step:06d}.png")
    path = page.write(workdir)
    assert path.stat().st_size < 5e6
    text = path.read_text()
    frames = json.loads(re.search(r"const frames = (\[.*?\]);", text)[1])
    assert (frames[0]["step"], frames[-1]["step"]) == ("1", "100,000")
    assert len(frames) >= 8
    assert "of the run's" in Page(path).section("samples")
    losses = page.curves.thin(curves["generator_loss"])
    assert len(losses) <= 502
    assert (50_300, 77.0) in losses


def test_a_page_that_fails_leaves_the_old_one(new_run, monkeypatch, capsys):
    workdir = new_run(finished=False)
    before = page.write(workdir).read_text()

    def fail(*arguments, **options):
        raise RuntimeError("no luck")

    monkeypatch.setattr(page, "html", fail)
    page.try_write(workdir, {"training": 3.0})
    assert "report.html is not written: no luck" in capsys.readouterr().err
    assert (workdir / "report.html").read_text() == before
    assert json.loads((workdir / "costs.json").read_text())[0]["seconds"] == {"training": 3.0}
    assert not list(workdir.glob(".report*"))


def test_a_damaged_export_is_named_and_the_rest_is_shown(new_run):
    workdir = new_run()
    (variables,) = (workdir / "export").glob("*/saved_model.pb")
    variables.write_bytes(b"nothing")
    found = written(workdir)
    assert re.search("The proposals are not shown: .* is damaged, or was not copied whole", found.section("rejection"))
    assert "fd_random300" in found.section("metrics")


def test_an_export_without_its_facts_is_named_and_the_rest_is_shown(new_run):
    workdir = new_run()
    (facts,) = (workdir / "export").glob("*/assets/config.json")
    facts.write_text(facts.read_text()[:50])
    found = written(workdir)
    assert "is damaged, or was not copied whole" in found.text
    assert "fd_random300" in found.section("metrics")


def test_text_of_a_run_is_text_on_its_page(new_run):
    workdir = new_run(finished=False)
    description = json.loads((workdir / "config.json").read_text())
    description["config"]["dataset"] = "folder:<script>alert(1)</script>"
    write_json(workdir / "config.json", description)
    assert "<script>alert" not in written(workdir).text


def test_a_model_of_ones_own_without_its_plugin_has_a_page(new_run):
    workdir = new_run(finished=False)
    description = json.loads((workdir / "config.json").read_text()) | {"plugins": ["my_gan.py"]}
    description["config"]["name"] = "mine"
    write_json(workdir / "config.json", description)
    assert "The recipe of mine is not known here (a plugin of the run: my_gan.py)" in written(workdir).section("config")


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        (None, "", "no run in"),
        ("config.json", "{}", "is not what a run leaves"),
        ("config.json", '{"config": {"name": "gan"}, "split": {}}', "has no `dataset`"),
        ("config.json", "{", "is not JSON"),
        ("metrics.json", "{", "is not JSON"),
        ("metrics.json", "[1]", "is not what a run writes: expected rows of metrics"),
        ("metrics.json", '{"drs": 3}', "is not what a run writes"),
        ("costs.json", "{", "is not JSON"),
        ("validation.json", "[]", "is not what a run writes"),
    ],
)
def test_folders_that_are_no_runs_are_refused(new_run, tmp_path, file, content, said):
    workdir = new_run(finished=False, with_curves=False) if file else tmp_path
    if file:
        (workdir / file).write_text(content)
    with pytest.raises(GanzooError, match=said):
        page.write(workdir)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(GanzooError, match="there is no folder .*nowhere"):
        page.write(tmp_path / "nowhere")
