"""Theorem 1 and Proposition 1 of Goodfellow et al. 2014, on densities that are known."""

import functools
import math

import frozen_games
import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

from ganzoo import noise
from ganzoo.losses import adversarial as losses
from ganzoo.models.gan import GAN, GENERATOR_LOSSES
from ganzoo.networks import mlp


def reals(seed, rows):
    return noise.normal(seed, rows, 1)


@functools.cache
def game(fake_mean):
    """Reals N(0, 1) against fakes N(fake_mean, 1)."""
    keras.utils.set_random_seed(0)
    return frozen_games.play(
        GAN,
        frozen_games.affine_generator(1, mean=fake_mean),
        mlp.discriminator((1,), width=32, depth=2),
        reals,
        steps=1500,
        rate=5e-3,
        loss="non_saturating",
    )


def value(model):
    """E[log D(x)] + E[log(1 - D(G(z)))] on fresh samples."""
    return -losses.bce_discriminator(*frozen_games.logits(model, reals, rows=100_000)).numpy()


@pytest.mark.parametrize("fake_mean", [0.0, 1.0, 2.0])
def test_the_best_discriminator_is_the_share_of_the_data(fake_mean):
    """D(x) = p_data / (p_data + p_g) within .04 wherever the two have 99 % of their mass (Proposition 1)."""
    points = np.linspace(-2.5, fake_mean + 2.5, 101)
    p_data, p_g = stats.norm.pdf(points), stats.norm.pdf(points, fake_mean)
    d = tf.sigmoid(game(fake_mean).discriminator(points[:, None].astype(np.float32))).numpy()
    assert np.abs(d - p_data / (p_data + p_g)).max() < 0.04


def test_the_value_of_the_game_is_minus_log_4_where_the_densities_are_equal():
    """Theorem 1; D is 1/2 everywhere."""
    assert value(game(0.0)) == pytest.approx(-math.log(4.0), abs=0.003)


@pytest.mark.parametrize("fake_mean", [1.0, 2.0])
def test_elsewhere_the_value_exceeds_it_by_two_jensen_shannon_divergences(fake_mean):
    """C(G) = -log 4 + 2 JSD(p_data || p_g), equation 6, with the divergence integrated numerically."""
    points = np.linspace(-10, 12, 20_001)
    p_data, p_g = stats.norm.pdf(points), stats.norm.pdf(points, fake_mean)
    middle = (p_data + p_g) / 2
    divergence = integrate.trapezoid(p_data * np.log(p_data / middle) + p_g * np.log(p_g / middle), points) / 2
    assert value(game(fake_mean)) == pytest.approx(-math.log(4.0) + 2 * divergence, abs=0.015)


def test_the_generator_did_not_move():
    """Else the density of the fakes would not be the one that these tests compare with."""
    np.testing.assert_array_equal(game(1.0).generator.get_weights()[1], [1.0])


def test_the_non_saturating_gradient_is_larger_where_the_discriminator_is_sure():
    """Fakes 8 sigma away, D(G(z)) under 1 %: by the generator's weights it is over 50 times the minimax gradient."""
    keras.utils.set_random_seed(0)
    model = frozen_games.play(
        GAN,
        frozen_games.affine_generator(1, mean=8.0),
        mlp.discriminator((1,), width=32, depth=2),
        reals,
        steps=200,
        rate=5e-3,
        loss="minimax",
    )
    lengths = {}
    for name, loss in GENERATOR_LOSSES.items():
        with tf.GradientTape() as tape:
            fake_logits = model.discriminator(model.generator(noise.normal([3, 3], 1000, 1)))
            generator_loss = loss(fake_logits)
        lengths[name] = tf.linalg.global_norm(
            tape.gradient(generator_loss, model.generator.trainable_variables)
        ).numpy()
    assert tf.reduce_mean(tf.sigmoid(fake_logits)).numpy() < 0.01
    assert lengths["non_saturating"] > 50 * lengths["minimax"]
