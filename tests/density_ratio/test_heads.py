import numpy as np
import pytest

from ganzoo.density_ratio import heads


@pytest.mark.parametrize("shape", [(16, 16, 1), (28, 28, 1), (33, 64, 3)])
@pytest.mark.parametrize("pool", [1, 2])
def test_convolutions_take_pictures_of_any_size_and_begin_at_a_log_ratio_of_zero(shape, pool):
    network = heads.convolutions(shape, width=4, dropout=0.5, noise=0.5, pool=pool, seed=0)
    np.testing.assert_array_equal(network(np.ones((2, *shape))), [0.0, 0.0])


def test_noise_is_added_while_fitting_and_never_after():
    network = heads.perceptron((2,), width=8, dropout=0.0, noise=1.0, seed=0)
    network.set_weights([np.ones_like(weight) for weight in network.get_weights()])
    points = np.ones((4, 2))
    assert len(set(network(points, training=True).numpy())) > 1
    assert len(set(network(points, training=False).numpy())) == 1
