"""Information on codes against closed forms, SciPy's densities, and classes that pictures fall into."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from ganzoo.losses import information


def logits(rows, classes=4, seed=0):
    return np.random.default_rng(seed).normal(0, 2, (rows, classes)).astype(np.float32)


def test_a_category_that_q_knows_has_the_entropy_of_the_category():
    category = np.eye(4, dtype=np.float32)
    assert float(information.of_category(tf.constant(40 * category), category)) == pytest.approx(math.log(4), abs=1e-6)
    assert float(information.of_category(tf.zeros([4, 4]), category)) == pytest.approx(0.0, abs=1e-6)


def test_the_bounds_are_the_mean_log_densities_of_q():
    drawn, q = np.eye(4, dtype=np.float32)[[0, 3, 1, 1, 2]], logits(5)
    expected = math.log(4) + np.log(special.softmax(q, axis=1))[np.arange(5), drawn.argmax(1)].mean()
    assert float(information.of_category(tf.constant(q), drawn)) == pytest.approx(expected, abs=1e-6)
    codes, mean = logits(5, 2, seed=1), logits(5, 2, seed=2)
    expected = 2 * math.log(2) + stats.norm(mean, 1.0).logpdf(codes).sum(axis=1).mean()
    assert float(information.of_continuous(tf.constant(mean), codes)) == pytest.approx(expected, abs=1e-5)


def test_clear_classes_of_equal_shares_that_stay_have_the_most():
    """.4 log K; all pictures in one class, or none in any, have less, and so have classes that change by the move."""
    clear = tf.constant(40 * np.eye(4, dtype=np.float32))
    assert float(information.self_augmented(clear, clear)) == pytest.approx(0.4 * math.log(4), abs=1e-5)
    one_class = tf.tile(clear[:1], [4, 1])
    assert float(information.self_augmented(one_class, one_class)) == pytest.approx(0.0, abs=1e-5)
    undecided = tf.zeros([4, 4])
    expected = 0.1 * (4 - 1) * math.log(4) - math.log(4)
    assert float(information.self_augmented(undecided, undecided)) == pytest.approx(expected, abs=1e-5)
    assert float(information.self_augmented(clear, clear[::-1])) == pytest.approx(0.4 * math.log(4) - 40, abs=1e-3)


def test_self_augmented_information_is_that_of_scipys_entropies():
    one, other = logits(9, seed=3), logits(9, seed=4)
    p, q = special.softmax(one, axis=1), special.softmax(other, axis=1)
    expected = 0.4 * stats.entropy(p.mean(axis=0)) - 0.1 * stats.entropy(p, axis=1).mean()
    expected += (p * np.log(q)).sum(axis=1).mean()
    found = float(information.self_augmented(tf.constant(one), tf.constant(other)))
    assert found == pytest.approx(expected, abs=1e-5)


def test_the_class_of_a_picture_is_not_moved_towards_that_of_its_moved_copy():
    """The gradient by the picture's own logits is that of the entropies alone, wherever the moved copy is."""
    one = tf.Variable(logits(9, seed=5))
    gradients = []
    for moved in (logits(9, seed=6), logits(9, seed=7)):
        with tf.GradientTape() as tape:
            found = information.self_augmented(one, tf.constant(moved))
        gradients.append(tape.gradient(found, one).numpy())
    np.testing.assert_allclose(*gradients, atol=1e-7)
    assert np.abs(gradients[0]).max() > 1e-3
