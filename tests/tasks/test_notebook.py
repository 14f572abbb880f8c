"""What `model.export()` writes by the recipe of its entry."""

import json
from pathlib import Path

import pytest

import ganzoo


@pytest.mark.parametrize("image_shape, data", [((2,), "gaussians25"), ((16, 16, 1), "mnist_5k")])
def test_an_export_from_a_notebook_has_the_limits_of_its_kind_of_data(tiny, tmp_path, image_shape, data):
    version = tiny("gan", image_shape).export(tmp_path)
    facts = json.loads((Path(version) / "assets" / "config.json").read_text())
    assert facts["sampling"] == ganzoo.load_config("gan", data).sampling.to_dict()
