"""Dawid's Z, reliability diagrams and the scores where they can be counted, and on logits known to be calibrated."""

import numpy as np
import pytest
from PIL import Image
from scipy.special import expit, logit

from ganzoo.evaluation.reliability import dawids_z, plot_reliability, reliability


def coin_tossed(samples, spread, seed):
    """Calibrated logits by construction: drawn first, then each declared real with the probability that it states."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.0, spread, samples)
    is_real = rng.uniform(size=samples) < expit(logits)
    return logits[is_real], logits[~is_real]


def two_gaussians(reals, fakes, distance, seed=0):
    """True log ratios of reals N(d/2, 1) against fakes N(-d/2, 1), in numbers fixed beforehand."""
    rng = np.random.default_rng(seed)
    return tuple(
        distance * rng.normal(mean, 1.0, count) for mean, count in ((distance / 2, reals), (-distance / 2, fakes))
    )


def test_z_counted_by_hand():
    """p = .9 and .5 for two reals, .2 and .5 for two fakes: 2 - 2.1 over the root of .09 + .25 + .16 + .25."""
    assert dawids_z(logit([0.9, 0.5]), logit([0.2, 0.5])) == pytest.approx(-0.1 / np.sqrt(0.75))


@pytest.mark.parametrize("distance", [0.5, 1.5, 4.0])
@pytest.mark.parametrize("counts", [(300, 300), (100, 500), (500, 100)])
def test_z_of_calibrated_logits_is_normal(counts, distance):
    """Over 1000 seeds: mean 0 and the deviation that the docstring states, below 1; so |Z| > 3 is rarer still."""
    samples = [two_gaussians(*counts, distance, seed) for seed in range(1000)]
    p = expit(np.array([np.concatenate(logits) for logits in samples]) + np.log(counts[0] / counts[1]))
    deviation = np.sqrt(1 - (1 / counts[0] + 1 / counts[1]) * (p * (1 - p)).sum(1).mean())
    z = np.array([dawids_z(*logits) for logits in samples]) / deviation
    assert deviation < 1.0
    assert abs(z.mean()) < 3.3 / np.sqrt(1000)
    assert z.std() == pytest.approx(1.0, abs=0.08)
    assert np.mean(np.abs(z) < 1.0) == pytest.approx(0.683, abs=0.05)


def test_z_is_standard_normal_where_coins_were_tossed():
    """Dawid's own setting: labels drawn with the stated probabilities, and logits that know of the numbers' luck."""
    z = []
    for seed in range(1000):
        real, fake = coin_tossed(400, 1.5, seed)
        luck = np.log(len(real) / len(fake))  # which `dawids_z` adds
        z.append(dawids_z(real - luck, fake - luck))
    assert abs(np.mean(z)) < 3.3 / np.sqrt(1000)
    assert np.std(z) == pytest.approx(1.0, abs=0.08)


def test_z_has_the_sign_of_the_bias():
    """Too many reals predicted is negative, too few positive, whatever the numbers."""
    for counts in ((2000, 2000), (1000, 4000)):
        real, fake = two_gaussians(*counts, 1.5)
        assert dawids_z(real + 1, fake + 1) < -3 < 3 < dawids_z(real - 1, fake - 1)


def test_certainty_is_judged_without_dividing_by_nothing():
    """Right: 0. Wrong: infinite, with the sign of the bias. Infinite logits count as certain, and NaN as nothing."""
    sure = np.full(3, 1e4)
    assert dawids_z(sure, -sure) == 0.0
    assert dawids_z(sure, sure) == -np.inf
    assert dawids_z(-sure, -sure) == np.inf
    assert dawids_z(np.append(sure, [np.inf, np.nan]), np.append(-sure, [-np.inf])) == 0.0


def test_the_diagram_counted_by_hand():
    """Reals at .8, .8, .6 and .2, fakes at .2, .2, .4 and .8, two bins: up to .4 and from .6 on."""
    found = reliability(logit([0.8, 0.8, 0.6, 0.2]), logit([0.2, 0.2, 0.4, 0.8]), bins=2)
    np.testing.assert_allclose(found.predicted, [0.25, 0.75])
    np.testing.assert_allclose(found.observed, [0.25, 0.75])
    np.testing.assert_array_equal(found.count, [4, 4])
    assert found.brier == pytest.approx((4 * 0.04 + 2 * 0.16 + 2 * 0.64) / 8)
    assert found.log_loss == pytest.approx(-(4 * np.log(0.8) + 2 * np.log(0.6) + 2 * np.log(0.2)) / 8)


def test_calibrated_logits_lie_on_the_diagonal():
    """Ten bins of equal numbers, each within four standard errors; also with four fakes to a real."""
    for counts in ((5000, 5000), (2000, 8000)):
        found = reliability(*two_gaussians(*counts, 2.0))
        np.testing.assert_array_equal(found.count, np.full(10, 1000))
        error = np.sqrt(found.predicted * (1 - found.predicted) / found.count) * 2  # twice: the rarer class weighs more
        assert (np.abs(found.observed - found.predicted) < 4 * error).all()


def test_predictions_of_one_half_are_chance():
    """Log loss log 2, Brier score 1/4, one bin; the numbers do not enter."""
    found = reliability(np.zeros(30), np.zeros(90))
    assert (*found.predicted, *found.observed, *found.count) == pytest.approx((0.5, 0.5, 120))
    assert (found.brier, found.log_loss) == pytest.approx((0.25, np.log(2.0)))


def test_equal_logits_share_a_bin():
    """Else a bin's share of reals would be the accident of an order."""
    found = reliability(np.repeat([-1.0, 1.0], [10, 30]), np.repeat([-1.0, 1.0], [30, 10]))
    np.testing.assert_allclose(found.predicted, expit([-1.0, 1.0]))
    np.testing.assert_allclose(found.observed, [0.25, 0.75])


def test_over_confidence_that_z_cannot_see_costs_log_loss():
    """Logits three times too large on both sides alike: |Z| stays small, and both proper scores rise."""
    real, fake = two_gaussians(5000, 5000, 1.5)
    true, sure = reliability(real, fake), reliability(3 * real, 3 * fake)
    assert abs(dawids_z(3 * real, 3 * fake)) < 3.0
    assert sure.log_loss > true.log_loss + 0.1
    assert sure.brier > true.brier + 0.01


def test_extreme_logits_keep_finite_scores():
    """Wrong by 1e4 costs 1e4 and no NaN; infinite and right costs nothing."""
    found = reliability(np.array([-1e4, np.inf, np.nan]), np.array([-np.inf, -1e4]))
    assert (found.brier, found.log_loss) == pytest.approx((0.25, 2500.0))
    assert not np.isnan(found.predicted).any()


def test_a_picture_is_written_whole(tmp_path):
    """A PNG with a line for each name, and nothing besides it in the folder; a curve more makes another picture."""
    real, fake = two_gaussians(300, 200, 1.5)
    curves = {"raw": (3 * real + 1, 3 * fake + 1), "calibrated": (real, fake)}
    plot_reliability(tmp_path / "new" / "both.png", curves)
    plot_reliability(tmp_path / "new" / "raw.png", {"raw": curves["raw"]})
    pictures = [np.asarray(Image.open(tmp_path / "new" / name)).astype(int) for name in ("both.png", "raw.png")]
    orange = [int((picture - picture[..., 2:] > [150, 50, -1]).all(-1).sum()) for picture in pictures]
    assert orange[0] > 200
    assert orange[1] == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["both.png", "raw.png"]
