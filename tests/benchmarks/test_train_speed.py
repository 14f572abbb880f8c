import pytest

from benchmarks.measuring import Times, shortfalls
from benchmarks.train_speed import (
    BARE,
    COMPILED,
    DETACHED,
    EXAMPLE,
    JAX,
    OURS,
    PRECISIONS,
    SHOWN,
    TORCH,
    Entry,
    best,
    contenders,
    goals,
    table,
)
from benchmarks.workloads import WORKS


def entry(seconds, first_step=4.0, flops=2e9):
    return Entry(Times(seconds, 2 * seconds), first_step, peak_mb=1234.0, weights=1000, flops=flops)


def entries(**more):
    """W3: 10 ms and 8 ms of ours, of which 7 ms and 4 ms are bare; 14 ms of the example's."""
    found = {(OURS, "float32"): entry(0.010), (OURS, "mixed_bfloat16"): entry(0.008)}
    found |= {(BARE, "float32"): entry(0.007), (BARE, "mixed_bfloat16"): entry(0.004)}
    return found | {(EXAMPLE, "float32"): entry(0.014, first_step=12.0)} | more.pop("others", {})


PEAKS = {"float32": 400e9, "mixed_bfloat16": 1000e9}


def test_ratios_are_of_minima_and_judged_by_precision():
    """14 / 10 is enough of 1.35, 14 / 8 of 1.45, and 12 s / 4 s of 2; without PyTorch no goal is about it."""
    found = goals("W3", entries(), PEAKS)
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
    (line,) = shortfalls(goals("W3", entries(others=torch), PEAKS))
    assert "PyTorch" in line
    assert "1.5, expected at least 1.6" in line


def test_the_table_has_shares_of_the_peak_of_each_precision():
    """2 GFLOP in 10 ms are half of 400 GFLOP/s; in 8 ms a quarter of 1,000."""
    torch = {(TORCH, "float32"): entry(0.015, flops=0.0)}
    rows = rows_of(table("W3", entries(others=torch), PEAKS))
    assert [row[0] for row in rows] == [
        "ganzoo, float32",
        "ganzoo, mixed_bfloat16",
        f"{SHOWN[BARE]}, float32",
        f"{SHOWN[BARE]}, mixed_bfloat16",
        "keras.io's way, float32",
        "PyTorch-GAN's way, float32",
    ]
    assert [row[-1] for row in rows] == ["0.500", "0.250", "0.714", "0.500", "0.357", "-"]
    assert rows[4][1:5] == ["14.0", "28.0", "1.40", "1.75"]


def rows_of(text):
    """The cells of a table's rows behind its header."""
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")][2:]


def test_the_table_tells_what_is_left_beside_the_bare_operations():
    """7 ms of 10 ms, and 4 ms of 8 ms; their start and their memory are not those of a training."""
    text = table("W3", entries(), PEAKS)
    assert "neither convolution nor matrix product: 0.300 in float32, 0.500 in mixed_bfloat16." in text
    assert rows_of(text)[2][3:7] == ["0.700", "0.875", "-", "-"]


def test_float32_alone_has_no_column_and_no_goal_of_bfloat16():
    found = {key: value for key, value in entries().items() if key[1] == "float32"}
    text = table("W3", found, {"float32": 400e9})
    assert "bfloat16" not in text
    assert not any("bfloat16" in goal.what for goal in goals("W3", found, {"float32": 400e9}))


def test_compiled_contenders_are_judged_in_their_own_precision():
    """9 ms are behind ours in float32, and ahead of ours in bfloat16; the goal is to be ahead of each."""
    others = {(COMPILED, "float32"): entry(0.009), (COMPILED, "mixed_bfloat16"): entry(0.016)}
    others |= {(JAX, "float32"): entry(0.020), (JAX, "mixed_bfloat16"): entry(0.009)}
    found = {goal.what: goal for goal in goals("W3", entries(others=others), PEAKS)}
    ratios = {what: goal.ratio for what, goal in found.items() if "torch.compile" in what or "Flax" in what}
    assert ratios == {
        "W3, float32, time of a step of torch.compile to ours": pytest.approx(0.9),
        "W3, mixed_bfloat16, time of a step of torch.compile to ours": pytest.approx(2.0),
        "W3, float32, time of a step of Flax NNX to ours": pytest.approx(2.0),
        "W3, mixed_bfloat16, time of a step of Flax NNX to ours": pytest.approx(9 / 8),
    }
    (missed,) = shortfalls([found[what] for what in ratios])
    assert missed == "W3, float32, time of a step of torch.compile to ours: 0.9, expected at least 1"


def test_the_cyclegan_has_a_goal_for_its_share_of_the_peak():
    """2 GFLOP in 10 ms are half of 400 GFLOP/s."""
    share = goals("W4", entries(), PEAKS)[-1]
    assert (share.what, share.ratio, share.least) == ("W4, float32, share of the convolution peak", 0.5, 0.7)


def test_without_an_interpreter_pytorch_and_jax_take_no_part():
    alone = contenders("W3")
    assert {name for name, _ in alone} == {OURS, BARE, EXAMPLE}
    compiled, jax = ([(name, precision) for precision in PRECISIONS] for name in (COMPILED, JAX))
    assert contenders("W3", has_torch=True) == [*alone, (TORCH, "float32"), *compiled]
    assert contenders("W3", has_jax=True) == [*alone, *jax]
    assert contenders("W3", has_torch=True, has_jax=True) == [*alone, (TORCH, "float32"), *compiled, *jax]


def test_only_the_precisions_asked_for_are_measured():
    found = contenders("W1", has_torch=True, has_jax=True, precisions=["float32"])
    assert [name for name, _ in found] == [OURS, BARE, EXAMPLE, TORCH, DETACHED, COMPILED, JAX]
    assert {precision for _, precision in found} == {"float32"}


def test_detached_fakes_are_measured_where_critics_are():
    found = {work for work in WORKS if (DETACHED, "float32") in contenders(work, has_torch=True)}
    assert found == {"W1", "W2"}
