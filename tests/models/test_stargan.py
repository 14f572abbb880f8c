import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo import load_config
from ganzoo.data.pipeline import labelled_domains
from ganzoo.data.reals import to_float
from ganzoo.errors import GanzooError
from ganzoo.tasks import translation
from tests.models.descent import RATE, assert_descended, compile_for_descent, fit_one_step, values

OWN = tf.constant([0, 1, 2, 0, 1, 2], tf.int64)


def log_loss(logits, domains):
    """Mean of -log softmax(logits)[domain]."""
    return -tf.reduce_mean(tf.gather(tf.math.log(tf.nn.softmax(logits)), domains, batch_dims=1))


@pytest.mark.parametrize("weights", [{}, dict(classification_weight=3.0, reconstruction_weight=2.0)])
def test_a_step_is_the_papers_objective(translator, reals, weights):
    """By plain gradient descent both networks end where equations 5, 6 and 8, written out, put them: lambda_cls 1,
    lambda_rec 10 and lambda_gp 10 unless told. The penalty is on the gradient of the sum of a picture's patches."""
    model, real = translator("stargan", n_critic=1, **weights), tf.constant(reals(6))
    generator, discriminator = model.generator, model.discriminator
    target = model.target_domains(0, like=real)
    weight = tf.reshape(model.uniforms(0, like=real), [-1, 1, 1, 1])
    of_class = weights.get("classification_weight", 1.0)
    fake = generator([real, target])
    with tf.GradientTape() as tape:
        between = weight * real + (1 - weight) * fake
        with tf.GradientTape() as inner:
            inner.watch(between)
            patches = tf.reduce_sum(discriminator(between)[0], [1, 2])
        norms = tf.norm(tf.reshape(inner.gradient(patches, between), [6, -1]), axis=1)
        source, domain = discriminator(real)
        loss = tf.reduce_mean(discriminator(fake)[0]) - tf.reduce_mean(source)
        loss += of_class * log_loss(domain, OWN) + 10 * tf.reduce_mean((norms - 1) ** 2)
    critic = discriminator.trainable_variables
    critic_gradients = tape.gradient(loss, critic)
    before = values(generator.trainable_variables), values(critic)
    for variable, gradient in zip(critic, critic_gradients, strict=True):
        variable.assign_sub(RATE * gradient)
    with tf.GradientTape() as tape:
        fake = generator([real, target])
        source, domain = discriminator(fake)
        loss = of_class * log_loss(domain, target) - tf.reduce_mean(source)
        loss += weights.get("reconstruction_weight", 10.0) * tf.reduce_mean(tf.abs(generator([fake, OWN]) - real))
    generator_gradients = tape.gradient(loss, generator.trainable_variables)
    for variable, value in zip(critic, before[1], strict=True):
        variable.assign(value)

    compile_for_descent(model)
    fit_one_step(model, real, OWN)

    assert_descended(critic, before[1], critic_gradients)
    assert_descended(generator.trainable_variables, before[0], generator_gradients)


def test_the_critic_steps_more_often_each_time_on_fresh_pictures(translator, reals):
    """n_critic = 3: three steps of its optimizer and one of the generator's; pictures keep their domains."""
    model, data = translator("stargan", n_critic=3), reals(6)
    fit_one_step(model, tf.constant(data), OWN)
    assert (int(model.discriminator_optimizer.iterations), int(model.generator_optimizer.iterations)) == (3, 1)
    batches = model.labelled_batches((tf.constant(data), OWN))
    np.testing.assert_array_equal(np.concatenate([pictures for pictures, _ in batches]), data)
    np.testing.assert_array_equal(np.concatenate([domains for _, domains in batches]), OWN)


def test_target_domains_are_uniform_and_a_function_of_the_step(translator):
    """3000 draws: each of three domains 1000 times, within four standard deviations (26); another draw or another step
    gives others, the same gives the same, and they do not follow the uniforms that the penalty takes."""
    model, like = translator("stargan"), np.zeros((3000, 1))
    first, same, other_draw = (model.target_domains(draw, like).numpy() for draw in (0, 0, 1))
    uniforms = model.uniforms(0, like).numpy()
    model.step.assign(1)
    other_step = model.target_domains(0, like).numpy()
    assert np.abs(np.bincount(first, minlength=3) - 1000).max() < 104
    assert first.max() == 2
    np.testing.assert_array_equal(first, same)
    for other in (other_draw, other_step):
        assert (first == other).mean() == pytest.approx(1 / 3, abs=0.04)
    assert abs(np.corrcoef(first, uniforms)[0, 1]) < 0.08


def test_the_number_of_domains_is_checked_against_the_data(translator, domains):
    config = load_config("stargan")
    with pytest.raises(GanzooError, match=r"'toy' has 4 domains \(A, B, C, D\).*Give --config.model.num_domains=4"):
        translation.ready(translator("stargan"), domains(count=4), config)
    translation.ready(translator("stargan"), domains(count=3), config)
    translation.settle(config, domains(count=3))
    assert config.model.num_domains == 3


def test_directions_lead_from_all_other_domains_to_each(translator):
    directions = translator("stargan").directions()
    assert {name: (d.sources, d.target) for name, d in directions.items()} == {
        "to_0": ((1, 2), 0),
        "to_1": ((0, 2), 1),
        "to_2": ((0, 1), 2),
    }


def test_the_sample_pictures_show_each_domain_in_all(translator, reals):
    model, images = translator("stargan"), tf.constant(reals(6))
    rows = model.sample_rows(images[:2], images[2:4], images[4:])
    assert len(rows) == 3 * 4
    np.testing.assert_array_equal(rows[4], images[2:4])
    np.testing.assert_allclose(rows[7], model.translate(images[2:4], tf.constant([2, 2], tf.int64)), atol=1e-6)
    assert np.abs(rows[5] - rows[7]).max() > 1e-4


def test_a_saved_model_trains_on_as_if_it_had_never_stopped(translator, reals, tmp_path):
    model, data = translator("stargan", n_critic=2, reconstruction_weight=4.0), tf.constant(reals(6))
    fit_one_step(model, data, OWN)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.num_domains, loaded.n_critic, loaded.reconstruction_weight) == (3, 2, 4.0)
    for each in (model, loaded):
        fit_one_step(each, data, OWN)
    assert loaded.steps_taken == 2
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_short_training_tells_the_domains_and_translates_into_them(translator, domains):
    """Three domains of other grey levels. After 100 steps the critic knows nearly every new picture's domain; chance is
    log 3 = 1.1 of both losses. What is translated is taken for the domain that was asked for."""
    model = translator("stargan", n_critic=2, classification_weight=1.0)
    model.compile(*(keras.optimizers.Adam(2e-3, 0.5) for _ in range(2)))
    data = domains(100, count=3)
    where = dict(seed=0, image_size=16, flip=False, draws=2)
    batches = labelled_domains(data, 8, steps=100, **where)
    model.fit(batches, shuffle=False, verbose=0)
    test = tf.constant(to_float(np.concatenate([domain.samples for domain in data.test])))
    own, asked = np.repeat([0, 1, 2], 20), np.repeat([1, 2, 0], 20)
    accuracy = (np.argmax(model.discriminator(test)[1], 1) == own).mean()
    fakes = model.translate(test, tf.constant(asked))
    assert accuracy > 0.95
    assert (np.argmax(model.discriminator(fakes)[1], 1) == asked).mean() > 0.8
