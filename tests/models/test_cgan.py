import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo import load_config
from ganzoo.data.parts import Parts
from ganzoo.data.reals import Reals
from ganzoo.density_ratio import fitting
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.losses import adversarial as losses
from ganzoo.models.cgan import ConditionalGAN
from ganzoo.networks import labelled
from ganzoo.noise import Purpose
from ganzoo.serving.exported import Exported
from ganzoo.tasks import latents
from tests.models.descent import fit_eagerly

LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1])
CONDITIONINGS = ["concatenated", "projection"]


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_one_step_is_equation_2(tiny, reals, conditioning):
    """By plain gradient descent, both networks end where the game within each class, written out, puts them."""
    model = tiny("cgan", (2,), num_classes=3, conditioning=conditioning, ema_decay=0.0)
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    data = tf.constant(reals(8, (2,)))
    generator, discriminator = (type(n).from_config(n.get_config()) for n in (model.generator, model.discriminator))
    generator.set_weights(model.generator.get_weights())
    discriminator.set_weights(model.discriminator.get_weights())
    given = [model.latents(model.step_seed(Purpose.LATENTS, 0), 8), tf.constant(LABELS)]
    with tf.GradientTape() as tape:
        fake_logits = discriminator([generator(given), given[1]])
        loss = losses.bce_discriminator(discriminator([data, given[1]]), fake_logits)
    descend(tape.gradient(loss, discriminator.trainable_variables), discriminator)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.softplus(-discriminator([generator(given), given[1]])))
    descend(tape.gradient(loss, generator.trainable_variables), generator)

    fit_eagerly(model, data, LABELS, batch_size=8, shuffle=False)

    for expected, network in ((generator, model.generator), (discriminator, model.discriminator)):
        for one, other in zip(expected.get_weights(), network.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_each_discriminator_step_sees_reals_with_their_own_labels(tiny, reals):
    model, data = tiny("cgan", (2,), num_classes=3, n_critic=2), reals(8, (2,))
    pairs = model.labelled_batches((tf.constant(data), tf.constant(LABELS)))
    np.testing.assert_array_equal(np.concatenate([real for real, _ in pairs]), data)
    np.testing.assert_array_equal(np.concatenate([label for _, label in pairs]), LABELS)


def test_r1_is_on_the_reals_under_their_labels(tiny, reals):
    """Half the squared slope, by finite differences in every coordinate."""
    model, data = tiny("cgan", (2,), num_classes=3, r1_weight=1.0), reals(8, (2,))
    labels, h = tf.constant(LABELS), 1e-2

    def logits(shift):
        return model.discriminator([tf.constant(data + np.float32(shift)), labels]).numpy()

    slopes = [(logits(h * axis) - logits(-h * axis)) / (2 * h) for axis in np.eye(2)]
    logs = fit_eagerly(model, data, LABELS, batch_size=8, shuffle=False).history
    assert logs["r1"][0] == pytest.approx(np.sum(np.square(slopes), axis=0).mean() / 2, rel=0.02)


def test_batch_norm_in_the_discriminator_is_refused_with_r1(tiny):
    discriminator = dict(width=4, base_resolution=7, kernel_size=3, norm="batch", init_stddev=0.0)
    with pytest.raises(GanzooError, match="cannot have batch norm"):
        tiny("cgan", discriminator=discriminator)
    assert tiny("cgan", discriminator=discriminator, r1_weight=0.0).num_classes == 10


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_a_short_training_makes_what_the_label_says(tiny, conditioning):
    """Three classes about (2, 0), (-2, 0) and (0, 2): after 600 steps the mean of each is within .7 of its own."""
    centres = np.array([[2, 0], [-2, 0], [0, 2]], np.float32)
    widths = dict(generator=dict(width=32, depth=2), discriminator=dict(width=32, depth=2))
    model = tiny("cgan", (2,), num_classes=3, conditioning=conditioning, **widths)
    model.compile(keras.optimizers.Adam(2e-3, 0.5), keras.optimizers.Adam(2e-3, 0.5))
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 600 * 64)
    data = (centres[labels] + 0.3 * rng.normal(size=(len(labels), 2))).astype(np.float32)
    model.fit(data, labels, batch_size=64, shuffle=False, verbose=0)
    means = [model.sample(500, labels=np.full(500, number)).mean(0) for number in range(3)]
    assert np.linalg.norm(means - centres, axis=1).max() < 0.7


def test_the_zoos_samples_take_the_classes_in_turn(tiny):
    model = tiny("cgan", (2,), num_classes=3)
    np.testing.assert_array_equal(model.sample(8), model.sample(8, labels=LABELS))
    assert not np.array_equal(model.sample(8), model.sample(8, labels=LABELS[::-1]))


def test_a_saved_model_is_the_same(tiny, tmp_path):
    for conditioning in CONDITIONINGS:
        model = tiny("cgan", conditioning=conditioning)
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        assert loaded.num_classes == 10
        np.testing.assert_array_equal(loaded.sample(4), model.sample(4))


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (None, "'mine' has no labels"),
        (np.array([1, 5] * 10), r"2 classes \(1, 5\), but config.model.num_classes is 3. .*=2, or leave it out"),
        (np.array([-1, 0] * 10), r"has 30 samples with a label below 0 \(-1\), which marks samples without a class"),
    ],
)
def test_data_without_the_models_classes_are_refused_before_the_training(reals, labels, said):
    mine = Reals("mine", reals(20, (2,)), labels)
    config = load_config("cgan")
    config.model.num_classes = 3
    with pytest.raises(GanzooError, match=said):
        latents.settle(config, Parts(mine, mine, mine))


def test_a_class_that_cannot_be_trained_on_is_refused_with_its_samples(reals):
    """Whatever number of classes is asked for: a fifth class is in the test part alone."""
    four, five = (Reals("mine", reals(20, (2,)), np.resize(np.arange(1, n), 20)) for n in (5, 6))
    for num_classes in (0, 4, 5):
        config = load_config("cgan")
        config.model.num_classes = num_classes
        with pytest.raises(GanzooError, match="class 5 of 'mine' has 4 samples, none of them to train on: 0 to fit"):
            latents.settle(config, Parts(four, four, five))


def test_the_number_of_classes_is_the_datas(reals):
    mine = Reals("mine", reals(20, (2,)), np.resize([2, 7, 9], 20))
    config = load_config("cgan")
    assert config.model.num_classes == 0
    latents.settle(config, Parts(mine, mine, mine))
    assert config.model.num_classes == 3
    latents.settle(config, Parts(mine, mine, mine))  # as in a resumed run


def two_classes(**ratio):
    """Fakes N(0, I) under both labels, reals N((1, 0), I) and N((-1, 0), I): log ratios x - 1/2 and -x - 1/2."""
    keras.utils.set_random_seed(0)
    latents, labels = keras.Input((2,)), keras.Input((), dtype="int64")
    identity = keras.layers.Dense(2, kernel_initializer="identity", use_bias=False)(latents)
    nothing = keras.layers.Embedding(2, 2, embeddings_initializer="zeros")(labels)
    generator = keras.Model([latents, labels], keras.layers.Add()([identity, nothing]))
    discriminator = labelled.projection("mlp", (2,), num_classes=2, width=8, depth=1)
    model = ConditionalGAN(generator, discriminator, num_classes=2, r1_weight=0.0, n_critic=1, ema_decay=0.0)

    classes = np.arange(8000) % 2
    reals = np.random.default_rng(0).normal(size=(8000, 2)) + np.stack([1 - 2 * classes, 0 * classes], axis=1)
    options = load_config("cgan", "gaussians25").ratio.to_dict() | dict(estimator="refit") | ratio
    options["refit"].update(steps=600, batch_size=256, width=64)
    return model, fitting.for_export(model, reals.astype(np.float32), classes, options=options)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    model, ratio = two_classes()
    saved_model.export(model, path := tmp_path_factory.mktemp("export"), ratio=ratio)
    return model, Exported(path)


def test_an_exports_samples_are_asked_for_by_label(exported):
    """Every signature that draws gives one sample for each label, the same for the same seed, and `generate` the
    model's own."""
    model, export = exported
    labels = np.array([1, 1, 0, 1])
    for signature in ("generate", "drs", "obrs", "mh"):
        first, same, other = (export.draw(signature, 4, seed=seed, labels=labels) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first["samples"], same["samples"])
        assert not np.array_equal(first["samples"], other["samples"])
        np.testing.assert_array_equal(first.get("labels", labels), labels)
    generated = export.draw("generate", 4, seed=7, labels=labels)["samples"]
    np.testing.assert_allclose(generated, model.sample(4, seed=7, labels=labels), atol=1e-6)


def test_the_fitted_ratio_is_that_of_the_class(exported):
    """Near x = -1, 0 and 1 under either label, on the mean of 300 points each."""
    x = np.repeat([-1, 0, 1, -1, 0, 1], 300)
    points = np.stack([x, np.zeros(1800)], axis=1) + np.random.default_rng(1).normal(0.0, 0.4, (1800, 2))
    scores = exported[1].score(points.astype(np.float32), np.repeat([0, 1], 900))["log_ratio"]
    np.testing.assert_allclose(scores.reshape(6, 300).mean(1), [-1.5, -0.5, 0.5, 0.5, -0.5, -1.5], atol=0.5)


def test_reals_under_other_labels_count_as_fakes_by_their_weight():
    """At w = 1 the ratio of class 0 is p_0 / (p_g + p_1), its logarithm x - 1/2 - log(1 + exp(-x - 1/2))."""
    _, ratio = two_classes(mismatched=1.0, calibration="none")
    x = np.array([0.0, 0.5, 1.0])
    points = np.stack([np.repeat(x, 300), np.zeros(900)], axis=1) + np.random.default_rng(1).normal(0.0, 0.4, (900, 2))
    scores = ratio(tf.constant(points, tf.float32), tf.zeros(900, tf.int64))
    exact = x - 0.5 - np.log1p(np.exp(-x - 0.5))
    np.testing.assert_allclose(np.reshape(scores, (3, 300)).mean(1), exact, atol=0.3)


def test_rejection_moves_each_class_towards_its_reals(exported):
    """By a budget of 3 the mean of x, 0 without, is over .4 on the side of the label."""
    draws = exported[1].draw("obrs", 2000, labels=np.arange(2), budget=3.0)
    x, labels = draws["samples"][:, 0], draws["labels"]
    assert x[labels == 0].mean() > 0.4
    assert x[labels == 1].mean() < -0.4


@pytest.mark.parametrize(
    ("labels", "said"), [([0, 2], "labels must be in 0 .. 1"), ([0], "there must be a label for each of")]
)
def test_labels_that_do_not_fit_are_told_what_was_wrong(exported, labels, said):
    request = dict(num_samples=tf.constant(2), seed=tf.constant([0, 0]), labels=tf.constant(labels, tf.int64))
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        exported[1].signatures["generate"](**request)


def descend(gradients, network):
    for gradient, variable in zip(gradients, network.trainable_variables, strict=True):
        variable.assign_sub(0.1 * tf.convert_to_tensor(gradient))  # of an embedding it is sparse
