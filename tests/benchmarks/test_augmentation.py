import numpy as np
import pytest

from benchmarks import augmentation
from ganzoo.data.parts import split
from ganzoo.data.reals import Reals
from ganzoo.errors import GanzooError

ROW = {"fd_digits10k": 40.0, "precision": 0.5, "coverage": 0.7, "probability": 0.0, "milliseconds": 50.0}


def runs():
    """Two seeds of 300 reals with and without, and one of 1,000 without."""
    rows = {(300, policy, seed): ROW | {"fd_digits10k": 40.0 + seed} for policy in ("ada", "none") for seed in (0, 1)}
    return rows | {(1000, "none", 0): ROW}


def test_the_table_has_a_line_for_each_size_and_policy_that_was_run():
    lines = augmentation.table(runs()).splitlines()[2:]
    assert [line.split(" | ")[:3] for line in lines] == [
        ["| 300", "none", "2"],
        ["| 300", "ada", "2"],
        ["| 1,000", "none", "1"],
    ]
    assert lines[0].split(" | ")[3] == "40.5 ± 0.7"


def test_the_text_says_how_many_runs_are_missing():
    assert augmentation.missing(runs()) == " 19 of the 24 runs were not made."
    whole = {
        (size, policy, seed): ROW for size in augmentation.SIZES for policy in ("none", "ada") for seed in range(3)
    }
    assert augmentation.missing(whole) == ""


def test_a_run_has_the_first_reals_and_all_others_to_measure():
    parts = split(Reals("toy", np.arange(100, dtype=np.uint8)[:, None, None, None].repeat(16, 1).repeat(16, 2)))
    some = augmentation.few(parts, 20)
    np.testing.assert_array_equal(some.train.samples, parts.train.samples[:20])
    assert (some.ratio, some.test) == (parts.ratio, parts.test)
    with pytest.raises(GanzooError, match="asks for 86 reals, and there are 85"):
        augmentation.few(parts, 86)


def test_the_figures_are_those_of_the_families_that_the_table_shows():
    metrics = {"fd_digits10k": 3.0, "is_digits10k": 9.0, "precision_1k": 0.9, "density_1k": 1.0, "coverage_1k": 0.8}
    assert augmentation.figures_of(metrics) == {"fd_digits10k": 3.0, "precision": 0.9, "coverage": 0.8}
