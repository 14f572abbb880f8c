"""The command line that measures an export."""

import json

import pytest

from tests.test_run import SHORT, run

METRICS = """
import ganzoo


@ganzoo.register_metric("reach", direction="lower")
def reach(samples, reals):
    return abs(samples).max() / abs(reals).max()


@ganzoo.register_metric("broken", direction=None)
def broken(samples):
    return 1 / 0
"""


@pytest.mark.slow
def test_a_users_metric_is_measured_by_both_commands(tmp_path, monkeypatch):
    """Of each sampler and the floor, with its arrow; one that raises costs a line and nothing else."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(METRICS)
    said = run(
        "--plugin=mine.py", "--model=gan", "--dataset=gaussians8", "--steps=4", f"--workdir={tmp_path}/run", *SHORT
    )
    assert "reach_300 ↓" in said
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    samplers = ("generate", "drs", "obrs", "mh")
    assert all(metrics[row]["reach_300"] > 0 for row in (*samplers, "floor"))
    assert all("broken_300" not in row for row in metrics.values())

    flags = ["--plugin=mine", f"--export_dir={tmp_path}/run/export", "--num_samples=300", "--out=again.json"]
    run(*flags, module="ganzoo.evaluate")
    again = json.loads((tmp_path / "again.json").read_text())
    for row in (*samplers, "floor"):
        assert again[row]["reach_300"] == pytest.approx(metrics[row]["reach_300"], rel=1e-3)
