import pytest

from benchmarks.measuring import Times, shortfalls
from benchmarks.train_speed import DETACHED, EXAMPLE, OURS, TORCH, Entry, best, contenders, goals, table
from benchmarks.workloads import WORKS


def entry(seconds, first_step=4.0, flops=2e9):
    return Entry(Times(seconds, 2 * seconds), first_step, peak_mb=1234.0, weights=1000, flops=flops)


def entries(**more):
    """W3: 10 ms and 8 ms of ours, 14 ms of the example's."""
    found = {(OURS, "float32"): entry(0.010), (OURS, "mixed_bfloat16"): entry(0.008)}
    return found | {(EXAMPLE, "float32"): entry(0.014, first_step=12.0)} | more.pop("torch", {})


def test_ratios_are_of_minima_and_judged_by_precision():
    """14 / 10 is enough of 1.35, 14 / 8 of 1.45, and 12 s / 4 s of 2; without PyTorch no goal is about it."""
    found = goals("W3", entries())
    assert [(goal.ratio, goal.least) for goal in found] == [
        (pytest.approx(1.4), 1.35),
        (pytest.approx(1.75), 1.45),
        (pytest.approx(3.0), 2.0),
    ]
    assert not shortfalls(found)


def test_of_several_starts_the_best_counts():
    starts = [entry(0.010, first_step=3.0), entry(0.008, first_step=4.0), entry(0.020, first_step=5.0)]
    assert best(starts) == Entry(Times(0.008, 0.020), 3.0, peak_mb=1234.0, weights=1000, flops=2e9)


def test_a_missed_goal_against_pytorch_is_told():
    torch = {(TORCH, "float32"): entry(0.015, flops=0.0)}
    (line,) = shortfalls(goals("W3", entries(torch=torch)))
    assert "PyTorch" in line
    assert "1.5, expected at least 1.6" in line


def test_the_table_has_shares_of_the_peak_of_each_precision():
    """2 GFLOP in 10 ms are half of 400 GFLOP/s; in 8 ms a quarter of 1,000."""
    torch = {(TORCH, "float32"): entry(0.015, flops=0.0)}
    text = table("W3", entries(torch=torch), {"float32": 400e9, "mixed_bfloat16": 1000e9})
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith(("| ganzoo", "| keras", "| PyTorch"))]
    assert [row[0] for row in rows] == [
        "| ganzoo, float32", "| ganzoo, mixed_bfloat16", "| keras.io's way, float32", "| PyTorch-GAN's way, float32",
    ]  # fmt: skip
    assert [row[-1] for row in rows] == ["0.500 |", "0.250 |", "0.357 |", "- |"]
    assert rows[2][1:5] == ["14.0", "28.0", "1.40", "1.75"]


def test_without_an_interpreter_pytorch_takes_no_part():
    assert contenders("W3", has_torch=True) == [*contenders("W3", has_torch=False), (TORCH, "float32")]


def test_detached_fakes_are_measured_where_critics_are():
    found = {work for work in WORKS if (DETACHED, "float32") in contenders(work, has_torch=True)}
    assert found == {"W1", "W2"}
