import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

import ganzoo
from benchmarks import measuring, metric_order
from benchmarks.metric_order import KINDS, is_ordered, shortfalls, table
from tests.conftest import shapes

KD, COVERAGE = "kd_vgg16_100", "coverage_vgg16_100"


def figures(*values):
    return dict(zip(KINDS, values, strict=True))


FOUND = {
    ("folder:cells", 0): {KD: figures(0.1, 0.5, 2.0, 9.0), COVERAGE: figures(0.95, 0.5, 0.1, 0.0)},
    ("folder:cells", 1): {KD: figures(0.1, 0.6, 2.5, 8.0), COVERAGE: figures(0.95, 0.5, 0.0, 0.0)},
}


def test_a_distance_rises_and_a_share_falls():
    assert is_ordered(KD, figures(0.1, 0.5, 2.0, 9.0))
    assert not is_ordered(KD, figures(0.1, 2.0, 0.5, 9.0))
    assert is_ordered(COVERAGE, figures(0.95, 0.5, 0.1, 0.0))
    assert not is_ordered(COVERAGE, figures(0.0, 0.1, 0.5, 0.95))


def test_equal_figures_are_no_order():
    assert shortfalls(FOUND) == [
        "folder:cells, seed 1: coverage_vgg16_100 does not put reals, trained, 20 steps, noise in this order"
    ]


def test_the_table_has_the_seeds_of_each_kind():
    lines = table(FOUND).splitlines()
    assert lines[0] == "| data | metric | reals | trained | 20 steps | noise | seeds in this order |"
    assert lines[2].startswith("| cells | kd_vgg16_100 | 0.100 / 0.100 | 0.500 / 0.600 |")
    assert lines[2].endswith(" | 2 of 2 |")
    assert lines[3].endswith(" | 1 of 2 |")


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
    noise = metric_order.of_noise(json.loads(config.to_json_best_effort()), seed=0)
    asked = []

    def ended(workdir, *arguments):
        asked.append(arguments)
        row = dict.fromkeys(noise, float(len(asked)))
        return {"config": config.to_dict(), "metrics": {"generate": row, "floor": dict.fromkeys(noise, 0.5)}}

    monkeypatch.setattr(measuring, "ended", ended)
    flags = dict(feature_extractor=str(tmp_path / "features.keras"), model="r3gan", image_size=16, steps=50, samples=24)
    monkeypatch.setattr(metric_order, "FLAGS", SimpleNamespace(**flags, workdir=str(tmp_path)))
    found = metric_order.measure(f"folder:{folder}", 0)
    assert ["--steps=50" in arguments for arguments in asked] == [True, False]
    (kd,) = (name for name in found if name.startswith("kd_"))
    assert found[kd] == figures(0.5, 1.0, 2.0, noise[kd])
    assert np.isfinite(noise[kd])
