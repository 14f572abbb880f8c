"""Numbers as RESULTS.md shows them, and its sections."""

import math

import pytest

from benchmarks.sampler_tables import figure, spread, write_section


@pytest.mark.parametrize(
    "value, shown",
    [
        (0.99873, "0.999"), (0.9996, "1.00"), (1.0, "1.00"), (45.72, "45.7"), (130.23, "130"), (26_123.4, "26,100"),
        (9.733e-5, "0.0000973"), (-0.0019, "-0.00190"), (10_001, "10,001"), (math.nan, "-"), (0.0, "0"),
    ],
)  # fmt: skip
def test_measured_numbers_have_three_digits_and_counts_all(value, shown):
    assert figure(value) == shown


@pytest.mark.parametrize(
    "values, shown",
    [
        ([0.5], "0.500"),
        ([24, 25, 25], "24.7 ± 0.6"),
        ([25, 25, 25], "25"),
        ([0.9984, 0.999, 0.9988], "0.999"),
        ([0.53, 0.52, 0.56], "0.537 ± 0.021"),
        ([1000.0, 1000.0, 25_000.0], "9,000 ± 13,900"),
        ([1e-5, 2e-5, 2.7e-4], "0.000100 ± 0.000147"),
        ([2e-5, 2e-5, 2.5e-4], "0.0000967 ± 0.000133"),
        ([0.5, math.nan], "-"),
    ],
)
def test_a_deviation_ends_where_its_mean_does(values, shown):
    assert spread(values) == shown


def test_a_section_is_written_in_its_place_and_leaves_the_others(tmp_path):
    path = tmp_path / "RESULTS.md"
    for text in ("one", "two"):
        write_section("first", text, path)
        write_section("second", "as it is", path)
    first = "<!-- first -->\ntwo\n<!-- end of first -->\n"
    second = "<!-- second -->\nas it is\n<!-- end of second -->\n"
    assert path.read_text() == f"# Results\n\n{first}\n{second}"
