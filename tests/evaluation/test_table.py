"""The table that a person reads."""

from ganzoo.evaluation.table import arrow, format_table, lower_is_better


def test_rows_and_columns_align_and_show_the_better_direction():
    table = format_table(
        {
            "generate": {"fd_digits10k": 7.912345, "is_digits10k": 9.0, "std_10k": 0.0512},
            "drs": {"fd_digits10k": 4.1, "is_digits10k": 9.5, "std_10k": 0.05},
            "floor": {"fd_digits10k": 0.4439},
        }
    )
    assert table.splitlines() == [
        "          fd_digits10k ↓  is_digits10k ↑  std_10k",
        "generate           7.912               9  0.05120",
        "drs                4.100           9.500  0.05000",
        "floor             0.4439               -        -",
    ]


def test_direction_goes_by_the_metrics_family():
    assert lower_is_better("kid_random637") is True
    assert lower_is_better("kl_digits26k") is True
    assert lower_is_better("modes_digits26k") is False
    assert lower_is_better("coverage_digits1k") is False
    assert lower_is_better("l1_360") is lower_is_better("cycle_error_360") is True
    assert lower_is_better("psnr_360") is lower_is_better("class_survives_360") is False
    assert arrow("high_quality_10k") == "↑"
    assert arrow("std_10k") == arrow("acceptance_rate") == ""
