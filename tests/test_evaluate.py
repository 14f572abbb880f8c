"""The command line that measures an export."""

import json

import numpy as np
import pytest
from PIL import Image

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


@pytest.mark.slow
def test_pictures_of_another_size_are_brought_to_the_exports(tmp_path):
    """28 x 28 grey against 40 x 40 in colours: without `--resize` both shapes are told, with it they are compared."""
    flags = ["--model=gan", "--dataset=mnist_5k", "--steps=2", f"--workdir={tmp_path}/run", *SHORT]
    run(*flags)
    (tmp_path / "scans").mkdir()
    rng = np.random.default_rng(0)
    for k in range(60):
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(tmp_path / "scans" / f"{k}.png")
    export, data = f"--export_dir={tmp_path}/run/export", f"--dataset=folder:{tmp_path}/scans"
    again = [export, data, "--num_samples=300", f"--out={tmp_path}/again.json"]
    error = run(*again, module="ganzoo.evaluate", code=1)
    assert f"samples are 40 x 40 x 3, and the samples of {tmp_path}/run/export/1 are 28 x 28 x 1. --resize" in error
    run(*again, "--resize", module="ganzoo.evaluate")
    measured = json.loads((tmp_path / "again.json").read_text())
    assert "kd_random5" in measured["generate"]
    assert "precision_random5" not in measured["generate"], "random features take blobs for reals"
    assert "do not quote" in measured["features"]["note"]
    assert measured["copies"]["generate"]["samples"] == 300
    points = ["--model=gan", "--dataset=gaussians8", "--steps=2", f"--workdir={tmp_path}/points", *SHORT]
    run(*points)
    error = run(f"--export_dir={tmp_path}/points/export", "--resize", module="ganzoo.evaluate", code=1)
    assert "--resize is for pictures, and this export makes points" in error
    error = run(f"--export_dir={tmp_path}/points/export", data, module="ganzoo.evaluate", code=1)
    assert "are 40 x 40 x 3, and the samples" in error
    assert error.endswith("are 2. Give another --dataset.\n")
