"""The inception score at its two ends and between them."""

import numpy as np
import pytest

from ganzoo.evaluation.inception_score import inception_score, standard_error


def test_sure_and_even_predictions_score_the_number_of_classes():
    assert inception_score(np.eye(10)[np.arange(1000) % 10]) == pytest.approx(10.0)


@pytest.mark.parametrize("row", [np.full(10, 0.1), np.eye(10)[3]], ids=["unsure", "one class"])
def test_the_same_prediction_for_all_scores_one(row):
    assert inception_score(np.tile(row, (50, 1))) == pytest.approx(1.0)


def test_between_them_it_is_the_exponential_of_the_mutual_information():
    p = 0.9
    information = np.log(2) + p * np.log(p) + (1 - p) * np.log(1 - p)
    assert inception_score(np.array([[p, 1 - p], [1 - p, p]])) == pytest.approx(np.exp(information))


def test_the_standard_error_is_the_deviation_over_draws():
    """300 draws of 400 rows that are sure to different degrees, of classes that are not equally frequent."""
    rng = np.random.default_rng(0)
    draws = rng.dirichlet([0.3, 0.2, 0.1, 0.1], size=(300, 400))
    scores = [inception_score(rows) for rows in draws]
    assert np.mean([standard_error(rows) for rows in draws]) == pytest.approx(np.std(scores), rel=0.1)
