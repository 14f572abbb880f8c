import pytest

from benchmarks import quantisation
from benchmarks.measuring import Times
from benchmarks.quantisation import Measured, table
from ganzoo.errors import GanzooError
from ganzoo.tasks import workdirs


def test_the_table_has_a_file_in_each_line():
    rows = {
        "none": Measured(2.0, Times(0.001, 0.002), 5.0, 0.0),
        "int8": Measured(0.5, Times(0.0005, 0.002), 9.0, 0.0125),
    }
    header, _, plain, small = table(rows, "fd_digits10k").splitlines()
    assert header == "| --quantise | MB | ms for 64 rows | fd_digits10k | mean difference of a pixel |"
    assert plain == "| none | 2.00 | 64.0 | 5.00 | 0 |"
    assert small == "| int8 | 0.500 | 32.0 | 9.00 | 0.0125 |"


def test_other_data_than_digits_are_refused(tmp_path):
    from ganzoo import load_config

    config = load_config("gan", "gaussians8")
    workdirs.claim(tmp_path / "run", {"config": config.to_dict(), "split": {}}, resume=True)
    with pytest.raises(GanzooError, match="is of gaussians8: this benchmark measures digits"):
        quantisation.measure(tmp_path / "run", 10)
