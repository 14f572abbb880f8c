import numpy as np
import tensorflow as tf

from ganzoo.losses.translation import patch_nce


def unit(shape, seed):
    numbers = np.random.default_rng(seed).normal(size=shape)
    return numbers / np.linalg.norm(numbers, axis=-1, keepdims=True)


def test_patch_nce_is_the_cross_entropy_of_finding_the_own_key():
    """Equation 3 in double precision, by loops over pictures, queries and keys."""
    queries, keys, temperature = unit((3, 7, 5), 0), unit((3, 7, 5), 1), 0.07
    expected = np.zeros(3)
    for picture in range(3):
        for place in range(7):
            own = np.exp(queries[picture, place] @ keys[picture, place] / temperature)
            others = sum(
                np.exp(queries[picture, place] @ keys[picture, n] / temperature) for n in range(7) if n != place
            )
            expected[picture] -= np.log(own / (own + others)) / 7
    found = patch_nce(tf.constant(queries, tf.float32), tf.constant(keys, tf.float32), temperature)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_patch_nce_of_equal_keys_is_the_log_of_their_number_and_of_orthogonal_ones_almost_nothing():
    same = tf.constant(np.repeat(unit((2, 1, 4), 0), 6, axis=1), tf.float32)
    np.testing.assert_allclose(patch_nce(same, same, 0.07), np.log(6), rtol=1e-5)
    orthogonal = tf.eye(6, batch_shape=[2])
    np.testing.assert_allclose(patch_nce(orthogonal, orthogonal, 0.07), np.log1p(5 * np.exp(-1 / 0.07)), atol=1e-6)


def test_patch_nce_takes_negatives_from_the_same_picture_alone():
    queries, keys = (tf.constant(unit((2, 4, 3), seed), tf.float32) for seed in (0, 1))
    alone = patch_nce(queries[:1], keys[:1], 0.5)
    np.testing.assert_allclose(patch_nce(queries, keys, 0.5)[:1], alone, rtol=1e-6)
