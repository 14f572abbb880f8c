"""Charts: what stands at their axes."""

from ganzoo.reports import curves


def test_steps_are_whole_where_a_curve_has_one_point():
    assert curves.chart("loss", {"loss": {4: 1.0}}).x_ticks == [("4", 50.0)]
    assert [text for text, _ in curves.chart("loss", {"loss": {0: 1.0, 3: 2.0}}).x_ticks] == ["0", "1", "2", "3"]
