import numpy as np
import pytest
import tensorflow as tf

from ganzoo import noise
from ganzoo.losses.penalties import (
    clip_weights,
    gradient_norms,
    gradient_penalty,
    interpolate,
    logits_and_squared_gradients,
    path_lengths,
)
from ganzoo.networks import mlp

SEED = [3, 5]


def linear_critic(weights):
    return lambda samples: tf.reduce_sum(samples * weights, axis=range(1, samples.shape.rank))


def pictures(rows, seed=0):
    return tf.reshape(noise.normal([seed, 1], rows, 48), [rows, 4, 4, 3])


def test_interpolates_lie_on_the_segment_at_one_uniform_per_sample():
    """Pictures: fake + u (real - fake) at every pixel and channel, u the sample's own."""
    reals, fakes, uniforms = pictures(5, seed=1), pictures(5, seed=2), noise.uniform(SEED, 5)
    share = ((interpolate(reals, fakes, uniforms) - fakes) / (reals - fakes)).numpy().reshape(5, -1)
    np.testing.assert_allclose(share, np.tile(uniforms.numpy()[:, None], 48), atol=1e-4)


@pytest.mark.parametrize("shape", [(6, 2), (6, 4, 4, 1)])
def test_interpolation_ends_at_fakes_and_at_reals(shape):
    """u = 0 is the fake and u = 1 the real, for points as for pictures."""
    reals, fakes = tf.random.stateless_normal(shape, [1, 2]), tf.random.stateless_normal(shape, [3, 4])
    np.testing.assert_array_equal(interpolate(reals, fakes, tf.zeros(6)), fakes)
    np.testing.assert_array_equal(interpolate(reals, fakes, tf.ones(6)), reals)


def test_a_linear_critics_gradient_norm_is_the_norm_of_its_weights():
    """f(x) = w . x on pictures: |w| at every sample."""
    weights = pictures(1, seed=9)[0]
    norms = gradient_norms(linear_critic(weights), pictures(7))
    np.testing.assert_allclose(norms, np.full(7, np.linalg.norm(weights.numpy().ravel())), rtol=1e-6)


def test_every_sample_has_the_norm_of_its_own_gradient():
    """f(x) = |x|^2 / 2 has the gradient x."""
    samples = pictures(7)
    norms = gradient_norms(lambda x: tf.reduce_sum(tf.square(x), axis=[1, 2, 3]) / 2, samples)
    np.testing.assert_allclose(norms, np.linalg.norm(samples.numpy().reshape(7, -1), axis=1), rtol=1e-6)


@pytest.mark.parametrize("length, two_sided, one_sided", [(0.25, 0.5625, 0.0), (1.0, 0.0, 0.0), (3.0, 4.0, 4.0)])
def test_the_penalty_of_a_linear_critic(length, two_sided, one_sided):
    """(|w| - 1)^2; the one-sided form is 0 up to norm 1."""
    weights = tf.constant([0.6, 0.8]) * length
    norms = gradient_norms(linear_critic(weights), noise.normal(SEED, 4, 2))
    assert gradient_penalty(norms).numpy() == pytest.approx(two_sided, abs=1e-6)
    assert gradient_penalty(norms, one_sided=True).numpy() == pytest.approx(one_sided, abs=1e-6)


@pytest.mark.parametrize("one_sided", [False, True])
@pytest.mark.parametrize("length", [0.5, 2.0])
def test_the_penaltys_gradient_by_the_weights_of_a_linear_critic(length, one_sided):
    """2 (|w| - 1) w / |w|; nothing where the one-sided form is flat."""
    weights = tf.Variable([0.6 * length, 0.8 * length])
    with tf.GradientTape() as tape:
        norms = gradient_norms(linear_critic(weights), noise.normal(SEED, 4, 2))
        penalty = gradient_penalty(norms, one_sided=one_sided)
    slope = 0.0 if one_sided and length < 1.0 else 2 * (length - 1.0)
    np.testing.assert_allclose(tape.gradient(penalty, weights), [0.6 * slope, 0.8 * slope], atol=1e-6)


def test_a_critic_that_is_zero_has_a_finite_penalty_and_finite_gradients():
    """The root of 0 has no derivative; the penalty is 1 and its gradient by the weights 0, not NaN."""
    weights = tf.Variable(tf.zeros([2]))
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(gradient_norms(linear_critic(weights), noise.normal(SEED, 4, 2)))
    assert penalty.numpy() == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_array_equal(tape.gradient(penalty, weights), [0.0, 0.0])


def test_the_penaltys_gradient_agrees_with_plain_leaky_relus():
    """ganzoo's critic against the same weights through tf.nn.leaky_relu, by every weight."""
    critic = mlp.discriminator((2,), width=16, depth=3)
    for index, weight in enumerate(critic.weights):
        weight.assign(0.5 * tf.random.stateless_normal(weight.shape, [index, 1]))
    samples = noise.normal(SEED, 32, 2)
    variables = [weight.value for weight in critic.weights]
    *hidden, (kernel, bias) = zip(variables[::2], variables[1::2], strict=True)

    def plain(x):
        for layer_kernel, layer_bias in hidden:
            x = tf.nn.leaky_relu(x @ layer_kernel + layer_bias, 0.2)
        return (x @ kernel + bias)[:, 0]

    def penalty_and_gradients(function):
        with tf.GradientTape() as tape:
            penalty = gradient_penalty(gradient_norms(function, samples))
        return penalty, tape.gradient(penalty, variables, unconnected_gradients="zero")

    (ours, our_gradients), (expected, expected_gradients) = penalty_and_gradients(critic), penalty_and_gradients(plain)
    assert ours.numpy() == pytest.approx(expected.numpy(), rel=1e-5)
    for gradient, expected_gradient in zip(our_gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(gradient, expected_gradient, atol=1e-5)


def test_a_critic_in_half_precision_has_float32_norms():
    """bfloat16 logits and gradients; the norm's square and root are taken in float32."""
    samples = tf.cast(noise.normal(SEED, 4, 2), tf.bfloat16)
    norms = gradient_norms(linear_critic(tf.constant([0.75, 1.0], tf.bfloat16)), samples)
    assert norms.dtype == tf.float32
    np.testing.assert_allclose(norms, np.full(4, 1.25), rtol=1e-6)


def test_squared_gradients_are_those_of_each_sample_alone():
    """D(x) = sum of x^2 / 2 has the gradient x: |x|^2 for each row, beside the logits of the same pass."""
    samples = noise.normal(SEED, 5, 3)
    logits, squared = logits_and_squared_gradients(lambda x: tf.reduce_sum(x**2, axis=1) / 2, samples)
    np.testing.assert_allclose(squared, np.sum(samples.numpy() ** 2, axis=1), rtol=1e-6)
    np.testing.assert_allclose(squared, 2 * logits, rtol=1e-6)


def test_clipping_moves_weights_to_the_nearest_bound_and_no_further():
    """-3 and 2 end at -+.01, what lies between stays as it is."""
    weights = tf.Variable([-3.0, -0.01, 0.005, 2.0])
    bias = tf.Variable([[0.5]])
    clip_weights([weights, bias], 0.01)
    np.testing.assert_array_equal(weights, np.float32([-0.01, -0.01, 0.005, 0.01]))
    np.testing.assert_array_equal(bias, np.float32([[0.01]]))


def test_path_lengths_of_a_linear_generator_are_those_of_its_matrix():
    """Pictures of 3 x 4 pixels, a matrix for each of two layers of styles: sqrt(mean of |A^T y|^2) / sqrt(12)."""
    rng = np.random.default_rng(0)
    matrices, styles = rng.normal(size=(2, 12, 5)), rng.normal(size=(6, 2, 5)).astype(np.float32)
    directions = rng.normal(size=(6, 3, 4, 1)).astype(np.float32)

    def generator(styles):
        return tf.reshape(tf.einsum("lpd,bld->bp", tf.constant(matrices, tf.float32), styles), [-1, 3, 4, 1])

    pulled_back = np.einsum("lpd,bp->bld", matrices, directions.reshape(6, 12)) / np.sqrt(12)
    expected = np.sqrt((pulled_back**2).sum(2).mean(1))
    np.testing.assert_allclose(path_lengths(generator, tf.constant(styles), directions), expected, rtol=1e-5)


def test_path_lengths_of_points_have_no_pixels():
    matrix, directions = np.array([[3.0, 0.0], [0.0, 4.0]], np.float32), np.array([[1.0, 1.0]], np.float32)
    lengths = path_lengths(lambda styles: styles[:, 0] @ matrix, tf.ones([1, 1, 2]), directions)
    np.testing.assert_allclose(lengths, [5.0])
