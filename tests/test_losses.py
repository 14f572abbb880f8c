import math

import numpy as np
import pytest
import tensorflow as tf

from ganzoo import losses


def logits(*values):
    return tf.constant(values, tf.float32)


def gradient(loss, *values):
    with tf.GradientTape() as tape:
        tape.watch(points := logits(*values))
        value = loss(points)
    return tape.gradient(value, points).numpy()


def test_an_undecided_discriminator_loses_2_log_2():
    """D = 1/2 everywhere: the value of the game is -log 4, and the generator's losses are -log 2 and log 2."""
    assert losses.bce_discriminator(logits(0, 0), logits(0, 0, 0)).numpy() == pytest.approx(2 * math.log(2))
    assert losses.minimax_generator(logits(0)).numpy() == pytest.approx(-math.log(2))
    assert losses.non_saturating_generator(logits(0)).numpy() == pytest.approx(math.log(2))


def test_losses_are_those_of_the_paper_in_probabilities():
    """-mean log D(x) - mean log(1 - D(G(z))), and the generator's two forms, by the sigmoid in float64."""
    real, fake = np.array([-2.0, 0.5, 3.0]), np.array([-1.0, 4.0])
    d_real, d_fake = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
    expected = -np.log(d_real).mean() - np.log(1 - d_fake).mean()
    assert losses.bce_discriminator(logits(*real), logits(*fake)).numpy() == pytest.approx(expected, rel=1e-6)
    assert losses.minimax_generator(logits(*fake)).numpy() == pytest.approx(np.log(1 - d_fake).mean(), rel=1e-6)
    assert losses.non_saturating_generator(logits(*fake)).numpy() == pytest.approx(-np.log(d_fake).mean(), rel=1e-6)


def test_generator_gradients_are_those_of_the_two_forms():
    """-D for minimax and -(1 - D) for the non-saturating form: both push logits up, and they agree at D = 1/2."""
    points = np.array([-3.0, -1.0, 0.0, 2.0])
    probabilities = 1 / (1 + np.exp(-points))
    np.testing.assert_allclose(gradient(losses.minimax_generator, *points), -probabilities / 4, rtol=1e-5)
    np.testing.assert_allclose(gradient(losses.non_saturating_generator, *points), -(1 - probabilities) / 4, rtol=1e-5)


def test_only_the_non_saturating_gradient_survives_a_sure_discriminator():
    """D(G(z)) = 1e-5: the gradients are 1 and 1e-5."""
    logit = -math.log(1e5 - 1)
    assert gradient(losses.minimax_generator, logit)[0] == pytest.approx(-1e-5, rel=1e-3)
    assert gradient(losses.non_saturating_generator, logit)[0] == pytest.approx(-1.0, rel=1e-3)


@pytest.mark.parametrize(
    "loss, at_plus, at_minus",
    [
        (losses.minimax_generator, -1e4, 0.0),
        (losses.non_saturating_generator, 0.0, 1e4),
        (lambda points: losses.bce_discriminator(points, -points), 0.0, 2e4),
    ],
    ids=["minimax", "non_saturating", "discriminator"],
)
def test_logits_of_any_size_give_finite_losses_and_gradients(loss, at_plus, at_minus):
    """+-1e4, where the logarithm of a probability would be infinite: linear on one side, 0 on the other."""
    assert loss(logits(1e4)).numpy() == pytest.approx(at_plus, abs=1e-6)
    assert loss(logits(-1e4)).numpy() == pytest.approx(at_minus, abs=1e-6)
    assert gradient(loss, 1e4)[0] == pytest.approx(at_plus / 1e4, abs=1e-6)
    assert gradient(loss, -1e4)[0] == pytest.approx(-at_minus / 1e4, abs=1e-6)


def test_the_wasserstein_estimate_is_the_difference_of_the_means():
    """Whatever constant the critic adds, and whatever the two batch sizes."""
    assert losses.wasserstein(logits(1, 2, 6), logits(-1, 2)).numpy() == 2.5
    assert losses.wasserstein(logits(11, 12, 16), logits(9, 12)).numpy() == 2.5
