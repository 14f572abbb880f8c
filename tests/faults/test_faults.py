"""Each fault can be put into the code of today: its text stands there once, and its tests are there."""

import pytest
import run

FAULTS = run.FAULTS


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_has_its_place_and_its_tests(fault):
    assert run.place(run.ROOT, fault).is_file()
    path = run.test_path(run.ROOT, fault)
    file, _, name = path.partition("::")
    assert f"def {name.partition('[')[0]}(" in (run.ROOT / file).read_text() or not name


def test_no_two_faults_have_one_name():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
