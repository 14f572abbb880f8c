import keras
import numpy as np
import pytest
from normals import picture_model

from ganzoo.density_ratio import heads


def test_the_trunk_ends_where_the_discriminators_last_layer_with_weights_begins():
    """Whatever the discriminator is: here one dense layer on the flat picture, so that the trunk is the picture."""
    pictures = picture_model().sample(3)
    samples = keras.Input((16, 16, 1))
    discriminator = keras.Model(samples, keras.layers.Dense(1)(keras.layers.Flatten()(samples)))
    np.testing.assert_array_equal(heads.cut(discriminator)[0](pictures), pictures.reshape(3, -1))


def test_the_trunk_and_the_tail_together_are_the_discriminator():
    model = picture_model()
    trunk, tail = heads.cut(model.discriminator)
    pictures = model.sample(3)
    np.testing.assert_array_equal(tail(trunk(pictures)), model.discriminator(pictures))


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
