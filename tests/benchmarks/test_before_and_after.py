import numpy as np
from absl import flags
from PIL import Image

from benchmarks import before_and_after
from ganzoo.pictures import drawing
from ganzoo.serving.exported import Exported
from tests.exports import exports  # noqa: F401 - a fixture


def test_the_first_samples_of_both_stand_side_by_side(exports, tmp_path, monkeypatch):  # noqa: F811
    """Unpicked: the left half is a grid of `generate`, the right half one of `drs`."""
    _, folder = exports["gan"]
    values = flags.FlagValues()
    flags.DEFINE_string("export_dir", str(folder), "", flag_values=values)
    flags.DEFINE_string("out", str(tmp_path / "both.png"), "", flag_values=values)
    values.mark_as_parsed()
    monkeypatch.setattr(before_and_after, "FLAGS", values)
    monkeypatch.setattr(before_and_after, "COUNT", 20)
    assert before_and_after.main() == 0
    with Image.open(tmp_path / "both.png") as image:
        both = np.asarray(image)
    width = 10 * 18 - 2
    assert both.shape == (2 * 18 - 2, 2 * width + before_and_after.GAP)
    for sampler, half in (("generate", both[:, :width]), ("drs", both[:, -width:])):
        samples = Exported(folder).draw(sampler, 20, seed=0)["samples"]
        np.testing.assert_array_equal(half, drawing.grid(samples, columns=10)[..., 0])
