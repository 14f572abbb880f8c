import pytest

from benchmarks import measuring, runtimes
from benchmarks.measuring import Goal, Times
from ganzoo import environment


def test_contenders_take_turns():
    """a, b, a, b, ...; each is told how long, and has the least and the middle of its own seconds."""
    asked = []

    def contender(name, answers):
        answers = iter(answers)

        def of_slice(seconds):
            asked.append((name, seconds))
            return next(answers)

        return of_slice

    times = measuring.in_turn({"a": contender("a", [3.0, 1.0, 2.0]), "b": contender("b", [5.0, 6.0, 9.0])}, 3, 0.5)
    assert asked == [("a", 0.5), ("b", 0.5)] * 3
    assert times == {"a": Times(1.0, 2.0), "b": Times(5.0, 6.0)}


def test_work_is_repeated_until_the_time_is_up_and_at_least_once(monkeypatch):
    """By a clock of its own: of calls of a second and four units, 2.5 seconds have three, and 0 seconds one."""
    now = [0.0]
    monkeypatch.setattr(measuring.time, "perf_counter", lambda: now[0])
    calls = []

    def call():
        now[0] += 1.0
        calls.append(now[0])
        return 4.0

    assert measuring.repeated(call)(2.5) == 3.0 / 12.0
    assert len(calls) == 3
    assert measuring.repeated(call)(0.0) == 1.0 / 4.0
    assert len(calls) == 4


def test_only_missed_goals_are_told():
    """A ratio that is exactly what was asked for is enough."""
    goals = [Goal("met", 1.5, 1.5), Goal("missed", 1.2345, 1.25), Goal("broken", float("nan"), 1.0)]
    assert measuring.shortfalls(goals) == ["missed: 1.23, expected at least 1.25", "broken: nan, expected at least 1"]


def test_a_metric_is_found_whatever_its_features_and_count():
    row = {"fd": 9.0, "fd_digits10k": 5.1, "kd_vgg16_500": 0.2}
    assert (measuring.of_family(row, "fd"), measuring.of_family(row, "kd")) == (5.1, 0.2)
    assert measuring.of_family(row, "coverage") is None


def test_a_folder_s_name_has_what_a_run_was_asked_for():
    assert measuring.folder_name("r3gan", "folder:/my photos", 32, 0.5) == "r3gan-folder_my_photos-32-0.5"


def test_the_machine_is_told_with_its_versions():
    import keras
    import tensorflow as tf

    text = measuring.machine()
    assert f"tensorflow {tf.__version__}" in text
    assert f"keras {keras.__version__}" in text
    assert "cores of" in text


def test_the_machine_is_told_with_the_instructions_that_speed_depends_on(monkeypatch):
    monkeypatch.setattr(environment, "instructions", lambda: frozenset({"sse", "avx2", "avx512f", "amx_bf16"}))
    assert " with AVX2, AVX-512, AMX, Python " in measuring.machine()
    monkeypatch.setattr(environment, "instructions", lambda: None)
    assert " with " not in measuring.machine()


def test_a_check_is_an_exit_code_and_leaves_the_results_alone(capsys, monkeypatch):
    written = []
    monkeypatch.setattr("benchmarks.sampler_tables.write_section", lambda *section: written.append(section))
    assert measuring.conclude(["short"], True, "speed", "text") == 1
    assert measuring.conclude([], True, "speed", "text") == 0
    assert not written
    assert measuring.conclude(["short"], False, "speed", "text") == 0
    assert written == [("speed", "text")]
    assert capsys.readouterr().out.splitlines() == ["short", "every goal is met", "short"]


@pytest.mark.parametrize("name", ["runtimes", "export sizes", "quantisation"])
def test_the_page_of_runtimes_has_a_place_for_each_table(tmp_path, name):
    page = tmp_path / "runtimes.md"
    page.write_text(runtimes.PAGE.read_text())
    measuring.write_between(page, name, "measured")
    assert f"-->\nmeasured\n<!-- end of {name} -->" in page.read_text()
