"""Two classes whose density ratios are known: proposals N(0, 1), targets N(0, 1/4) for class 0 and N(0, 1) for 1."""

import math

import numpy as np
import pytest
import tensorflow as tf
from gaussians import SEED, half_as_wide, propose, traced
from scipy import stats

from ganzoo.sampling import mh
from ganzoo.sampling.obrs import budgets_of
from ganzoo.sampling.per_class import accept_each, budgeted_rejection, discriminator_rejection
from ganzoo.sampling.proposals import burn_in, generate


def propose_labelled(seed, first_row, rows, labels):
    """Points on the line, N(0, 1) for either class."""
    del labels
    return propose(seed, first_row, rows)


def ratio_of_class(samples, labels):
    """log of N(0, 1/4) / N(0, 1) for class 0; of class 1 the generator is right already, up to a constant."""
    return tf.where(labels == 0, half_as_wide(samples), 7.0)


def probability(ratio, labels):
    """Exact rejection: the maxima are log 2 and 7."""
    return tf.exp(ratio - tf.where(labels == 0, math.log(2.0), 7.0))


def draw(labels, *, batch_size=256, max_proposals=1_000_000, accept=probability, seed=SEED):
    bounds = dict(seed=tf.constant(seed), batch_size=batch_size, max_proposals=max_proposals)
    labels = tf.constant(labels, tf.int64)
    return traced(lambda: accept_each(propose_labelled, ratio_of_class, accept, labels, **bounds))


def ascending(count=4000):
    options = dict(seed=tf.constant([1, 1]), batch_size=1000, num_classes=2)
    return burn_in(propose_labelled, ratio_of_class, count, **options)


@pytest.mark.parametrize("batch_size", [16, 256])
def test_each_class_follows_its_own_target(batch_size):
    """A Kolmogorov-Smirnov test cannot tell 5,000 accepted samples of either class from its target."""
    labels = np.arange(10_000) % 2
    draws = draw(labels, batch_size=batch_size, seed=(2, 1))
    np.testing.assert_array_equal(draws.labels, labels)
    samples = draws.samples.numpy()[:, 0]
    assert stats.kstest(samples[labels == 0], stats.norm(0, 0.5).cdf).pvalue > 1e-3
    assert stats.kstest(samples[labels == 1], stats.norm(0, 1.0).cdf).pvalue > 1e-3


def test_the_acceptance_rate_of_one_class_is_one_over_its_maximum():
    """1/M = 1/2 for class 0 and 1 for class 1: 4,000 proposals for 2,000 samples, and 2,000 for 2,000."""
    assert float(draw(np.zeros(2000)).acceptance_rate) == pytest.approx(0.5, abs=0.035)
    assert int(draw(np.ones(2000)).num_proposed) == 2000


def test_samples_come_with_their_own_log_ratio_in_the_order_of_the_labels():
    labels = np.random.default_rng(0).integers(0, 2, 300)
    draws = draw(labels)
    np.testing.assert_array_equal(draws.labels, labels)
    np.testing.assert_allclose(draws.log_ratio, ratio_of_class(draws.samples, draws.labels), rtol=1e-6)


def test_no_proposal_serves_two_labels():
    samples = draw(np.ones(500), batch_size=64).samples.numpy()[:, 0]
    assert len(np.unique(samples)) == 500


@pytest.mark.parametrize("count", [1, 3, 100])
def test_the_same_seed_gives_the_same_samples(count):
    first, second = (draw(np.zeros(count)) for _ in range(2))
    np.testing.assert_array_equal(first.samples, second.samples)


def test_where_the_bound_runs_out_only_accepted_samples_are_returned():
    """Class 0 is never accepted: the samples of class 1 alone, and every proposal counted."""
    draws = draw([0, 1, 0, 1], max_proposals=1000, accept=lambda ratio, labels: tf.cast(labels == 1, tf.float32))
    np.testing.assert_array_equal(draws.labels, [1, 1])
    assert draws.samples.shape == (2, 1)
    assert int(draws.num_proposed) == 1000
    assert float(draws.acceptance_rate) == pytest.approx(0.002)


def test_a_round_that_passes_the_bound_accepts_nothing_beyond_it():
    """Samples are their numbers, and those from the 1,000th on would be accepted: the last round proposes them, too."""
    numbers = lambda seed, first, rows, labels: tf.cast(first + tf.range(rows), tf.float32)[:, None]  # noqa: E731
    late = lambda ratio, labels: tf.cast(ratio >= 1000.0, tf.float32)  # noqa: E731
    options = dict(seed=tf.constant(SEED), batch_size=256)
    label = tf.zeros([1], tf.int64)
    draws = {
        bound: accept_each(numbers, lambda samples, _: samples[:, 0], late, label, max_proposals=bound, **options)
        for bound in (1000, 1001)
    }
    assert draws[1000].samples.shape == (0, 1)
    assert int(draws[1000].num_proposed) == 1000
    np.testing.assert_array_equal(draws[1001].samples, [[1000.0]])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_impossible_ratios_are_never_accepted(value):
    bounds = dict(seed=tf.constant(SEED), batch_size=16, max_proposals=100)
    always = lambda ratio, labels: tf.ones_like(ratio)  # noqa: E731
    nothing = lambda samples, labels: tf.fill(tf.shape(labels), value)  # noqa: E731
    draws = accept_each(propose_labelled, nothing, always, tf.zeros([3], tf.int64), **bounds)
    assert draws.samples.shape == (0, 1)
    assert int(draws.num_proposed) == 100


def test_gamma_is_the_percentile_of_each_class():
    """At the median's gamma, samples at the median of their class's log ratio are accepted half of the time."""
    ratios = ascending()
    assert ratios.shape == (2, 2000)
    np.testing.assert_array_equal(ratios[1], np.full(2000, 7.0))
    options = dict(seed=tf.constant(SEED), burn_in=ratios, gamma_percentile=50.0, batch_size=256, max_proposals=10**6)
    labels = tf.constant(np.arange(4000) % 2)
    draws = discriminator_rejection(propose_labelled, ratio_of_class, labels, **options)
    narrow, wide = (draws.samples.numpy()[labels == number].std() for number in (0, 1))
    assert narrow < 0.85
    assert wide == pytest.approx(1.0, abs=0.05)


def test_the_maximum_is_that_of_the_class():
    """At the 95th percentile 6.4 % of class 0 are accepted, of standard deviation .16, by the documented formula; with
    the maximum of class 1, which is 7, it would be 29 %, of standard deviation .56."""
    options = dict(burn_in=ascending(), gamma_percentile=95.0, batch_size=256, max_proposals=10**6)
    labels = tf.zeros([1000], tf.int64)
    draws = traced(
        lambda: discriminator_rejection(propose_labelled, ratio_of_class, labels, seed=tf.constant(SEED), **options)
    )
    assert float(draws.acceptance_rate) == pytest.approx(0.064, abs=0.015)
    assert draws.samples.numpy().std() == pytest.approx(0.16, abs=0.04)


def test_every_class_costs_the_budget():
    """Class 0 at K = 2, and class 1, whose ratio is constant, too."""
    budgets = budgets_of(ascending())
    options = dict(seed=tf.constant(SEED), budgets=budgets, budget=2.0, batch_size=16, max_proposals=10**6)
    for number in (0, 1):
        labels = tf.fill([3000], tf.constant(number, tf.int64))
        draws = traced(lambda: budgeted_rejection(propose_labelled, ratio_of_class, labels, **options))  # noqa: B023
        assert int(draws.num_proposed) == pytest.approx(6000, rel=0.06)


def test_chains_of_a_class_move_by_its_ratio_from_its_own_starts():
    """Twenty steps take chains of class 0 to N(0, 1/4); those of class 1 begin at its maximum and move every time."""
    labels = tf.constant(np.arange(6000) % 2)
    starts = tf.stack([tf.fill([5], -0.5), tf.fill([5], 7.0)])
    chains = mh.metropolis_hastings(
        propose_labelled,
        ratio_of_class,
        6000,
        seed=tf.constant(SEED),
        start_log_ratios=starts,
        chain_length=20,
        batch_size=256,
        max_chains=6000,
        labels=labels,
    )
    samples = chains.samples.numpy()[:, 0]
    assert stats.kstest(samples[labels == 0], stats.norm(0, 0.5).cdf).pvalue > 1e-3
    assert stats.kstest(samples[labels == 1], stats.norm(0, 1.0).cdf).pvalue > 1e-3
    assert int(chains.num_restarted) == 0


def test_rows_are_generated_with_their_own_labels():
    """Whatever the batch: here a sample is its label."""
    itself = lambda seed, first, rows, labels: tf.cast(labels, tf.float32)[:, None]  # noqa: E731
    labels = tf.constant(np.arange(10))
    samples = generate(itself, 10, seed=tf.constant(SEED), batch_size=4, labels=labels)
    np.testing.assert_array_equal(samples[:, 0], np.arange(10))
