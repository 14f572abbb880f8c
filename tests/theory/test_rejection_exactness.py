"""Von Neumann's theorem: rejection with r(x) / M accepts one proposal in M, and what it accepts is the target."""

import math

import pytest
import tensorflow as tf
from scipy import stats

from ganzoo import noise
from ganzoo.sampling.rejection import rejection

PROPOSALS = 60_000


def propose(seed, first_row, rows):
    return noise.normal(seed, rows, 1, first_row=first_row)


def accepted(log_ratio, log_ratio_max):
    """What plain rejection accepts of 60,000 proposals N(0, 1)."""
    return rejection(
        propose,
        lambda x: log_ratio(x[:, 0]),
        PROPOSALS,
        seed=[4, 2],
        log_ratio_max=log_ratio_max,
        batch_size=4096,
        max_proposals=PROPOSALS,
    ).samples.numpy()[:, 0]


def assert_moments(samples, mean, variance, fourth):
    """Mean and second central moment within what a normal approximation believes at p = .001."""
    bound = stats.norm.isf(5e-4) / math.sqrt(len(samples))
    assert samples.mean() == pytest.approx(mean, abs=bound * math.sqrt(variance))
    assert ((samples - mean) ** 2).mean() == pytest.approx(variance, abs=bound * math.sqrt(fourth - variance**2))


@pytest.mark.parametrize("looser", [1.0, 3.0])
@pytest.mark.parametrize("sigma", [0.2, 0.5, 0.9])
def test_one_in_m_proposals_becomes_a_sample_of_a_narrower_gaussian(sigma, looser):
    """N(0, sigma), M = 1/sigma: rate 1/M and the target's moments. A bound `looser` times M costs proposals only."""
    samples = accepted(lambda x: -math.log(sigma) + (1 - sigma**-2) * x**2 / 2, math.log(looser / sigma))
    assert stats.binomtest(len(samples), PROPOSALS, sigma / looser).pvalue > 1e-3
    assert_moments(samples, 0.0, sigma**2, 3 * sigma**4)


def test_modes_come_at_their_weights():
    """Target .8 N(-1, .5) + .2 N(1, .5): both modes, at their weights, and the rate 1/M, M found on a grid."""

    def log_ratio(x):
        log_modes = [math.log(share / 0.5) - 2 * (x - mean) ** 2 for share, mean in ((0.8, -1.0), (0.2, 1.0))]
        return tf.reduce_logsumexp(log_modes, axis=0) + x**2 / 2

    log_m = tf.reduce_max(log_ratio(tf.linspace(-6.0, 6.0, 100_001))).numpy()
    samples = accepted(log_ratio, log_m)
    assert stats.binomtest(len(samples), PROPOSALS, math.exp(-log_m)).pvalue > 1e-3
    right = 0.8 * stats.norm.sf(0, -1, 0.5) + 0.2 * stats.norm.sf(0, 1, 0.5)
    assert stats.binomtest(int((samples > 0).sum()), len(samples), right).pvalue > 1e-3
    mode = stats.norm(scale=0.5)
    fourth = 0.8 * mode.expect(lambda x: (x - 0.4) ** 4) + 0.2 * mode.expect(lambda x: (x + 1.6) ** 4)
    assert_moments(samples, -0.6, 0.25 + 0.8 * 0.4**2 + 0.2 * 1.6**2, fourth)
