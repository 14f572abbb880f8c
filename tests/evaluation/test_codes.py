import numpy as np
import pytest

from ganzoo.evaluation.codes import information_bound, unsupervised_accuracy


def test_a_renaming_of_the_labels_is_perfect():
    labels = np.random.default_rng(0).integers(0, 10, 500)
    renamed = np.random.default_rng(1).permutation(10)[labels]
    assert unsupervised_accuracy(renamed, labels) == 1.0


def test_each_category_stands_for_one_label_at_most():
    """Three quarters of category 0 are of label 1; of categories 1 and 2, both of label 0, one must go without."""
    categories, labels = np.array([0, 0, 0, 0, 1, 1, 2]), np.array([1, 1, 1, 0, 0, 0, 0])
    assert unsupervised_accuracy(categories, labels) == pytest.approx(5 / 7)


def test_chance_is_one_in_ten():
    """A category that is always the same, and one that is drawn at random."""
    labels = np.arange(10_000) % 10
    assert unsupervised_accuracy(np.zeros(10_000, int), labels) == pytest.approx(0.1)
    assert unsupervised_accuracy(np.random.default_rng(0).integers(0, 10, 10_000), labels) < 0.12


def test_the_bound_is_log_k_for_certainty_and_zero_for_none():
    categories = np.arange(100) % 8
    assert information_bound(1e3 * np.eye(8)[categories], categories) == pytest.approx(np.log(8))
    assert information_bound(np.zeros((100, 8)), categories) == pytest.approx(0.0, abs=1e-12)


def test_confident_mistakes_make_it_negative():
    assert information_bound(5.0 * np.eye(4), np.array([1, 2, 3, 0])) < 0
