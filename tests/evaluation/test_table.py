"""The table that a person reads."""

from ganzoo.evaluation.table import arrow, format_table


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
    assert {arrow(metric) for metric in ("kd_random637", "kl_digits26k", "l1_360", "cycle_error_360")} == {"↓"}
    higher = ("modes_digits26k", "coverage_digits1k", "psnr_360", "class_survives_360", "high_quality_10k")
    assert {arrow(metric) for metric in higher} == {"↑"}
    assert arrow("std_10k") == arrow("acceptance_rate") == ""
