"""Maps that are known in closed form are found again, and none breaks the order or overflows."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression

from ganzoo.density_ratio.calibration import METHODS
from ganzoo.density_ratio.calibration import calibrate as calibrate_if_it_helps
from ganzoo.density_ratio.calibration import fit_map as calibrate
from ganzoo.errors import GanzooError
from ganzoo.evaluation.reliability import dawids_z, reliability

FITTED = METHODS[1:]
GRID = np.linspace(-3.0, 3.0, 61, dtype=np.float32)
EXTREMES = np.array([-3.4e38, -1e30, -1e4, -90, -1e-30, 0, 1e-30, 90, 1e4, 1e30, 3.4e38], np.float32)


def true_logits(reals=5000, fakes=5000, distance=1.5, seed=0):
    """log p_data/p_g of reals N(d/2, 1) and fakes N(-d/2, 1): d x, which is N(d^2/2, d^2) and N(-d^2/2, d^2)."""
    rng = np.random.default_rng(seed)
    middle = distance**2 / 2
    return tuple(
        rng.normal(mean, distance, count).astype(np.float32) for mean, count in ((middle, reals), (-middle, fakes))
    )


def distorted(distortion, **options):
    return tuple(distortion(logits).astype(np.float32) for logits in true_logits(**options))


def too_sure(logits):
    return 2.5 * logits + 1.0


def inverse_beta(a, b, c):
    """The logits x with a ln p - b ln(1 - p) + c = t, p = sigmoid(x), for given t: by a table."""
    x = np.linspace(-40.0, 40.0, 20_001)
    return lambda t: np.interp(t, c - a * np.logaddexp(0.0, -x) + b * np.logaddexp(0.0, x), x)


def test_temperature_undoes_a_scale_and_a_bias():
    """x -> 2.5 x + 1 has the inverse x/2.5 - 1/2.5."""
    calibration = calibrate("temperature", *distorted(too_sure, reals=20_000, fakes=20_000))
    bias, at_one = calibration(tf.constant([0.0, 1.0])).numpy()
    assert bias == pytest.approx(-0.4, abs=0.04)
    assert at_one - bias == pytest.approx(0.4, abs=0.012)


def test_beta_recovers_its_own_three_parameters():
    """Logits distorted by the inverse of a = 2, b = 1/2, c = -1: slopes a and b at the ends, and the level at 0."""
    logits = distorted(inverse_beta(2.0, 0.5, -1.0), reals=20_000, fakes=20_000, distance=3.0)
    low, lower, middle, high, higher = calibrate("beta", *logits)(tf.constant([-31.0, -30.0, 0.0, 30.0, 31.0])).numpy()
    assert lower - low == pytest.approx(2.0, abs=0.1)
    assert higher - high == pytest.approx(0.5, abs=0.03)
    assert middle == pytest.approx(-1.0 - 1.5 * np.log(2.0), abs=0.1)


def test_beta_leaves_calibrated_logits_alone():
    """The identity is one of its maps: a = b = 1, c = 0."""
    calibration = calibrate("beta", *true_logits(20_000, 20_000))
    np.testing.assert_allclose(calibration(tf.constant(GRID)), GRID, atol=0.15)


@pytest.mark.parametrize("distortion", [lambda x: x**3, lambda x: np.sinh(2 * x)], ids=["cube", "sinh"])
def test_isotonic_undoes_any_increasing_distortion(distortion):
    """To within .2 in the bulk, from 40,000 logits; temperature, a straight line, cannot."""
    logits = distorted(distortion, reals=20_000, fakes=20_000)
    bulk = np.linspace(-2.0, 2.0, 41)

    def worst(method):
        return np.abs(calibrate(method, *logits)(tf.constant(distortion(bulk), tf.float32)) - bulk).max()

    assert worst("isotonic") < 0.2
    assert worst("temperature") > 0.5


def test_isotonic_depends_on_the_order_alone():
    """Any increasing distortion of all logits leaves the calibrated ones as they are."""
    plain = true_logits(300, 200)
    bent = tuple(np.arcsinh(logits) for logits in plain)
    for before, after in zip(plain, bent, strict=True):
        np.testing.assert_allclose(
            calibrate("isotonic", *plain)(tf.constant(before)),
            calibrate("isotonic", *bent)(tf.constant(after)),
            rtol=1e-4,
        )


def test_isotonic_graph_code_equals_scikit_learn():
    """At the logits, between them and beyond: `predict` on the logits with a real and a fake more at either end."""
    real, fake = true_logits(300, 300)
    ends = np.array([min(real.min(), fake.min()), max(real.max(), fake.max())])
    fit = IsotonicRegression(out_of_bounds="clip").fit(
        np.concatenate([real, ends, fake, ends]).astype(np.float64), np.repeat([1.0, 0.0], [302, 302])
    )
    points = np.concatenate([real, fake, np.linspace(-20, 20, 1001), EXTREMES]).astype(np.float32)
    calibrated = calibrate("isotonic", real, fake)(tf.constant(points)).numpy()
    np.testing.assert_allclose(expit(calibrated), fit.predict(points.astype(np.float64)), atol=1e-6)


def test_pure_ends_of_isotonic_follow_laplaces_rule():
    """8 fakes below 8 reals: probabilities 1/10 and 9/10, not 0 and 1; half-way between them 1/2; constant beyond."""
    calibration = calibrate("isotonic", np.arange(1.0, 9.0), -np.arange(1.0, 9.0))
    found = expit(calibration(tf.constant([-1e9, -8.0, -1.0, 0.0, 1.0, 8.0, 1e9])))
    np.testing.assert_allclose(found, [0.1, 0.1, 0.1, 0.5, 0.9, 0.9, 0.9], rtol=1e-6)


@pytest.mark.parametrize("method", FITTED)
def test_the_numbers_of_reals_and_fakes_do_not_shift_the_ratio(method):
    """Ten fakes to each real, and the reverse: calibrated logits stay as they are, without log 10 on top."""
    for counts in ((2000, 20_000), (20_000, 2000)):
        calibrated = calibrate(method, *true_logits(*counts))(tf.constant(GRID)).numpy()
        np.testing.assert_allclose(calibrated[20:41], GRID[20:41], atol=0.4)
        assert abs(np.mean(calibrated - GRID)) < 0.15


@pytest.mark.parametrize("method", FITTED)
@pytest.mark.parametrize("counts", [(2000, 2000), (1000, 4000)])
def test_calibrated_logits_pass_the_test_that_raw_ones_fail(method, counts):
    """On samples that the map was not fitted on: over-confident and biased logits have |Z| > 3; calibrated |Z| < 3, and
    nearly the true logits' own log loss."""
    calibration = calibrate(method, *distorted(too_sure, reals=counts[0], fakes=counts[1]))
    raw = distorted(too_sure, reals=counts[0], fakes=counts[1], seed=1)
    calibrated = [calibration(tf.constant(logits)).numpy() for logits in raw]
    assert abs(dawids_z(*raw)) > 3.0
    assert abs(dawids_z(*calibrated)) < 3.0
    best = reliability(*true_logits(*counts, seed=1)).log_loss
    assert reliability(*calibrated).log_loss < best + 0.01 < reliability(*raw).log_loss


@pytest.mark.parametrize("method", ["temperature", "beta"])
def test_logits_that_rank_the_wrong_way_become_zero(method):
    """They carry no information that a non-decreasing map could use: everywhere the log ratio of equal densities."""
    real, fake = true_logits()
    np.testing.assert_array_equal(calibrate(method, fake, real)(tf.constant(GRID)), np.zeros(len(GRID)))


def test_beta_drops_a_slope_that_comes_out_negative():
    """The true log ratio falls for negative logits and rises for positive ones: a = 0, and b is fitted by itself."""
    rng = np.random.default_rng(0)
    logits = rng.uniform(-8.0, 8.0, 8000).astype(np.float32)
    is_real = rng.uniform(size=8000) < expit(np.maximum(logits, -0.5 * logits) - 2.0)
    calibration = calibrate("beta", logits[is_real], logits[~is_real])
    low, lower, high, higher = calibration(tf.constant([-50.0, -40.0, 20.0, 21.0])).numpy()
    assert low == lower
    assert higher > high + 0.2


@pytest.mark.parametrize("method", ["temperature", "beta"])
def test_one_runaway_logit_does_not_flatten_the_map(method):
    """A fake at 1e30 among 10,000 logits moves the rest by little."""
    real, fake = true_logits()
    fake[0] = 1e30
    np.testing.assert_allclose(calibrate(method, real, fake)(tf.constant(GRID)), GRID, atol=0.25)


@pytest.mark.parametrize("method", METHODS)
def test_nan_and_infinite_logits_pass_and_are_not_fitted(method):
    """The samplers judge them: the map hands them on as they are, and is the same with them in the data as without."""
    real, fake = true_logits(100, 100)
    unusable = np.array([np.nan, np.inf, -np.inf], np.float32)
    calibration = calibrate(method, np.append(real, unusable), np.append(unusable, fake))
    np.testing.assert_array_equal(calibration(tf.constant(unusable)), unusable)
    np.testing.assert_array_equal(calibration(tf.constant(GRID)), calibrate(method, real, fake)(tf.constant(GRID)))


def test_none_is_the_identity():
    """Also where there is nothing to fit on."""
    nothing = np.zeros(0, np.float32)
    np.testing.assert_array_equal(calibrate("none", nothing, nothing)(tf.constant(EXTREMES)), EXTREMES)


logit_arrays = st.lists(
    st.one_of(st.floats(-8, 8, width=32), st.floats(-1e4, 1e4, width=32), st.sampled_from([-1e4, 0.0, 1e4, 1e30])),
    min_size=2,
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FITTED), logit_arrays, logit_arrays, st.lists(st.floats(width=32, allow_nan=False), max_size=20))
@example("temperature", [0.0, 0.0], [0.0, 0.0, 0.0], [])  # all equal
@example("beta", [1e4] * 3, [-1e4] * 5, [])  # separable, far apart
@example("beta", [60.0, 61.0, 62.0], [59.0, 60.0], [])  # ln p of all of them is about 0
@example("isotonic", [1.0, 2.0], [-1.0, -2.0], [])
@example("temperature", [1e-38, 2e-38], [-1e-38, 0.0], [])
def test_no_map_decreases_or_overflows(method, real, fake, points):
    """Whatever it is fitted on: non-decreasing over every finite float32, finite, and of the same shape and type."""
    points = np.sort(np.concatenate([np.float32(points)[np.isfinite(points)], real, fake, EXTREMES]).astype(np.float32))
    calibrated = calibrate(method, np.float32(real), np.float32(fake))(tf.constant(points))
    assert calibrated.dtype == tf.float32
    assert calibrated.shape == points.shape
    assert np.isfinite(calibrated).all()
    assert (np.diff(calibrated.numpy().astype(np.float64)) >= 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_the_map_survives_an_export(tmp_path, method):
    """Traced for any number of rows, saved and loaded: bit for bit the same, with no variable to keep track of."""
    calibration = calibrate(method, *true_logits(200, 200))
    module = tf.Module()
    module.log_ratio = tf.function(calibration, input_signature=[tf.TensorSpec([None], tf.float32)])
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    assert not loaded.log_ratio.get_concrete_function().captured_inputs
    for points in (GRID, EXTREMES, GRID[:0]):
        np.testing.assert_array_equal(loaded.log_ratio(tf.constant(points)), calibration(tf.constant(points)))


@pytest.mark.parametrize("method", METHODS)
def test_the_number_of_rows_stays_known_in_a_graph(method):
    """The samplers read it from the static shape."""
    calibration = calibrate(method, *true_logits(50, 50))
    traced = tf.function(calibration).get_concrete_function(tf.TensorSpec([7], tf.float32))
    assert traced.output_shapes == tf.TensorShape([7])


def test_an_unknown_method_is_answered_with_the_nearest():
    with pytest.raises(
        GanzooError, match="^no calibration 'isotonc'. Did you mean 'isotonic'\\? There are: none, temp"
    ):
        calibrate("isotonc", *true_logits(5, 5))


@pytest.mark.parametrize("method", FITTED)
def test_too_few_logits_are_refused(method):
    """Two of each class; what cannot be used does not count."""
    one, two, three = np.array([1.0, np.nan]), np.array([0.0, 1.0]), np.array([0.0, 1.0, 2.0])
    with pytest.raises(GanzooError, match="^1 finite logits of reals and 3 of fakes .* at least 2 of each"):
        calibrate(method, one, three)
    assert calibrate(method, two, two)(tf.constant(GRID)).shape == GRID.shape


def test_calibrated_probabilities_are_those_of_the_labels():
    """Isotonic of two values: the weighted shares themselves, 3 of 4 reals against 1 of 8 fakes at the upper one."""
    real, fake = np.repeat([0.0, 1.0], [100, 300]), np.repeat([0.0, 1.0], [700, 100])
    calibrated = calibrate("isotonic", real, fake)(tf.constant([0.0, 1.0]))
    np.testing.assert_allclose(calibrated, logit([0.25 / (0.25 + 0.875), 0.75 / (0.75 + 0.125)]), atol=0.05)


@pytest.mark.parametrize("method", FITTED)
def test_a_map_that_does_not_help_is_not_used(method):
    """True logits, 100 of each class, over 20 draws: on fresh logits what is kept loses less than what was fitted."""
    test = true_logits(20_000, 20_000, distance=3.0, seed=99)
    best = reliability(*test).log_loss
    lost = np.zeros(2)
    unused = 0
    for seed in range(20):
        logits = true_logits(100, 100, distance=3.0, seed=seed)
        kept, fitted = calibrate_if_it_helps(method, *logits), calibrate(method, *logits)
        unused += np.array_equal(kept.log_ratio(tf.constant(GRID)), GRID)
        for row, one in enumerate((kept.log_ratio, fitted)):
            lost[row] += reliability(*(one(tf.constant(x)).numpy() for x in test)).log_loss - best
    assert unused > 5
    assert lost[0] < lost[1]


@pytest.mark.parametrize("method", FITTED)
def test_a_map_that_helps_is_used_and_its_loss_is_that_of_fresh_logits(method):
    """Logits 2.5 times too large: cross-fitting on 2,000 of each foretells the log loss on 20,000 others."""
    logits = distorted(too_sure, reals=2000, fakes=2000)
    found = calibrate_if_it_helps(method, *logits)
    fresh = distorted(too_sure, reals=20_000, fakes=20_000, seed=1)
    loss = reliability(*(found.log_ratio(tf.constant(x)).numpy() for x in fresh)).log_loss
    assert found.log_loss == pytest.approx(loss, abs=0.02)
    assert found.log_loss < calibrate_if_it_helps("none", *logits).log_loss
