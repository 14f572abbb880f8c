import math

import numpy as np
import pytest
import tensorflow as tf

from ganzoo.losses import adversarial as losses


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


def test_the_relativistic_loss_sees_the_pairs_differences_alone():
    """softplus(-(winner - loser)) pair by pair: log 2 where equal, whatever constant both share, linear where lost."""
    assert losses.relativistic(logits(3, -5), logits(3, -5)).numpy() == pytest.approx(math.log(2))
    expected = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(1))) / 2
    assert losses.relativistic(logits(2, 0), logits(0, 1)).numpy() == pytest.approx(expected)
    assert losses.relativistic(logits(102, 100), logits(100, 101)).numpy() == pytest.approx(expected)
    assert losses.relativistic(logits(-1e4), logits(1e4)).numpy() == pytest.approx(2e4)


# Densities of reals and fakes over four outcomes, the last of them as likely for both.
P_DATA, P_G = np.array([0.5, 0.1, 0.2, 0.2]), np.array([0.1, 0.6, 0.1, 0.2])


def expected(discriminator_loss, table):
    """The loss's expectation where D gives `table[i]` for outcome i, and its gradient by the table.

    Both sides of a loss are means over logits, so that 10 p logits of outcome i make the expectation exact.
    """
    outcomes = np.arange(4)
    with tf.GradientTape() as tape:
        tape.watch(table := logits(*table))
        reals, fakes = (tf.gather(table, np.repeat(outcomes, np.rint(10 * p).astype(int))) for p in (P_DATA, P_G))
        value = discriminator_loss(reals, fakes)
    return value.numpy(), tf.convert_to_tensor(tape.gradient(value, table)).numpy()


@pytest.mark.parametrize("a, b", [(0.0, 1.0), (-1.0, 1.0)])
def test_least_squares_are_best_at_the_mixture_of_the_targets(a, b):
    """D = (b p_data + a p_g) / (p_data + p_g), Mao et al. 2017, equation 5: no gradient is left there."""
    best = (b * P_DATA + a * P_G) / (P_DATA + P_G)

    def loss(real_outputs, fake_outputs):
        return losses.least_squares(real_outputs, b) + losses.least_squares(fake_outputs, a)

    value, slope = expected(loss, best)
    np.testing.assert_allclose(slope, 0.0, atol=1e-6)
    assert value < expected(loss, best + 0.1)[0]


def test_with_the_targets_of_equation_8_the_generator_minimises_pearsons_divergence():
    """2 C(G) = sum (2 p_g - (p_data + p_g))^2 / (p_data + p_g), Mao et al. 2017, equation 7.

    C is the loss over fakes, and over reals too, which the generator does not change.
    """

    def cost(real_outputs, fake_outputs):
        return losses.least_squares(real_outputs, 0.0) + losses.least_squares(fake_outputs, 0.0)

    best = (P_DATA - P_G) / (P_DATA + P_G)
    divergence = ((2 * P_G - (P_DATA + P_G)) ** 2 / (P_DATA + P_G)).sum()
    assert 2 * expected(cost, best)[0] == pytest.approx(divergence, rel=1e-5)


def test_the_hinge_is_best_at_1_for_likelier_reals_and_at_minus_1_for_likelier_fakes():
    """Its value there is twice the overlap of the densities, sum min(p_data, p_g); no other D does better, and where
    both are as likely any D from -1 to 1 does as well.
    """
    best = np.array([1.0, -1.0, 1.0, 0.0])
    value, _ = expected(losses.hinge_discriminator, best)
    assert value == pytest.approx(2 * np.minimum(P_DATA, P_G).sum(), rel=1e-6)
    for step in np.random.default_rng(0).normal(size=(100, 4)):
        assert expected(losses.hinge_discriminator, best + step)[0] >= value - 1e-6
    assert expected(losses.hinge_discriminator, [1.0, -1.0, 1.0, 0.7])[0] == pytest.approx(value, rel=1e-6)


def test_beyond_its_margin_the_hinge_has_no_gradient():
    """Reals above 1 and fakes below -1 are left alone; all others are pushed alike."""
    points = (-3.0, -0.5, 0.5, 3.0)
    reals = gradient(lambda x: losses.hinge_discriminator(x, logits(-9)), *points)
    fakes = gradient(lambda x: losses.hinge_discriminator(logits(9), x), *points)
    np.testing.assert_allclose(reals, [-0.25, -0.25, -0.25, 0.0])
    np.testing.assert_allclose(fakes, [0.0, 0.25, 0.25, 0.25])
