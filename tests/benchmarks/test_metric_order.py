import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

import ganzoo
from benchmarks import measuring, metric_order
from benchmarks.metric_order import KINDS, Figure, order, shortfalls, table
from ganzoo.data.loading import load_parts
from ganzoo.evaluation import extractors
from ganzoo.evaluation.evaluator import Evaluator
from tests.conftest import shapes

KD, COVERAGE = "kd_vgg16_100", "coverage_vgg16_100"


def figures(*values, error=0.02):
    return {kind: Figure(value, error) for kind, value in zip(KINDS, values, strict=True)}


FOUND = {
    ("folder:cells", 0): {KD: figures(0.1, 0.5, 2.0, 9.0), COVERAGE: figures(0.95, 0.5, 0.1, 0.0)},
    ("folder:cells", 1): {KD: figures(0.1, 0.6, 2.5, 2.0), COVERAGE: figures(0.95, 0.5, 0.05, 0.0)},
}


def test_a_distance_rises_and_a_share_falls():
    assert order(KD, Figure(0.1, 0.1), Figure(0.5, 0.1)) == "yes"
    assert order(KD, Figure(0.5, 0.1), Figure(0.1, 0.1)) == "no"
    assert order(COVERAGE, Figure(0.9, 0.1), Figure(0.5, 0.1)) == "yes"
    assert order(COVERAGE, Figure(0.5, 0.1), Figure(0.9, 0.1)) == "no"


def test_within_two_standard_errors_of_the_difference_it_may_be_chance():
    """Errors of 3 and 4 are an error of 5 of the difference."""
    assert order(KD, Figure(0.0, 3.0), Figure(9.9, 4.0)) == order(KD, Figure(9.9, 3.0), Figure(0.0, 4.0)) == "chance"
    assert order(KD, Figure(0.0, 3.0), Figure(10.1, 4.0)) == "yes"
    assert order(KD, Figure(0.0, 0.0), Figure(0.0, 0.0)) == "chance"


def test_what_is_not_in_order_is_said():
    assert shortfalls(FOUND) == [
        "folder:cells, seed 1: kd_vgg16_100 puts noise before 20 steps",
        "folder:cells, seed 1: coverage_vgg16_100 does not tell 20 steps from noise",
    ]


def test_the_table_has_the_seeds_of_each_kind():
    lines = table(FOUND).splitlines()
    assert lines[0].endswith("| reals before trained | trained before 20 steps | 20 steps before noise |")
    assert lines[2].startswith("| cells | kd_vgg16_100 | 0.100 ± 0.0200 / 0.100 ± 0.0200 | 0.500 ± 0.0200 / 0.600 ± ")
    assert lines[2].endswith("| yes / yes | yes / yes | yes / no |")
    assert lines[3].endswith("| yes / yes | yes / yes | yes / chance |")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pictures").mkdir()
    for number, picture in enumerate(shapes(120)):
        Image.fromarray(picture[..., 0]).save(tmp_path / "pictures" / f"{number}.png")
    return tmp_path / "pictures"


def test_reals_and_noise_are_measured_as_the_runs_samples(folder, tmp_path, monkeypatch):
    """The runs are not trained here: their files say what they measured."""
    layers = [keras.Input((None, None, 1)), keras.layers.Conv2D(8, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential(layers)
    model.save(tmp_path / "features.keras")
    config = ganzoo.load_config("r3gan", f"folder:{folder}")
    config.evaluation.update(num_samples=24, feature_extractor=str(tmp_path / "features.keras"))
    parts, extractor = load_parts(f"folder:{folder}", **config.data), extractors.load(tmp_path / "features.keras")
    expected = metric_order.of_reals_and_noise(json.loads(config.to_json_best_effort()), seed=0)
    metrics, errors = expected["noise"]
    asked = []

    def ended(workdir, *arguments):
        asked.append(arguments)
        row = dict.fromkeys(metrics, float(len(asked)))
        standard_errors = {"generate": dict.fromkeys(errors, 0.25)}
        return {"config": config.to_dict(), "metrics": {"generate": row, "standard_errors": standard_errors}}

    monkeypatch.setattr(measuring, "ended", ended)
    flags = dict(feature_extractor=str(tmp_path / "features.keras"), model="r3gan", image_size=16, steps=50, samples=24)
    monkeypatch.setattr(metric_order, "FLAGS", SimpleNamespace(**flags, workdir=str(tmp_path)))
    found = metric_order.measure(f"folder:{folder}", 0)
    assert ["--steps=50" in arguments for arguments in asked] == [True, False]
    (kd,) = (name for name in found if name.startswith("kd_"))
    floor = Evaluator(parts.train, parts.test, extractor=extractor).floor(24)
    assert expected["reals"][0] == {name: pytest.approx(value, rel=1e-5) for name, value in floor.items()}
    for kind, (metrics, errors) in expected.items():
        assert found[kd][kind] == Figure(metrics[kd], errors[kd])
        assert np.isfinite(found[kd][kind]).all()
    assert [found[kd][kind] for kind in ("trained", "20 steps")] == [Figure(1.0, 0.25), Figure(2.0, 0.25)]
    assert found[kd]["reals"].value < found[kd]["noise"].value
