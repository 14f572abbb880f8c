import numpy as np

from ganzoo.networks import mlp


def test_points_are_unbounded_and_pictures_are_not():
    """The last layer is linear for points, a tanh for pictures."""
    latents = 100 * np.ones((2, 3), np.float32)
    points = mlp.generator(3, (2,), width=8, depth=2)(latents)
    picture = mlp.generator(3, (16, 16, 1), width=8, depth=2)(latents)
    assert points.shape == (2, 2)
    assert np.abs(points).max() > 1
    assert picture.shape == (2, 16, 16, 1)
    assert np.abs(picture).max() <= 1


def test_one_logit_for_each_sample():
    for shape in ((2,), (16, 16, 3)):
        assert mlp.discriminator(shape, width=8, depth=1)(np.zeros((5, *shape))).shape == (5,)


def test_depth_and_width_are_those_asked_for():
    hidden = [layer for layer in mlp.discriminator((2,), width=8, depth=3).layers if getattr(layer, "units", 0) == 8]
    assert len(hidden) == 3
