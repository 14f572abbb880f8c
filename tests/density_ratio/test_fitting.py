import keras
import numpy as np
import pytest
import tensorflow as tf
from normals import OPTIONS, reals, short, standard_normal_model

from ganzoo.density_ratio import fitting
from ganzoo.density_ratio.fitting import shares
from ganzoo.errors import GanzooError
from ganzoo.models.gan import GAN


def test_without_reals_only_logits_that_are_a_log_ratio_serve():
    """The discriminator of a GAN by itself; a Wasserstein critic is not used, and nothing is."""
    gan, points = standard_normal_model(GAN, loss="minimax"), tf.constant(reals(20))
    np.testing.assert_array_equal(fitting.for_export(gan, None)(points), gan.discriminator(points))
    assert fitting.for_export(standard_normal_model(), None) is None


def test_with_reals_the_ratio_is_fitted_for_every_objective():
    """Options as given: one step at rate 0 leaves the fresh head's zeros, not the logits of the GAN's discriminator."""
    gan, points = standard_normal_model(GAN, loss="minimax"), tf.constant(reals(20))
    ratio = fitting.for_export(gan, reals(100), options=short(steps=1, learning_rate=0.0))
    np.testing.assert_array_equal(ratio(points), np.zeros(20))
    assert np.abs(gan.discriminator(points)).max() > 0.1


@pytest.mark.parametrize("objective", [dict(objective=GAN, loss="minimax"), {}], ids=["gan", "critic"])
def test_an_overconfident_ratio_is_calibrated(objective):
    """N((1, 0), I) against N(0, I) by a GAN's discriminator or a critic of 3 (x - 1/2): it is x - 1/2 again."""
    model = standard_normal_model(**objective)
    points = keras.Input((2,))
    model.discriminator = keras.Model(points, keras.layers.Reshape(())(keras.layers.Dense(1)(points)))
    model.discriminator.set_weights([np.array([[3.0], [0.0]]), np.array([-1.5])])
    options = OPTIONS | dict(estimator="discriminator", calibration="temperature")
    ratio = fitting.for_export(model, reals(50_000, mean=(1.0, 0.0)), options=options)
    np.testing.assert_allclose(ratio(tf.constant([[-1.0, 0.0], [0.5, 7.0], [2.0, 1.0]])), [-1.5, 0.0, 1.5], atol=0.15)


@pytest.mark.parametrize(("estimator", "seen"), [("discriminator", 100), ("refit", 20)])
def test_what_is_not_fitted_is_calibrated_on_all_held_out_reals(estimator, seen):
    """The discriminator saw none of 100 held-out reals; a refit has seen all but the calibration's share of a fifth."""
    options = short(steps=5) | dict(estimator=estimator)
    ratio = fitting.for_export(standard_normal_model(GAN, loss="minimax"), reals(100), options=options)
    assert len(ratio.held_out) == seen


def test_tempering_is_a_factor_on_the_calibrated_log_ratio():
    model, points = standard_normal_model(), tf.constant(reals(50))
    whole, half = (
        fitting.for_export(
            model, reals(500) + 1, options=short(steps=30) | dict(calibration="beta", tempering=tempering)
        )
        for tempering in (1.0, 0.5)
    )
    assert np.std(whole(points)) > 0.1  # or half of it would be the same
    np.testing.assert_allclose(half(points), 0.5 * whole(points), atol=1e-4)
    np.testing.assert_allclose(half.held_out, 0.5 * whole.held_out, atol=1e-4)


def test_the_shares_of_the_reals_do_not_overlap_and_lose_none():
    samples = np.arange(1000.0).reshape(500, 2)
    parts = shares((samples, samples[:, 0]), stop=0.2, calibration=0.1, seed=3)
    assert [len(part) for part, _ in parts] == [350, 100, 50]
    np.testing.assert_array_equal(np.sort(np.concatenate([part for part, _ in parts]).ravel()), samples.ravel())
    for part, labels in parts:
        np.testing.assert_array_equal(part[:, 0], labels)


def test_values_by_class_repeat_a_smaller_classs_and_have_none_of_an_absent_one():
    values = fitting.by_class(np.array([1.0, 2.0, 3.0, 4.0]), np.array([2, 0, 2, 2]), num_classes=4)
    none = [-np.inf] * 3
    np.testing.assert_array_equal(values, [[2.0, 2.0, 2.0], none, [1.0, 3.0, 4.0], none])


def test_several_estimators_share_what_they_have_in_common():
    """The mean's terms are the estimates that were yielded before it, to the last bit."""
    gan, points = standard_normal_model(GAN, loss="minimax"), tf.constant(reals(20))
    options = short(steps=20) | dict(combined=("discriminator", "refit"))
    own, refit, both = fitting.by_each(["discriminator", "refit", "combined"], gan, reals(100), options=options, seed=0)
    np.testing.assert_array_equal(both(points), (own(points) + refit(points)) / 2)


def test_held_out_is_the_log_ratio_of_the_calibration_share():
    """Reals that neither the fit nor its early stopping has seen."""
    model, samples = standard_normal_model(), reals(100)
    ratio = fitting.for_export(model, samples, options=short(steps=5), seed=4)
    (unseen,) = shares((samples,), stop=0.2, calibration=0.2, seed=4)[2]
    np.testing.assert_allclose(ratio.held_out, ratio(tf.constant(unseen)), atol=1e-5)


@pytest.mark.parametrize("rows", [1, 5])
def test_a_handful_of_reals_is_refused(rows):
    """With their number in the message."""
    with pytest.raises(GanzooError, match=f"^{rows} held-out reals cannot be fitted"):
        fitting.for_export(standard_normal_model(), reals(rows), options=OPTIONS)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (dict(estimator="discriminator"), "wgan_gp is no density ratio without calibration.*calibration=temperature"),
        (dict(estimator="refitted"), "estimator is 'refitted'. Did you mean 'refit'"),
        (dict(calibration="isotonik"), "calibration is 'isotonik'. Did you mean 'isotonic'"),
        (dict(combined=("refit", "combined")), "combined is .'refit', 'combined'., expected some of"),
        (dict(combined=("discriminator",)), "counts only where its logits are a log ratio"),
        (dict(tempering=0.0), "tempering is 0.0, expected a number above 0"),
        (dict(stop_share=0.5, calibration_share=0.5), "leave no reals"),
    ],
)
def test_options_that_no_fit_can_use_are_errors_that_say_what_to_do(options, said):
    with pytest.raises(GanzooError, match=said):
        fitting.check(standard_normal_model(), OPTIONS | options)


@pytest.mark.parametrize(("slope", "chosen"), [(1.0, "discriminator"), (-3.0, "refit")])
def test_the_best_estimator_is_the_one_of_the_lowest_held_out_loss(capsys, slope, chosen):
    """N((1, 0), I) against N(0, I): a discriminator that is the log ratio x - 1/2 beats a short refit; one that ranks
    the wrong way is left out of the ratio, and does not spoil the refit by their mean."""
    model = standard_normal_model(GAN, loss="minimax")
    points = keras.Input((2,))
    model.discriminator = keras.Model(points, keras.layers.Reshape(())(keras.layers.Dense(1)(points)))
    model.discriminator.set_weights([np.array([[slope], [0.0]]), np.array([-slope / 2])])
    samples = reals(4000, mean=(1.0, 0.0))
    options = short(steps=60) | dict(estimator="best", combined=("discriminator", "refit"), calibration="temperature")
    best = fitting.for_export(model, samples, options=options)
    assert f"density ratio: {chosen} (log loss" in capsys.readouterr().out
    alone = fitting.for_export(model, samples, options=options | dict(estimator=chosen))
    np.testing.assert_allclose(best(tf.constant(reals(20))), alone(tf.constant(reals(20))), atol=1e-6)


def test_a_critic_leaves_the_refit_alone_to_choose():
    options = OPTIONS | dict(combined=("discriminator", "refit"))
    assert fitting.candidates(standard_normal_model(), options) == ["refit"]
    assert fitting.candidates(standard_normal_model(GAN, loss="minimax"), options) == [
        "discriminator",
        "refit",
        "combined",
    ]


def of_slope(slope, objective=GAN, **options):
    """Fakes N(0, I); the logits of N((1, 0), I) against them, which are x - 1/2, times a slope."""
    model = standard_normal_model(objective, **(options or dict(loss="minimax")))
    points = keras.Input((2,))
    model.discriminator = keras.Model(points, keras.layers.Reshape(())(keras.layers.Dense(1)(points)))
    model.discriminator.set_weights([np.array([[slope], [0.0]]), np.array([-slope / 2])])
    return model


def test_few_reals_calibrate_the_discriminator_and_fit_nothing(capsys):
    """With "best" and 199 reals it is the estimator "discriminator", all reals its calibration's; a line says so."""
    model, samples = of_slope(3.0), reals(199, mean=(1.0, 0.0))
    options = short(steps=5) | dict(estimator="best", combined=("discriminator", "refit"), calibration="temperature")
    few = fitting.for_export(model, samples, options=options)
    assert "the discriminator's own logits, calibrated; 199 held-out reals fit no ratio" in capsys.readouterr().out
    own = fitting.for_export(model, samples, options=options | dict(estimator="discriminator"))
    np.testing.assert_array_equal(few.held_out, own.held_out)
    assert len(few.held_out) == 199


def test_ten_reals_calibrate_a_slope_by_a_thousand_fakes():
    """Logits three times too large, over 20 draws of ten reals: the mean slope is 1 within .35 (3 without)."""
    model = of_slope(3.0)
    options = OPTIONS | dict(estimator="discriminator", calibration="temperature")
    points = tf.constant([[0.5, 0.0], [1.5, 0.0]])
    slopes = []
    for seed in range(20):
        samples = reals(10, mean=(1.0, 0.0), seed=seed)
        low, high = fitting.for_export(model, samples, options=options, seed=seed)(points).numpy()
        slopes.append(high - low)
    assert abs(np.mean(slopes) - 1.0) < 0.35


def test_few_reals_do_not_make_a_critic_a_ratio_without_calibration():
    with pytest.raises(GanzooError, match="no density ratio without calibration"):
        fitting.for_export(standard_normal_model(), reals(50), options=OPTIONS | dict(estimator="best"))
