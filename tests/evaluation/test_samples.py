"""What is checked of samples before they are measured; what a user gets wrong is in the evaluators' tests."""

import numpy as np
import pytest

from ganzoo.evaluation.samples import checked

DARK, BRIGHT = np.zeros((5, 4, 4, 1), np.uint8), np.full((5, 4, 4, 1), 128, np.uint8)


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    monkeypatch.setattr("ganzoo.data.reals._warned", set())


@pytest.mark.parametrize(
    ("reals", "warns"), [(DARK, True), (BRIGHT, False), (DARK[:0], False)], ids=["dark", "bright", "none"]
)
def test_only_bright_reals_make_bright_samples_right(reals, warns, capsys):
    """Digits on grey have no value below 0. Reals of which there are none are refused elsewhere."""
    samples = np.full((2, 4, 4, 1), 0.25, np.float32)
    np.testing.assert_array_equal(checked(samples, (4, 4, 1), reals, "pictures"), samples)
    assert ("If their scale is [0, 1]" in capsys.readouterr().err) == warns


def test_points_have_no_scale(capsys):
    checked(np.ones((3, 2), np.float32), (2,), np.ones((3, 2), np.float32), "points")
    assert capsys.readouterr().err == ""
