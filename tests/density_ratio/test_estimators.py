import numpy as np
import pytest
import tensorflow as tf
from normals import OPTIONS, picture_model, reals, short, standard_normal_model

from ganzoo.density_ratio.estimators import ESTIMATORS, Fit
from ganzoo.models.gan import GAN


def estimate(name, model, samples, options=OPTIONS, seed=0):
    """Fitted on four fifths, stopped by the last."""
    count = len(samples) * 4 // 5
    return ESTIMATORS[name](Fit(model, (samples[:count],), (samples[count:],), options, seed))


def assert_equal_up_to_a_constant(ratio, exact, points, within):
    fitted, exact = ratio(tf.constant(points)).numpy(), exact(points)
    assert np.corrcoef(fitted, exact)[0, 1] > 0.98
    offset = np.mean(fitted - exact)
    assert np.sqrt(np.mean((fitted - exact - offset) ** 2)) < within
    assert abs(offset) < within


@pytest.mark.parametrize("name", ["refit", "smoothed"])
def test_the_ratio_of_two_gaussians_side_by_side_is_recovered(name):
    """N((1, 0), I) against N(0, I): log ratio x - 1/2, although the model's own critic is a Wasserstein critic."""
    ratio = estimate(name, standard_normal_model(), reals(40_000, mean=(1.0, 0.0)))
    points = np.concatenate([reals(2000, mean=(1.0, 0.0), seed=8), reals(2000, seed=9)])
    assert_equal_up_to_a_constant(ratio, lambda x: x[:, 0] - 0.5, points, within=0.25)


def test_the_ratio_of_a_narrower_gaussian_is_recovered():
    """N(0, .5 I) against N(0, I): log 4 - 1.5 |x|^2, over the bulk of the reals."""
    ratio = estimate("refit", standard_normal_model(), reals(40_000, scale=0.5))
    points = reals(4000, scale=0.5, seed=8)
    assert_equal_up_to_a_constant(ratio, lambda x: np.log(4.0) - 1.5 * (x**2).sum(1), points, within=0.2)


def nine_modes():
    """Of sigma .05 at spacing 1: the reals, the modes' centres and the points between them."""
    rng = np.random.default_rng(0)
    centers = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]), -1).reshape(-1, 2)
    samples = centers[rng.integers(0, 9, 10_000)] + 0.05 * rng.normal(size=(10_000, 2))
    between = np.stack(np.meshgrid([-0.5, 0.5], [-0.5, 0.5]), -1).reshape(-1, 2)
    return samples.astype(np.float32), centers.astype(np.float32), between.astype(np.float32)


def test_the_refit_sees_narrow_modes_and_the_smoothed_estimate_does_not():
    """Fakes N(0, I), noise of 1 in the smoothed fit: on the modes the sharp log ratio is 3 above that between them, the
    smooth one differs by less than 1."""
    samples, centers, between = nine_modes()
    options = OPTIONS | dict(smoothed=OPTIONS["smoothed"] | dict(noise=1.0))
    sharp, smooth = (
        [ratio(tf.constant(points)).numpy() for points in (centers, between)]
        for ratio in (estimate(name, standard_normal_model(), samples, options) for name in ("refit", "smoothed"))
    )
    assert sharp[0].min() > 3.0 + sharp[1].max()
    assert abs(smooth[0].mean() - smooth[1].mean()) < 1.0


@pytest.fixture(scope="module")
def of_seeds():
    """Fits of seeds 1, 1 and 2: of each, what every estimator makes of the same points. Combined shares its terms."""
    samples, points = reals(200, (1.0, 0.0)), tf.constant(reals(50))
    fits = [
        Fit(standard_normal_model(), (samples[:160],), (samples[160:],), short(steps=20), seed) for seed in (1, 1, 2)
    ]
    names = ("refit", "smoothed", "combined")
    return [{name: fit.estimate(name)(points).numpy() for name in names} for fit in fits]


@pytest.mark.parametrize("name", ["refit", "smoothed", "combined"])
def test_equal_seeds_fit_equal_ratios(of_seeds, name):
    """The fakes, the batches and the network come from the seed alone."""
    first, second, other = (of_seed[name] for of_seed in of_seeds)
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert np.abs(first - other).max() > 1e-3


def test_the_discriminators_own_logits_serve_as_they_are():
    gan, points = standard_normal_model(GAN, loss="minimax"), tf.constant(reals(20))
    np.testing.assert_array_equal(estimate("discriminator", gan, reals(10))(points), gan.discriminator(points))


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (lambda: standard_normal_model(GAN, loss="minimax"), ["discriminator", "refit", "smoothed"]),
        (standard_normal_model, ["refit", "smoothed"]),
    ],
)
def test_combined_is_the_mean_of_the_terms_that_the_objective_allows(model, names):
    """The logits of a Wasserstein critic are no log ratio, and stay out of the mean."""
    points, options = tf.constant(reals(50)), short(steps=30)
    terms = [estimate(name, model(), reals(200), options)(points) for name in names]
    combined = estimate("combined", model(), reals(200), options)(points)
    np.testing.assert_allclose(combined, sum(terms) / len(terms), atol=1e-4)


@pytest.mark.parametrize("name", ["refit", "smoothed"])
def test_pictures_are_told_apart_and_the_model_is_left_as_it_was(name):
    """Reals are upside down: held-out ones get larger ratios, and no weight of the model moves."""
    model = picture_model()
    weights = [weight.copy() for weight in model.get_weights()]
    pictures = model.sample(600, seed=5)[:, ::-1]
    fit = dict(steps=100, batch_size=64, dropout=0.3, width=16)
    ratio = estimate(name, model, pictures[:500], short(**fit))
    assert tf.reduce_mean(ratio(pictures[500:])) > 1.0 + tf.reduce_mean(ratio(model.sample(100, seed=6)))
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)


def test_the_discriminator_can_be_trained_on_after_a_fit():
    """An export in mid-training freezes nothing: as many trainable weights as before."""
    model = picture_model()
    weights = len(model.discriminator.trainable_variables)
    estimate("refit", model, model.sample(40), short(steps=1, batch_size=8))
    assert len(model.discriminator.trainable_variables) == weights


def test_the_weights_kept_are_those_of_the_lowest_held_out_loss():
    """Reals like the fakes, 20 of them and many steps: whatever is learnt is learnt by heart, and is thrown away."""
    model, few = standard_normal_model(), reals(20)
    ratio = ESTIMATORS["refit"](Fit(model, (few,), (reals(2000, seed=2),), short(steps=400), 0))
    unseen = ratio(tf.constant(reals(1000, seed=3))).numpy()
    assert np.abs(unseen).mean() < 0.5


def test_the_discriminator_and_the_refit_share_one_pass_through_the_trunk():
    """Scoring by their mean runs each of the discriminator's layers once: as many matrix products as the trunk,
    the tail and the head have."""
    model = picture_model("gan")
    options = short(steps=1) | dict(combined=("discriminator", "refit"))
    ratio = estimate("combined", model, model.sample(40), options)
    graph = tf.function(ratio, autograph=False).get_concrete_function(tf.TensorSpec([4, 16, 16, 1])).graph
    assert sum(operation.type == "MatMul" for operation in graph.get_operations()) == 2 + 1 + 2
