import json
from pathlib import Path

import pytest

from benchmarks import export_precision, exports_in_turn
from benchmarks.export_precision import Row, distances, measure, shortfalls, table
from benchmarks.measuring import Figure


def row(half=9.0, sampler="drs"):
    return Row("wgan_gp", sampler, Figure(8.0, 0.3), Figure(half, 0.4))


METRICS = {
    "real": {"fd_digits10k": 0.4},
    "generate": {"fd_digits10k": 8.0, "precision": 0.9},
    "drs": {"fd_digits10k": 6.0, "precision": 0.95},
    "standard_errors": {
        "generate": {"fd_digits10k": 0.3, "precision": 0.01},
        "drs": {"fd_digits10k": 0.2, "precision": 0.01},
    },
}


def test_each_sampler_has_its_distance_and_the_error_of_its_draw():
    assert distances(METRICS) == {"generate": (8.0, 0.3), "drs": (6.0, 0.2)}


def test_a_difference_is_in_standard_errors_of_itself():
    """Errors of .3 and .4 make .5 for the difference, so that 1 more is two of them."""
    assert row().worse_by == pytest.approx(2.0)
    assert row(half=7.5).worse_by == pytest.approx(-1.0)


def test_only_more_than_two_standard_errors_is_a_shortfall():
    assert shortfalls([row(half=8.99), row(half=1.0)]) == []
    assert shortfalls([row(half=9.5)]) == ["wgan_gp, drs: 9.5 in bfloat16 and 8 in float32, 3 standard errors more"]


def test_the_table_has_both_distances():
    assert table([row()]).splitlines()[2] == "| wgan_gp | drs | 8.00 ± 0.300 | 9.00 ± 0.400 | 2.00 |"


def test_a_run_is_exported_and_measured_once_in_each_precision(tmp_path, monkeypatch):
    asked = []

    def command(place, module, *arguments):
        asked.append((module, *arguments[2:]))
        out = Path(arguments[3])
        if module == "ganzoo.evaluate":
            out.write_text(json.dumps(METRICS))
        else:
            (out / "1").mkdir(parents=True)
            (out / "1" / "saved_model.pb").touch()

    monkeypatch.setattr(export_precision, "run", command)
    monkeypatch.setattr(exports_in_turn, "run", command)
    (tmp_path / "config.json").write_text(json.dumps({"config": {"name": "gan"}}))
    rows = measure(tmp_path)
    assert measure(tmp_path) == rows
    assert [(one.model, one.sampler, one.worse_by) for one in rows] == [("gan", "generate", 0), ("gan", "drs", 0)]
    assert [words[0] for words in asked] == ["ganzoo.reexport", "ganzoo.evaluate"] * 2
    assert [words[-1] for words in asked if words[0] == "ganzoo.reexport"] == [
        "--config.sampling.precision=float32",
        "--config.sampling.precision=bfloat16",
    ]
