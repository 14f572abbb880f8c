import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.data.pipeline import domain_pairs
from ganzoo.data.reals import to_float
from ganzoo.training.checkpoints import Checkpoints
from tests.conftest import shapes
from tests.models.descent import assert_descended, compile_for_descent, fit_one_step, values


@pytest.fixture
def pair(reals):
    data = tf.constant(reals(8))
    return data[:4], data[4:]


def squared(x, target):
    return tf.reduce_mean((x - target) ** 2)


def by_hand(model, inputs, outputs, places):
    """Equations 3 and 4, place by place: the mean over layers, places and pictures of -log of the softmax."""
    losses = []
    heads = [keras.Model(i, o) for i, o in zip(model.heads.inputs, model.heads.outputs, strict=True)]
    layers = zip(model._encode(inputs), model._encode(outputs), heads, places, strict=True)
    for of_inputs, of_outputs, head, where in layers:
        width = of_inputs.shape[2]
        for row in range(len(inputs)):
            keys = tf.stack([head(of_inputs[row, p // width, p % width][None, None])[0, 0] for p in where])
            keys = tf.stop_gradient(keys)
            for place, p in enumerate(where):
                query = head(of_outputs[row, p // width, p % width][None, None])[0, 0]
                logits = tf.linalg.matvec(keys, query) / model.temperature
                losses.append(-tf.math.log(tf.exp(logits[place]) / tf.reduce_sum(tf.exp(logits))))
    return tf.add_n(losses) / len(losses)


@pytest.mark.parametrize("identity_weight", [0.0, 2.0])
def test_a_step_is_the_papers_objective(translator, pair, identity_weight):
    """By plain gradient descent generator, heads and discriminator end where equation 6, written out, puts them. The
    generator is judged by the discriminator after its step."""
    model = translator("cut", num_patches=3, nce_weight=1.5, identity_weight=identity_weight, temperature=0.5)
    (a, b), g, d = pair, model.generator, model.discriminator
    sizes = [int(np.prod(of.shape[1:3])) for of in model._encode(a)]
    places = [model.places(layer, size).numpy() for layer, size in enumerate(sizes)]
    with tf.GradientTape() as tape:
        loss = (squared(d(b), 1) + squared(d(g(a)), 0)) / 2
    critic_gradients = tape.gradient(loss, d.trainable_variables)
    old = values(d.trainable_variables)
    for variable, gradient in zip(d.trainable_variables, critic_gradients, strict=True):
        variable.assign_sub(0.1 * gradient)
    with tf.GradientTape() as tape:
        loss = squared(d(g(a)), 1) + 1.5 * by_hand(model, a, g(a), places)
        if identity_weight:
            loss += identity_weight * by_hand(model, b, g(b), places)
    generator_gradients = tape.gradient(loss, model.generator_variables)
    for variable, value in zip(d.trainable_variables, old, strict=True):
        variable.assign(value)
    before = values(model.generator_variables)

    compile_for_descent(model)
    fit_one_step(model, a, b)

    assert_descended(d.trainable_variables, old, critic_gradients)
    assert_descended(model.generator_variables, before, generator_gradients)
    assert len(before) == len(g.trainable_variables) + len(model.heads.trainable_variables)


def test_the_places_are_random_distinct_and_the_same_in_all_pictures(translator):
    """Each layer and each step has its own; a small layer shows all of its places."""
    model = translator("cut", num_patches=16)
    first = model.places(0, 256).numpy()
    assert len(set(first)) == 16
    assert set(first) <= set(range(256))
    assert sorted(model.places(0, 9).numpy()) == list(range(9))
    others = [model.places(1, 256).numpy()]
    model.step.assign_add(1)
    others.append(model.places(0, 256).numpy())
    assert all(set(first) != set(other) for other in others)


def test_the_features_are_the_picture_two_halvings_and_two_blocks(translator, pair):
    """Of nine blocks the first and the fifth, of one block that one."""
    model = translator("cut", generator=dict(width=4, blocks=9, norm="instance"))
    adds = [layer.output for layer in model.generator.layers if isinstance(layer, keras.layers.Add)]
    features = model._encode.output
    assert [tuple(x.shape[1:]) for x in model._encode(pair[0])] == [(16, 16, 1), (8, 8, 8)] + [(4, 4, 16)] * 3
    assert (features[3] is adds[0], features[4] is adds[4]) == (True, True)
    assert len(translator("cut")._encode.output) == 4


def test_weights_of_the_losses_are_those_of_the_sum(translator, pair):
    logged = {name: v[0] for name, v in fit_one_step(translator("cut", nce_weight=3.0), *pair).history.items()}
    expected = logged["adversarial"] + 3 * logged["nce"] + logged["identity_nce"]
    assert logged["generator_loss"] == pytest.approx(expected, rel=1e-5)
    logged = {name: v[0] for name, v in fit_one_step(translator("cut", identity_weight=0.0), *pair).history.items()}
    assert logged["identity_nce"] == 0.0
    assert logged["generator_loss"] == pytest.approx(logged["adversarial"] + logged["nce"], rel=1e-5)


def everything(model):
    optimizers = model.generator_optimizer, model.discriminator_optimizer
    return model.get_weights() + [v.numpy() for of in optimizers for v in of.variables]


def test_a_run_that_was_killed_ends_as_one_that_was_not(translator, domains, tmp_path):
    """Five steps with a checkpoint of the second, from which another model takes the last three: bit for bit the same
    networks, heads and optimizers."""

    def train(model, first_step, callbacks):
        where = dict(seed=5, first_step=first_step, steps=5, image_size=16, flip=True)
        model.fit(domain_pairs(domains(), 2, **where), shuffle=False, verbose=0, callbacks=callbacks)

    def save(batch, logs):
        if whole.steps_taken == 2:
            Checkpoints(tmp_path, whole, keep=1).save()

    whole = translator("cut", num_patches=8)
    train(whole, 0, [keras.callbacks.LambdaCallback(on_train_batch_end=save)])
    resumed = translator("cut", num_patches=8)
    resumed.set_weights([weight + 1 for weight in resumed.get_weights()])
    assert Checkpoints(tmp_path, resumed, keep=1).restore() == 2
    train(resumed, 2, [])
    assert resumed.steps_taken == 5
    for one, other in zip(everything(whole), everything(resumed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_saved_model_trains_on_as_if_it_had_never_stopped(translator, pair, tmp_path):
    """`.keras` keeps networks, heads, options and the step: one more step ends in equal weights."""
    options = dict(nce_weight=2.0, identity_weight=0.5, temperature=0.1, num_patches=5, projection_width=6)
    model = translator("cut", **options)
    fit_one_step(model, *pair)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert {name: getattr(loaded, name) for name in options} == options
    for each in (model, loaded):
        fit_one_step(each, *pair)
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_sample_pictures_are_a_translation_and_an_identity(translator, pair):
    model, (a, b) = translator("cut"), pair
    rows = model.sample_rows(a, b)
    for row, picture in zip(rows, [a, model.generator(a), b, model.generator(b)], strict=True):
        np.testing.assert_allclose(row, picture, atol=1e-6)
    assert len(model.sample_row_names(("A", "B"))) == len(rows)


def test_a_short_training_brightens_pictures_and_shows_squares_in_their_places(translator, domains):
    """From dark pictures with a bright square to light ones with a dark square, without pairs. The translations become
    as bright as the target (before, they are 1.2 darker). What stands out stands where the picture's own square is, and
    not where the next picture's is."""
    model = translator(
        "cut",
        generator=dict(width=8, blocks=1, norm="instance", init_stddev=0.0),
        discriminator=dict(width=8, layers=1, norm="instance"),
        projection_width=32,
    )
    model.compile(*[keras.optimizers.Adam(2e-3, 0.5) for _ in range(2)])
    data = domain_pairs(domains(200), 8, seed=0, steps=200, image_size=16, flip=False)
    model.fit(data, shuffle=False, verbose=0)
    test = to_float(shapes(50, seed=9))
    translated, squares = model.generator(test).numpy(), test > 0.5
    assert abs(translated.mean() - (-test).mean()) < 0.15
    own, others = (contrast(translated, where) for where in (squares, np.roll(squares, 1, axis=0)))
    assert own - others > 0.2


def contrast(pictures, places):
    """How much brighter the pictures are in the places than around them, on average."""
    each = zip(pictures, places, strict=True)
    return np.mean([picture[where].mean() - picture[~where].mean() for picture, where in each])
