"""Standard errors against SciPy's, and against each other."""

import numpy as np
import pytest
from scipy.stats import sem

from ganzoo.evaluation.uncertainty import error_by_jackknife, error_of_mean


@pytest.mark.parametrize("values", [[1.0, 4.0, 2.5], [True, False, True, True]], ids=["numbers", "a share"])
def test_the_error_of_a_mean_is_scipys(values):
    assert error_of_mean(np.array(values)) == pytest.approx(sem(np.array(values, float)))


def test_a_single_sample_has_no_error():
    assert np.isnan(error_of_mean(np.array([3.0])))


def test_the_jackknife_of_a_mean_is_the_error_of_the_mean():
    values = np.random.default_rng(0).standard_normal(30)
    without = np.array([np.delete(values, row).mean() for row in range(30)])
    assert error_by_jackknife(without - values.mean()) == pytest.approx(error_of_mean(values))
