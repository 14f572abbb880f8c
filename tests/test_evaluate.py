import numpy as np
import pytest

from ganzoo.evaluate import calibration, describe


@pytest.mark.parametrize(("z", "warned"), [(-3.5, True), (0.4, False), (3.5, True)])
def test_a_dawids_z_beyond_three_is_a_warning(z, warned):
    """Whichever its sign; the table of samplers has no row for it."""
    metrics = {"generate": {"jsd_10k": 0.1}, "log_ratio": {"dawids_z": z, "log_loss": 0.5, "brier": 0.2}}
    said = describe(metrics)
    assert ("not calibrated" in said) == warned
    assert f"Dawid's Z {z:.2f}, log loss 0.500" in said
    assert not any(line.startswith("log_ratio") for line in said.splitlines())


@pytest.mark.parametrize(("metric", "said"), [("modes_digits26k", 1), ("modes_10k", 0)])
def test_the_classifier_that_counts_modes_is_stated_once(metric, said):
    """With its accuracy; the modes of Gaussian mixtures need none."""
    rows = {"generate": {metric: 900.0}, "floor": {metric: 1000.0}}
    assert describe(rows).count("right on 99.52% of MNIST's test images") == said


def test_an_export_without_a_density_ratio_has_no_calibration():
    class Plain:
        signatures = ("generate", "score")

    assert calibration(Plain(), parts=None) == {}


def test_the_calibration_is_that_of_the_test_part_against_as_many_samples(tmp_path):
    """Log ratios of 1 for reals and -1 for fakes: log loss log(1 + 1/e), Z 0 and a diagram."""

    class Exported:
        signatures = ("drs",)

        def draw(self, signature, count, seed):
            return {"samples": np.full((count, 2), -1.0, np.float32)}

        def score(self, samples):
            return {"log_ratio": samples[:, 0]}

    class Parts:
        class test:
            samples = np.ones((50, 2), np.float32)

    found = calibration(Exported(), Parts, plot=tmp_path / "reliability.png")
    assert found["log_loss"] == pytest.approx(np.log1p(np.exp(-1.0)))
    assert found["dawids_z"] == pytest.approx(0.0, abs=1e-9)
    assert (tmp_path / "reliability.png").stat().st_size > 1000
