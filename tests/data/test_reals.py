import numpy as np
import tensorflow as tf

from ganzoo.data.reals import Reals, to_float


def test_pictures_become_floats_from_minus_one_to_one():
    """Black is -1, white is 1, in numpy and in TensorFlow to the same bit."""
    pictures = np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1)
    floats = to_float(pictures)
    assert floats.dtype == np.float32
    assert (floats.min(), floats.max()) == (-1.0, 1.0)
    np.testing.assert_array_equal(to_float(tf.constant(pictures)), floats)


def test_points_pass_through_unchanged():
    """Points have no range to be brought to."""
    points = np.array([[3.0, -7.0]], np.float32)
    assert to_float(points) is points


def test_labels_follow_their_samples():
    """Rows taken from reals keep their own labels and the set's name."""
    reals = Reals("toy", np.arange(8, dtype=np.float32).reshape(4, 2), np.array([0, 1, 2, 3]))
    taken = reals.take(np.array([3, 1]))
    assert (taken.name, len(taken), taken.shape) == ("toy", 2, (2,))
    assert taken.labels.tolist() == [3, 1]
    assert taken.samples.tolist() == [[6.0, 7.0], [2.0, 3.0]]
