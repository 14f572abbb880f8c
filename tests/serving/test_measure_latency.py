"""The table has every signature of an export, whether it is asked in process or by a server."""

import re

import numpy as np
import pytest

from ganzoo.serving.connecting import connect
from ganzoo.serving.in_process import InProcess
from ganzoo.serving.measure_latency import measure, table
from ganzoo.serving.stand_in.server import StandIn


@pytest.mark.parametrize("name", ["cgan", "infogan", "points", "pix2pix", "cut", "stargan"])
def test_every_signature_is_measured_in_process(loaded, name):
    lines = table(InProcess(loaded(name)), loaded(name).config, rows=2, seconds=0.001)
    rows = [re.fullmatch(r"\| `(\w+)` \| 2 \| [\d.e+]+ \| [\d.e+]+ \| [\d,]+ \|", line) for line in lines[2:]]
    assert [row[1] for row in rows] == sorted(loaded(name).signatures)


def test_a_server_is_asked_for_the_same_signatures(exports, loaded):
    folder = exports["points"][1]
    with StandIn({"points": folder}) as serving, connect(serving.grpc_address, "points") as connection:
        lines = table(connection, loaded("points").config, rows=2, seconds=0.001)
        asked = {signature for _, signature in serving.servables.predictions}
    assert len(lines) == 2 + len(loaded("points").signatures)
    assert asked == set(loaded("points").signatures)


def test_requests_are_counted_once_warm_and_have_numbers_of_their_own():
    asked = []
    took = measure(asked.append, 0.0)
    assert asked == list(range(8))
    assert took.shape == (5,)
    assert (took >= 0).all()
    assert np.isfinite(took).all()
