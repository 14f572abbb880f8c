from ganzoo.training.start_up import Laps


def test_laps_are_from_mark_to_mark():
    """The first from the beginning; of one name, summed, in the place of the first."""
    times = iter([100.0, 102.5, 103.0, 107.0])
    laps = Laps(lambda: next(times))
    for name in ("imports", "data", "imports"):
        laps.mark(name)
    assert laps.seconds == {"imports": 6.5, "data": 0.5}
    assert laps.table().splitlines() == ["imports    6.50 s", "data       0.50 s", "in all     7.00 s"]
