import math

import pytest

from benchmarks import time_to_quality
from benchmarks.contenders.keras_examples import published
from benchmarks.time_to_quality import (
    DRS,
    EXAMPLE,
    OTHER,
    OURS,
    THIS,
    Learner,
    Point,
    goals,
    reached,
    table,
    train_in_turn,
)


def curves(**more):
    found = {
        OURS: [Point(10.0, 90.0), Point(20.0, 50.0), Point(30.0, 55.0)],
        DRS: [Point(14.0, 40.0), Point(24.0, 30.0)],
        EXAMPLE: [Point(10.0, 200.0), Point(50.0, 48.0)],
    }
    return found | more


def test_the_first_point_under_the_threshold_counts():
    """Even where a later one is over it again; of nobody under it the time is infinite."""
    assert reached(curves()[OURS], 50.0) == 20.0
    assert reached(curves()[OURS], 49.9) == math.inf


def test_ours_is_to_be_there_in_half_the_time():
    """50 s against 20 s and 14 s; an example that never got there counts by the time it was given, ours by nothing."""
    rivals = {OURS: EXAMPLE, DRS: EXAMPLE}
    for threshold, ratio, is_met in ((50.0, 2.5, True), (45.0, 0.0, False)):
        plain, by_drs = goals(curves(), dict.fromkeys(curves(), threshold), rivals, 2.0)
        assert (plain.ratio, plain.is_met) == (ratio, is_met)
        assert (by_drs.ratio, by_drs.is_met) == (pytest.approx(50 / 14), True)


def test_the_table_tells_who_never_got_there():
    lines = table(curves(), dict.fromkeys(curves(), 45.0), "fd_digits2k").splitlines()[2:]
    assert [line.split(" | ")[2] for line in lines] == ["not in 30", "14", "not in 50"]
    assert lines[0].endswith("| 50.0 | 20 |")


@pytest.fixture
def learner(monkeypatch):
    """Learners by name, distances and seconds of preparation, on a clock that moves by a second for each step."""
    now = [0.0]
    monkeypatch.setattr(time_to_quality.time, "perf_counter", lambda: now[0])

    def of(name, distances, preparing, trained):
        left = iter(distances)

        def train(steps):
            trained.append(name)
            now[0] += steps

        return lambda: Learner(train, {name: lambda count: (next(left), preparing)}, 5)

    return of


def test_learners_take_turns_until_they_are_there(learner, capsys):
    """`quick` is under the threshold at its second measurement, `slow` goes on until its time is up; preparing a
    sampler counts at its own point alone."""
    trained = []
    both = {
        "quick": learner("quick", [90.0, 50.0], 2.0, trained),
        "slow": learner("slow", [90.0, 80.0, 70.0], 0.0, trained),
    }
    found = train_in_turn(both, float, thresholds=dict.fromkeys(both, 50.0), samples=7, every=10.0, limit=30.0)
    assert found["quick"] == [Point(12.0, 90.0), Point(22.0, 50.0)]
    assert found["slow"] == [Point(10.0, 90.0), Point(20.0, 80.0), Point(30.0, 70.0)]
    assert trained == ["quick"] * 2 + ["slow"] * 2 + ["quick"] * 2 + ["slow"] * 4
    assert "quick: 50.0 after 22 s" in capsys.readouterr().out


def test_the_example_is_of_the_published_size():
    """The page of the example prints the numbers of its networks' weights."""
    model = published.model()
    assert [network.count_params() for network in (model.generator, model.critic)] == [910_660, 4_305_409]
    assert (model.generator.output_shape, model.critic.output_shape) == ((None, 28, 28, 1), (None, 1))


def test_the_second_need_not_go_on_for_ever_after_the_first_is_there(learner):
    """22 s for the first: 2.5 times that are over at the second's measurement after 60 s."""
    both = {"quick": learner("quick", [90.0, 50.0], 2.0, []), "slow": learner("slow", [90.0] * 9, 0.0, [])}
    found = train_in_turn(both, float, thresholds=dict.fromkeys(both, 50.0), samples=7, every=10.0, limit=1000.0)
    assert found["slow"][-1].seconds == 60.0


def test_a_learner_whose_training_is_done_stops(learner):
    """It is measured once more at its end, and the other one goes on."""
    short = learner("short", [90.0] * 3, 0.0, trained := [])
    limited = lambda: short()._replace(is_done=lambda: trained.count("short") >= 3)  # noqa: E731
    found = train_in_turn(
        {"short": limited, "long": learner("long", [90.0] * 9, 0.0, [])},
        float,
        thresholds=dict.fromkeys(("short", "long"), 1.0),
        **TIMES,
    )
    assert [point.seconds for point in found["short"]] == [10.0, 15.0]
    assert found["long"][-1].seconds == 40.0


TIMES = dict(samples=7, every=10.0, limit=40.0)


def test_each_sampler_has_a_threshold_of_its_own(learner):
    both = {"quick": learner("quick", [90.0, 50.0, 20.0], 0.0, []), "slow": learner("slow", [90.0] * 9, 0.0, [])}
    found = train_in_turn(both, float, thresholds={"quick": 30.0, "slow": 1.0}, **TIMES, patience=math.inf)
    assert [point.distance for point in found["quick"]] == [90.0, 50.0, 20.0]


def test_this_build_is_to_be_there_four_times_sooner():
    """40 s against 10 s; by drs the other build never gets there in its 80 s, and this one needs 25."""
    found = {
        THIS: [Point(10.0, 30.0)],
        f"{THIS} by drs": [Point(12.0, 20.0), Point(25.0, 9.0)],
        OTHER: [Point(40.0, 38.0), Point(60.0, 39.0)],
        f"{OTHER} by drs": [Point(45.0, 30.0), Point(80.0, 21.0)],
    }
    thresholds = dict(zip(found, (38.1, 10.0) * 2, strict=True))
    rivals = {THIS: OTHER, f"{THIS} by drs": f"{OTHER} by drs"}
    first, second = goals(found, thresholds, rivals, 4.0)
    assert (first.ratio, first.is_met) == (4.0, True)
    assert (second.ratio, second.is_met) == (80 / 25, False)
    lines = table(found, thresholds, "fd_digits2k").splitlines()
    assert [line.split(" | ")[1:3] for line in lines[2:]] == [
        ["38.1", "10"],
        ["10", "25"],
        ["38.1", "40"],
        ["10", "not in 80"],
    ]
