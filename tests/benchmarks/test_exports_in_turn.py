import numpy as np
import pytest
import tensorflow as tf

from benchmarks import exports_in_turn
from benchmarks.exports_in_turn import (
    HALF,
    OTHER,
    THIS,
    Compared,
    Counted,
    Start,
    compare,
    goals,
    in_bfloat16,
    of_seeds,
    share_of_equal,
    tables,
)
from benchmarks.measuring import Times, shortfalls
from ganzoo import environment


def test_requests_are_counted_and_have_each_a_number():
    counted = Counted(lambda number: (3, 10 + number))
    assert [counted(), counted()] == [3, 3]
    assert (counted.requests, counted.samples, counted.proposals) == (2, 6, 21)


def compared(work="convolutions", size=64, this=0.010, other=0.014, build=THIS):
    return Compared(work, build, "drs", size, Times(this, this), Times(other, other), 4.0, 5.0, 0.75)


def started(seconds=(1.0, 2.5), memory=(70.0, 100.0)):
    return {
        "dense": {
            name: Start(*each) for name, each in zip((THIS, OTHER), zip(seconds, memory, strict=True), strict=True)
        }
    }


def test_a_ratio_is_of_the_other_build_s_time_to_this_one_s():
    assert compared().ratio == pytest.approx(1.4)


def test_goals_are_of_convolutions_and_of_64_points_and_of_every_start():
    rows = [compared(), compared("dense"), compared("dense", size=1), compared(build=HALF)]
    found = goals(rows, started(memory=(80.0, 100.0)))
    assert [goal.least for goal in found] == [1.3, 2.0, 2.2, 2.0, pytest.approx(1 / 0.7)]
    assert shortfalls(found) == [
        "this build: dense, drs, 64 samples, speed to the other build's: 1.4, expected at least 2",
        "this build, bfloat16: convolutions, drs, 64 samples, speed to the other build's: 1.4, expected at least 2.2",
        "dense, start, the other build's memory to its own: 1.25, expected at least 1.42857",
    ]


def test_the_tables_have_both_builds():
    lines = tables([compared(), compared("dense", 1)], started()).splitlines()
    assert lines[2] == "| convolutions | this build | drs | 64 | 100 | 71.4 | 1.40 | 1.3 | 4.00 | 5.00 | 75 % |"
    assert " | 1.40 |  | 4.00 | " in lines[3]
    assert lines[-2:] == ["| dense | this build | 1.00 | 70 |", "| dense | the other build | 2.50 | 100 |"]


class Numbers(tf.Module):
    """An export whose samples are its offset plus the seed, with three proposals for each."""

    def __init__(self, offset):
        super().__init__()
        self.offset = tf.Variable(offset)

    @tf.function(
        input_signature=[
            tf.TensorSpec([], tf.int32, "num_samples"),
            tf.TensorSpec([2], tf.int32, "seed"),
            tf.TensorSpec([], tf.float32, "gamma_percentile"),
        ]
    )
    def drs(self, num_samples, seed, gamma_percentile):
        rows = tf.cast(tf.range(num_samples), tf.float32) * self.offset
        samples = rows + tf.cast(seed[0], tf.float32) + 0.0 * gamma_percentile
        return {"samples": samples[:, tf.newaxis], "num_proposed": 3 * num_samples}


@pytest.fixture
def folders(tmp_path):
    """Two exports: all samples but the first of a request differ."""
    paths = {}
    for name, offset in ((THIS, 1.0), (OTHER, 1.5)):
        numbers = Numbers(offset)
        paths[name] = tmp_path / name
        tf.saved_model.save(numbers, str(paths[name]), signatures={"drs": numbers.drs})
    return paths


def test_requests_of_both_exports_are_timed_and_their_samples_compared(folders):
    row, of_one = compare("dense", folders, [4, 1], {"drs": {"gamma_percentile": 80.0}}, rounds=1, seconds=0.0)
    assert (row.work, row.sampler, row.size) == ("dense", "drs", 4)
    assert (row.proposals, row.of_other, row.equal, of_one.equal) == (3.0, 3.0, 0.25, 1.0)
    assert min(*row.this, *row.other) > 0


def test_each_build_has_a_row_beside_the_other_one(folders):
    folders = {THIS: folders[THIS], OTHER: folders[OTHER], HALF: folders[OTHER]}
    rows = compare("dense", folders, [4], {"drs": {"gamma_percentile": 80.0}}, rounds=1, seconds=0.0)
    assert [(row.build, row.equal) for row in rows] == [(THIS, 0.25), (HALF, 1.0)]
    assert rows[0].other == rows[1].other


@pytest.mark.parametrize(("computes", "builds"), [(True, [HALF]), (False, []), (None, [])])
def test_bfloat16_takes_part_where_the_processor_has_it(tmp_path, monkeypatch, computes, builds):
    """The run is exported again in bfloat16, beside this build's first export."""
    asked = []
    export = tmp_path / "export_bfloat16" / "1"

    def reexport(place, module, *arguments):
        asked.append((module, *arguments))
        export.mkdir(parents=True)
        (export / "saved_model.pb").touch()

    monkeypatch.setattr(environment, "computes_bfloat16", lambda: computes)
    monkeypatch.setattr(exports_in_turn, "run", reexport)
    found = in_bfloat16(tmp_path)
    assert list(found) == builds
    if builds:
        assert found[HALF] == export
        assert "--config.sampling.precision=bfloat16" in asked[0]


def test_requests_with_a_seed_each_have_their_samples_one_after_another(folders):
    signature = tf.saved_model.load(str(folders[THIS])).signatures["drs"]
    samples = of_seeds(signature, 4, {"gamma_percentile": 80.0})
    assert samples[:, 0].tolist() == [row + seed for seed in range(exports_in_turn.SEEDS) for row in range(4)]
    assert share_of_equal(samples, samples) == 1.0


def test_a_sample_is_equal_if_all_its_numbers_are():
    samples = np.zeros([4, 2, 2], np.float32)
    others = samples.copy()
    others[1, 0, 1], others[2, 1, 1] = 0.0009, 0.0011
    assert share_of_equal(samples, others) == 0.75


def test_a_start_is_a_process_of_its_own(folders):
    found = exports_in_turn.starts(folders, rounds=1)
    assert list(found) == [THIS, OTHER]
    assert all(start.seconds > 0 and start.memory_mb > 50 for start in found.values())
