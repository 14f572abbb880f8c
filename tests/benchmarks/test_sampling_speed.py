import pytest
import tensorflow as tf

from benchmarks.measuring import Times, shortfalls
from benchmarks.sampling_speed import LOOP, Measured, goals, loop_in_python, table


def measured(work="dense", sampler="drs", size=64, of_sample=0.010, of_row=0.002, proposals=4.0):
    passes = Times(of_row, of_row), Times(of_row / 2, of_row / 2)
    return Measured(work, sampler, size, Times(of_sample, 2 * of_sample), *passes, proposals)


def test_the_bound_is_the_forward_pass_of_all_proposals():
    """4 proposals of 2 ms for a sample that took 10 ms: .8 of the bound; in larger passes of 1 ms a row, .4."""
    assert measured().fraction == pytest.approx(0.8)
    assert measured().of_larger_passes == pytest.approx(0.4)


def test_goals_are_of_two_sizes_and_of_no_loop():
    """.8 is enough for dense layers, not for convolutions; small requests and the loop have no goal."""
    rows = [measured(), measured("convolutions"), measured(size=1), measured(sampler=LOOP)]
    found = goals(rows)
    assert [goal.least for goal in found] == [0.75, 0.95]
    assert shortfalls(found) == ["convolutions, drs, 64 samples, fraction of the bound: 0.8, expected at least 0.95"]


def test_the_table_has_the_goals_where_there_are_any():
    lines = table([measured(), measured(size=1)]).splitlines()[2:]
    assert [line.split(" | ")[4] for line in lines] == ["100", "100"]
    assert [line.split(" | ")[-3:] for line in lines] == [["0.800", "0.75", "0.400 |"], ["0.800", "", "0.400 |"]]


def test_the_loop_in_python_rejects():
    """As many as asked for, from whole batches; gamma at the 80th percentile takes more than two proposals for each."""
    passed = []

    def forward(latents):
        passed.append(len(latents))
        return latents, -tf.reduce_sum(tf.square(latents), axis=1)

    draw = loop_in_python(forward, size=300, batch=128, latent_dim=1)
    passed.clear()
    found, proposed = draw(0)
    assert found == 300
    assert proposed == sum(passed)
    assert proposed % 128 == 0
    assert 2 * 300 < proposed < 20 * 300
    assert draw(0) == (found, proposed)
