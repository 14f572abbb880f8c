import keras
import numpy as np
import tensorflow as tf

from ganzoo.networks import fourier, mlp
from ganzoo.networks.layers.basic import FourierFeatures


def test_features_are_the_points_and_unit_vectors():
    """[batch, d + 160]: the point itself, and sine^2 + cosine^2 = 1 for each of 80 frequencies."""
    points = tf.constant([[0.3, -1.2], [0.0, 0.0]])
    features = FourierFeatures()(points).numpy()
    np.testing.assert_array_equal(features[:, :2], points)
    np.testing.assert_allclose(features[:, 2:82] ** 2 + features[:, 82:] ** 2, np.ones((2, 80)), rtol=1e-5)


def test_frequencies_come_from_the_seed_and_survive_saving(tmp_path):
    """They are no weights: the layer's configuration brings them back."""
    inputs = keras.Input((2,))
    model = keras.Model(inputs, FourierFeatures(seed=3)(inputs))
    model.save(tmp_path / "m.keras")
    points = tf.constant([[0.3, -1.2]])
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "m.keras")(points), model(points))
    assert np.abs(FourierFeatures(seed=4)(points) - model(points)).max() > 0.1


def test_half_precision_leaves_the_angles_exact():
    """30 radians in bfloat16 would be off by up to .1; the features are computed first and rounded then."""
    points = tf.constant([[2.9, -2.7]])
    rounded = FourierFeatures(dtype="mixed_bfloat16")(points)
    assert rounded.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(rounded, tf.float32)[:, 2:], FourierFeatures()(points)[:, 2:], atol=5e-3)


def test_the_discriminator_resolves_what_a_plain_perceptron_cannot():
    """Stripes of width .1: 300 steps of Adam tell them apart by Fourier features, and not without."""
    points = np.random.default_rng(0).uniform(-1, 1, (4096, 2)).astype(np.float32)
    labels = (np.floor(points[:, 0] / 0.1) % 2).astype(np.float32)
    accuracy = []
    for family in (fourier, mlp):
        keras.utils.set_random_seed(0)
        model = family.discriminator((2,), width=32, depth=2)
        model.compile(keras.optimizers.Adam(3e-3), keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit(points, labels, batch_size=256, epochs=20, verbose=0)
        accuracy.append(np.mean((model.predict_on_batch(points) > 0) == labels))
    assert accuracy[0] > 0.85 > 0.7 > accuracy[1]
