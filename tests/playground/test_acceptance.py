"""The page's rules of acceptance in Node, held against ganzoo/sampling."""

import numpy as np
import pytest
import tensorflow as tf

from ganzoo.sampling import drs, obrs
from ganzoo.sampling.rejection import round_row_count

BURN_IN = np.sort(np.random.default_rng(0).normal(size=(3, 500)).astype(np.float32) * [[0.3], [1.0], [4.0]]).astype(
    "f4"
)
BURN_IN[2, :5] = -np.inf  # a network's overflow
RATIOS = np.linspace(-9.0, 9.0, 61, dtype=np.float32)


def decoded(numbers):
    return np.array([-np.inf if number is None else number for number in np.ravel(numbers)])


def as_json(numbers):
    return [None if np.isinf(number) else float(number) for number in numbers]


HEAD = """import * as rules from "./acceptance.js";
const burnIns = values.burn_in.map((row) => Float32Array.from(row, (number) => number ?? -Infinity));
"""


@pytest.mark.parametrize("gamma, maximum", [(80.0, 100.0), (0.0, 100.0), (100.0, 99.0), (33.3, 90.5)])
def test_drs_is_the_papers(javascript, gamma, maximum):
    """Probabilities, thresholds and expected shares of three classes, with proposals beyond the maximum."""
    code = (
        HEAD
        + """const rule = rules.drs(burnIns, values.gamma, values.maximum);
    const each = burnIns.map((burnIn, label) => values.ratios.map((ratio) => {
      const largest = Math.max(burnIn.at(-1), ratio);
      return [rule.probability(ratio, largest, label), rule.threshold(largest, label)];
    }));
    console.log(JSON.stringify({ each, expected: burnIns.map((_, label) => rule.expected(label)) }));"""
    )
    burn_in = [as_json(row) for row in BURN_IN]
    found = javascript(code, burn_in=burn_in, gamma=gamma, maximum=maximum, ratios=RATIOS.tolist())
    for label, row in enumerate(BURN_IN):
        largest = tf.maximum(row[-1], RATIOS)
        level, bound = drs.level_and_maximum(largest, tf.constant(row), gamma, maximum)
        probability, threshold = np.array([[decoded(pair) for pair in found["each"][label]]])[0].T
        np.testing.assert_allclose(probability, drs.probability_within(tf.constant(RATIOS), level, bound), atol=2e-5)
        np.testing.assert_allclose(threshold, drs.threshold(level, bound), rtol=1e-4, atol=1e-4)
    shares = drs.expected_acceptance(tf.constant(BURN_IN), gamma, maximum)
    np.testing.assert_allclose(found["expected"], shares, atol=1e-4)


@pytest.mark.parametrize("budget", [1.0, 1.5, 7.3, 400.0])
def test_obrs_keeps_its_budget(javascript, budget):
    code = (
        HEAD
        + """const rule = rules.obrs(burnIns, values.budget);
    const each = burnIns.map((_, label) => values.ratios.map((ratio) => rule.probability(ratio, 0, label)));
    console.log(JSON.stringify({ each, scales: burnIns.map((burnIn) => rules.logScale(burnIn, values.budget)) }));"""
    )
    burn_in = [as_json(row) for row in BURN_IN]
    found = javascript(code, burn_in=burn_in, budget=budget, ratios=RATIOS.tolist())
    scales = obrs.log_scale(obrs.budgets_of(tf.constant(BURN_IN)), budget)
    np.testing.assert_allclose(decoded(found["scales"]), scales, rtol=1e-4, atol=1e-4)
    for label, scale in enumerate(scales):
        np.testing.assert_allclose(found["each"][label], np.exp(np.minimum(RATIOS + scale, 0.0)), atol=5e-5)
    mean = np.mean([np.exp(np.minimum(BURN_IN[0] + found["scales"][0], 0.0))])
    np.testing.assert_allclose(mean, 1 / budget, rtol=1e-4)


def test_rounds_have_the_sizes_of_the_graph(javascript):
    """Where classes are, the sizes of the rounds decide which proposal is whose."""
    requests = [
        [missing, count, proposed, rate, batch]
        for missing in (1, 3, 17, 64)
        for count, proposed in ((0, 0), (5, 40), (60, 61), (0, 900))
        for rate in (0.001, 0.2, 0.37, 1.0)
        for batch in (1, 16, 40, 256, 1024)
    ]
    code = """import { roundRowCount } from "./sampling.js";
    console.log(JSON.stringify(values.requests.map((one) => roundRowCount(...one))));"""
    graph = tf.function(round_row_count, autograph=False)
    expected = [
        int(
            graph(*(tf.constant(number) for number in (missing, count, proposed)), tf.constant(rate, tf.float32), batch)
        )
        for missing, count, proposed, rate, batch in requests
    ]
    assert javascript(code, requests=requests) == expected
