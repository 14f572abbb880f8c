"""Metrics of features against torch-fidelity, clean-fid and prdc, by what `make_feature_metrics.py` stored."""

from pathlib import Path

import numpy as np
import pytest

from ganzoo.evaluation.frechet import fit_gaussian, frechet_distance
from ganzoo.evaluation.kernel import kernel_distance
from ganzoo.evaluation.prdc import prdc


@pytest.fixture(scope="module")
def stored():
    with np.load(Path(__file__).with_name("feature_metrics.npz")) as arrays:
        return dict(arrays)


@pytest.mark.parametrize("package", ["torch_fidelity", "clean_fid"])
def test_the_frechet_distance_is_theirs(stored, package):
    """One feature is dead: both covariances are singular."""
    ours = frechet_distance(fit_gaussian(stored["reals"]), fit_gaussian(stored["fakes"]))
    assert ours == pytest.approx(float(stored[f"{package}_fd"]), rel=1e-6)


@pytest.mark.parametrize("package", ["torch_fidelity", "clean_fid"])
def test_the_kernel_distance_is_theirs(stored, package):
    ours = kernel_distance(stored["reals"], stored["fakes"])
    assert ours == pytest.approx(float(stored[f"{package}_kd"]), rel=1e-6)


@pytest.mark.parametrize(
    ("package", "metric"),
    [("torch_fidelity", name) for name in ("precision", "recall")]
    + [("prdc", name) for name in ("precision", "recall", "density", "coverage")],
)
def test_precision_recall_density_and_coverage_are_theirs(stored, package, metric):
    found = prdc(stored["reals"], stored["fakes"])._asdict()
    assert found[metric] == pytest.approx(float(stored[f"{package}_{metric}"]), abs=1e-6)
    assert 0.02 < found[metric] < 0.98 or metric == "density"
