"""The matrix of runtimes, on three entries with the networks of their default recipes."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import runtimes
from benchmarks.runtimes import Measured
from ganzoo.export import other_runtimes

ENTRIES = {  # what can be taken elsewhere
    "wgan_gp": {"serving_default", "score", "propose"},
    "cgan": {"serving_default", "score", "propose"},
    "stargan": {"serving_default", "translate", "score"},
}
FORMATS = {"ONNX Runtime": "onnx", "LiteRT": "litert", "OpenVINO": "openvino"}


def is_installed(format):
    return all(importlib.util.find_spec(name) for name in other_runtimes.FORMATS[format].packages)


@pytest.mark.slow
@pytest.mark.parametrize("entry", ENTRIES)
def test_entries_answer_alike_in_every_runtime_at_the_size_users_get(entry, monkeypatch):
    """Every signature of rows, at other numbers than a file was checked with; a Session and C are bit-equal."""
    monkeypatch.setattr(runtimes, "SECONDS", 0.0)
    what = runtimes.servable_of(entry, steps=1)
    kept = {name: what.signatures[name] for name in ENTRIES[entry]}
    rows = list(runtimes.measured(entry, replace(what, signatures=kept), sizes=(1, 7)))
    assert {row.signature for row in rows} == ENTRIES[entry]
    for row in rows:
        where = f"{row.entry} {row.signature} in {row.runtime}: {row.refusal}"
        if row.runtime in ("v1 Session", "C program"):
            assert not row.refusal, where
            assert max(row.differences) == 0.0, where
        elif row.runtime in FORMATS and is_installed(FORMATS[row.runtime]):
            assert not row.refusal, where
            assert max(row.differences) <= other_runtimes.TOLERANCE, where


ANSWERED = Measured("gan", "score", "TensorFlow", (0.0, 0.0), (0.001, 0.0025))
ELSEWHERE = Measured("gan", "score", "LiteRT", (0.0, 2e-7), (0.002, 0.0125))
REFUSED = [
    Measured("gan", name, "LiteRT", refusal=f"litert cannot take '{name}': it draws. Take one of score, or serve it.")
    for name in ("drs", "mh")
]


def test_the_page_has_a_line_for_each_signature_and_each_refusal_once():
    page = runtimes.page([ANSWERED, ELSEWHERE, *REFUSED], sizes=(1, 7))
    assert "| gan | score | 1 / 2.5 | 2 / 12.5 (2e-07) |" in page
    assert "| gan | drs |  | - |" in page
    assert "- **LiteRT**: it draws (`drs`; `mh`)" in page


def test_a_reason_of_several_runtimes_is_one_line_and_names_entries_where_some_are_taken():
    rows = [REFUSED[0], REFUSED[0]._replace(runtime="ONNX Runtime"), REFUSED[0]._replace(entry="cgan", refusal="")]
    assert runtimes.refusals(rows) == ["- **LiteRT; ONNX Runtime**: it draws (`drs` of gan)"]


@pytest.mark.parametrize("values", [np.array([1.5, -np.inf], np.float32), np.array([[3], [-1]]), np.array([True])])
def test_arrays_go_to_node_and_back(values):
    np.testing.assert_array_equal(runtimes._from_json(runtimes._as_json(values)), values)
