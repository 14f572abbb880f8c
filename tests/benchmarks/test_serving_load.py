"""Under load every request is answered rightly or ends in a clear error, and a wrong answer would be seen."""

import random

import numpy as np
import pytest

from benchmarks import serving_load
from benchmarks.measuring import write_between
from benchmarks.serving_load import Outcome
from ganzoo.serving.connection import Refused
from ganzoo.serving.in_process import InProcess
from tests.exports import exports, loaded  # noqa: F401 - fixtures


@pytest.mark.slow
def test_every_request_under_load_is_answered_rightly_or_ends_in_a_clear_error(loaded):  # noqa: F811
    """300 requests from 16 threads, the server killed and started again twice."""
    outcomes, wrong = serving_load.run(loaded("points"), num_requests=300, num_threads=16)
    assert wrong == []
    assert len(outcomes) == 300
    ends = [outcome.end for outcome in outcomes]
    assert set(ends) <= {"right", "refused", "cancelled", "not ready"}
    assert ends.count("right") > 200
    assert ends.count("refused") > 5
    kinds = {outcome.kind for outcome in outcomes}
    assert {"hostile", "cancelled", "drs, gRPC", "drs, REST", "score, REST"} <= kinds


def test_hostile_requests_are_refused_by_the_export_itself(loaded):  # noqa: F811
    here, rng = InProcess(loaded("points")), random.Random(0)
    requests = [one for of_name in serving_load.known_requests(loaded("points")).values() for one in of_name]
    for asked in requests:
        for _ in range(3):
            spoilt = serving_load.hostile(asked, rng)
            with pytest.raises((Refused, serving_load.GanzooError)):
                here.predict(spoilt.signature, spoilt.inputs)


def test_an_answer_that_differs_in_one_bit_or_lacks_an_output_is_wrong():
    expected = {"samples": np.ones([2, 2], np.float32)}
    assert serving_load._compared(expected | {"more": np.zeros(1)}, expected) == "right"
    assert serving_load._compared({"samples": np.nextafter(expected["samples"], 2)}, expected).startswith("wrong")
    assert serving_load._compared({}, expected).startswith("wrong")


def test_the_table_has_the_latencies_of_right_answers_by_kind():
    outcomes = [Outcome("drs, gRPC", "right", 0.001 * n) for n in range(1, 101)]
    outcomes += [Outcome("drs, gRPC", "not ready", 9.0), Outcome("hostile", "refused", 0.002)]
    _, _, *rows = serving_load.table(outcomes)
    assert rows == [
        "| drs, gRPC | 100 | 0 | 0 | 1 | 50.5 | 95 | 99 |",
        "| hostile | 0 | 1 | 0 | 0 | 2 | 2 | 2 |",
    ]


def test_a_text_takes_the_place_between_its_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- load: written by x -->\nold\n<!-- end of load -->\nb\n")
    write_between(page, "load", "new \\1\nlines")
    assert page.read_text() == "a\n<!-- load: written by x -->\nnew \\1\nlines\n<!-- end of load -->\nb\n"
    with pytest.raises(ValueError, match="has the marks of 'other' 0 times"):
        write_between(page, "other", "new")
