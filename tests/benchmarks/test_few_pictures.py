import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

import ganzoo
from benchmarks import few_pictures, measuring
from benchmarks.few_pictures import (
    FAMILIES,
    WAYS,
    Figures,
    Measured,
    all_stored,
    draw,
    measure,
    slower,
    table,
    trained,
    workdir,
)
from ganzoo.data.loading import load_parts
from ganzoo.errors import GanzooError
from ganzoo.evaluation import extractors
from ganzoo.evaluation.evaluator import Evaluator
from ganzoo.serving.exported import Exported
from tests.conftest import shapes

FEW, REST = 40, 60  # pictures


def run_with(kd, *, copied=False, samplers=("drs",)):
    return Measured(170, dict.fromkeys(samplers, Figures(kd, 0.5, 0.6, copied)), {"kd": 0.01, "coverage": 0.97})


def test_each_line_has_the_mean_of_its_seeds_and_how_much_lower_its_distance_is():
    found = {"fifths": [run_with(3.0), run_with(5.0)], "transfer": [run_with(1.0, copied=True), run_with(1.0)]}
    lines = table(found).splitlines()
    assert lines[2] == "| two fifths held out | drs | 2 | 170 | 4.00 ± 1.41 | 1.00 | 0.500 | 0.600 | 0 |"
    assert lines[3] == "| transfer | drs | 2 | 170 | 1 | 4.00 | 0.500 | 0.600 | 1 |"
    assert lines[4] == "| reals | - | - | - | 0.0100 | - | 0.970 | - | - |"


def test_samples_as_near_as_reals_have_no_ratio_of_distances():
    """Their distance, an estimate without bias, may be negative."""
    lines = table({"all_data": [run_with(3.0)], "augmentation": [run_with(-0.5)]}).splitlines()[2:]
    assert next(line.split(" | ")[4:6] for line in lines if "augmentation" in line) == ["-0.500", "-"]


def test_a_sampler_that_the_exports_do_not_have_has_no_line():
    """Few pictures may leave an export without a density ratio."""
    found = {"fifths": [run_with(3.0, samplers=("generate",))], "all_data": [run_with(1.0)]}
    assert len(table(found).splitlines()) == 4


def flags_of(workdir, dataset="folder:few", against="folder:rest", features="f.h5", samples=99):
    given = dict(dataset=dataset, source="folder:many", against=against, feature_extractor=str(features))
    return SimpleNamespace(**given, model="r3gan", image_size=64, steps=9, samples=samples, workdir=str(workdir))


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """The commands of the runs, none of which runs: the arguments by the folder's name."""
    commands = {}
    monkeypatch.setattr(few_pictures, "FLAGS", flags_of(tmp_path))
    monkeypatch.setattr(measuring, "ended", lambda folder, *words: commands.update({folder.name: words}))
    return commands


def test_ways_differ_in_what_they_are_called_for(asked):
    for way in ("fifths", "all_data", "augmentation"):
        trained(way, 1)
    common = set(asked["r3gan-folder_few-64-9-all_data-1"])
    assert {"--dataset=folder:few", "--seed=1", "--steps=9", "--config.data.image_size=64"} < common
    assert set(asked["r3gan-folder_few-64-9-fifths-1"]) - common == {"--config.data.split=fifths"}
    assert set(asked["r3gan-folder_few-64-9-augmentation-1"]) - common == {"--config.augment.policy=ada"}


def test_transfer_first_trains_on_the_source_and_goes_on_more_slowly(asked, tmp_path):
    trained("transfer", 0)
    source, run = asked.items()
    assert run[0] == "r3gan-folder_few-folder_many-64-9-transfer-0"
    assert source[0] == "r3gan-folder_many-64-9-source-0"
    assert "--dataset=folder:many" in source[1]
    assert f"--init_from={tmp_path / source[0]}" in run[1]
    assert set(slower("r3gan", "folder:few")) < set(run[1])


def test_the_slower_rate_is_a_tenth_of_the_recipe_s():
    assert sorted(slower("r3gan", "folder:few")) == [
        "--config.optimizers.discriminator.learning_rate=0.0002",
        "--config.optimizers.generator.learning_rate=0.0002",
    ]


@pytest.fixture
def folders(tmp_path):
    """Few pictures, and others of their kind."""
    pictures = iter(shapes(FEW + REST))
    for name, count in (("few", FEW), ("rest", REST)):
        (tmp_path / name).mkdir()
        for number in range(count):
            Image.fromarray(next(pictures)[..., 0]).save(tmp_path / name / f"{number}.png")
    return tmp_path


@pytest.fixture
def run(folders, exports, monkeypatch):
    """A run on the few pictures, whose export is a tiny model's."""
    layers = [keras.Input((None, None, 1)), keras.layers.Conv2D(8, 3), keras.layers.GlobalMaxPooling2D()]
    keras.Sequential(layers).save(folders / "features.keras")
    config = ganzoo.load_config("gan", f"folder:{folders / 'few'}")
    config.evaluation.update(num_samples=30, feature_extractor=str(folders / "features.keras"))
    exported = Exported(exports["gan"][1])
    exported.config["config"] = json.loads(config.to_json_best_effort())
    monkeypatch.setattr("ganzoo.serving.exported.Exported", lambda folder: exported)
    given = dict(against=f"folder:{folders / 'rest'}", features=folders / "features.keras", samples=30)
    monkeypatch.setattr(few_pictures, "FLAGS", flags_of(folders, config.dataset, **given))
    monkeypatch.setattr(few_pictures, "trained", workdir)
    workdir("all_data", 0).mkdir()
    return exported


def test_samples_are_compared_with_pictures_that_no_run_saw(run, folders):
    """25 of the 51 pictures that a split of the rest trains on, whatever the run itself held out."""
    found = measure("all_data", 0)
    assert found.trained_on == 34
    assert list(found.samplers) == ["generate", "drs"]
    config = ganzoo.load_config("gan", f"folder:{folders / 'rest'}")
    rest = load_parts(config.dataset, **config.data).train
    assert len(rest) == 51
    features = extractors.load(folders / "features.keras")
    halves = [rest.take(np.arange(26)), rest.take(np.arange(26, 51))]
    samples = run.draw("drs", 30, seed=0)["samples"]
    expected = Evaluator(*halves, extractor=features).measure(samples)
    assert {family: getattr(found.samplers["drs"], family) for family in FAMILIES} == {
        family: next(value for name, value in expected.items() if name.startswith(f"{family}_")) for family in FAMILIES
    }
    assert all(name.endswith("_25") for name in expected)


def test_runs_of_earlier_calls_are_in_the_table(asked):
    """Seeds 0 and 1 are stored; 3 does not count without 2, nor does what other flags measured."""
    by = {"against": "folder:rest", "samples": 99, "feature_extractor": "f.h5"}
    for seed in (0, 1, 3):
        workdir("all_data", seed).mkdir()
        figures = {"measured_by": by, "trained_on": seed, "samplers": {}, "reals": {}}
        (workdir("all_data", seed) / "few_pictures.json").write_text(json.dumps(figures))
    assert [found.trained_on for found in all_stored("all_data")] == [0, 1]
    assert all_stored("fifths") == []
    few_pictures.FLAGS.samples = 100
    assert all_stored("all_data") == []


def test_runs_on_other_pictures_have_folders_of_their_own(asked):
    few = workdir("all_data", 0), workdir("transfer", 0)
    few_pictures.FLAGS.dataset = "folder:/others"
    assert not {*few} & {workdir("all_data", 0), workdir("transfer", 0)}
    transfer = workdir("transfer", 0)
    few_pictures.FLAGS.source = "folder:/many more"
    assert workdir("transfer", 0) != transfer


def test_without_other_pictures_the_ways_of_transfer_are_refused(asked):
    """Before anything is trained, with the ways that are left."""
    few_pictures.FLAGS.source, few_pictures.FLAGS.ways = None, ["all_data", "transfer"]
    with pytest.raises(GanzooError, match="transfer begins .* give their --source, or --ways=fifths,all_data,augment"):
        few_pictures.main()
    assert not asked


def test_figures_that_are_stored_are_not_measured_again(run, monkeypatch):
    found = measure("all_data", 0)
    monkeypatch.setattr(few_pictures, "measured", None)
    assert measure("all_data", 0) == found


def test_copies_of_training_pictures_are_told(run, monkeypatch):
    """An export that returns what it was trained on."""
    config = run.config["config"]
    own = load_parts(config["dataset"], **config["data"]).train.samples / np.float32(127.5) - 1
    monkeypatch.setattr(run, "draw", lambda sampler, count, seed: {"samples": np.resize(own, (30, *own.shape[1:]))})
    assert measure("all_data", 0).samplers["drs"].is_copying


def test_the_picture_has_a_row_for_each_way(run, tmp_path):
    draw([tmp_path] * len(WAYS), tmp_path / "picture.png")
    height, width = np.asarray(Image.open(tmp_path / "picture.png")).shape[:2]
    assert width / height == pytest.approx(8 / len(WAYS), rel=0.05)
