import numpy as np
import pytest

from ganzoo.serving.answers import joined


def answer(rows, rate, proposed):
    samples = np.full((rows, 2), rate, np.float32)
    return {"samples": samples, "acceptance_rate": np.float32(rate), "num_proposed": np.int32(proposed)}


def test_rows_follow_each_other_and_counts_are_summed():
    found = joined([answer(2, 0.5, 4), answer(3, 0.1, 30)])
    np.testing.assert_allclose(found["samples"][:, 0], [0.5] * 2 + [0.1] * 3)
    assert found["num_proposed"] == 34
    assert found["num_proposed"].dtype == np.int32


def test_the_acceptance_rate_is_that_of_all_proposals():
    """Which is not the number of samples over that of proposals where, as in chains, every sample takes several."""
    assert joined([answer(2, 0.5, 4), answer(3, 0.1, 30)])["acceptance_rate"] == pytest.approx(5 / 34)


def test_one_answer_is_itself():
    found = joined([answer(2, 0.5, 4)])
    assert found["acceptance_rate"] == np.float32(0.5)
    assert found["samples"].shape == (2, 2)
