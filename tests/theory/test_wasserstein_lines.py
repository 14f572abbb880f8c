"""Example 1 of Arjovsky et al. 2017: reals (0, U) against fakes (theta, U), U uniform in [0, 1].

W1 is |theta|; the Jensen-Shannon divergence is log 2 for every theta but 0.
"""

import math

import frozen_games
import keras
import pytest

from ganzoo.losses import adversarial as losses
from ganzoo.models.gan import GAN
from ganzoo.models.wgan import WassersteinGAN
from ganzoo.models.wgan_gp import WassersteinGANGP
from ganzoo.networks import mlp

CLIP, WIDTH = 0.1, 16


def reals(seed, rows):
    return frozen_games.parallel_line(0.0)(frozen_games.noise.normal(seed, rows, 1))


def play(objective, theta, *, width=32, seed=1, **options):
    keras.utils.set_random_seed(seed)
    critic = mlp.discriminator((2,), width=width, depth=2)
    return frozen_games.play(objective, frozen_games.parallel_line(theta), critic, reals, **options)


def distance(model):
    return losses.wasserstein(*frozen_games.logits(model, reals)).numpy()


def divergence(model):
    """(value of the game + log 4) / 2, which the best discriminator makes the Jensen-Shannon divergence."""
    return (math.log(4.0) - losses.bce_discriminator(*frozen_games.logits(model, reals)).numpy()) / 2


@pytest.mark.parametrize("theta", [-1.0, -0.25, 0.0, 0.5, 1.0])
@pytest.mark.parametrize("one_sided", [False, True])
def test_the_critic_with_a_gradient_penalty_measures_the_distance_of_the_lines(theta, one_sided):
    """|theta| within a tenth. Within .02 it is s |theta| at the slope s = 1 + |theta| / (2 lambda) of the penalised
    optimum, where s |theta| - lambda (s - 1)^2 is largest.
    """
    model = play(WassersteinGANGP, theta, steps=400, rate=5e-3, gradient_penalty_weight=10.0, one_sided=one_sided)
    slope = 1.0 + abs(theta) / 20.0
    assert distance(model) == pytest.approx(abs(theta), rel=0.1, abs=0.01)
    assert distance(model) == pytest.approx(slope * abs(theta), rel=0.02, abs=0.005)


@pytest.mark.parametrize("theta", [-1.0, 0.25, 0.5, 1.0])
def test_the_jensen_shannon_divergence_is_log_2_however_near_the_lines(theta):
    """A discriminator by cross-entropy tells them apart for certain: no slope for a generator to follow."""
    model = play(GAN, theta, steps=400, rate=2e-2, loss="minimax")
    assert divergence(model) == pytest.approx(math.log(2.0), abs=0.01)


def test_the_jensen_shannon_divergence_is_0_where_the_lines_meet():
    """theta = 0: one and the same density."""
    assert divergence(play(GAN, 0.0, steps=400, rate=5e-3, loss="minimax")) == pytest.approx(0.0, abs=0.01)


def test_the_critic_with_clipped_weights_measures_a_multiple_of_the_distance():
    """The same multiple for every theta, and no more than the steepest critic of its weights, width^2 clip^3.

    A unit that dies makes the critic less steep by a twentieth. From this seed's weights equally many die for each.
    """
    thetas = [0.25, 0.5, 1.0]
    models = [
        play(WassersteinGAN, theta, width=WIDTH, seed=2, steps=400, rate=5e-3, clip=CLIP, extra_critic_steps=False)
        for theta in thetas
    ]
    slopes = [distance(model) / theta for model, theta in zip(models, thetas, strict=True)]
    assert slopes == pytest.approx([slopes[0]] * 3, rel=0.02)
    steepest = WIDTH**2 * CLIP**3
    assert 0.3 * steepest < max(slopes) <= 1.01 * steepest
