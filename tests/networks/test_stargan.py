import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks import stargan
from ganzoo.networks.layers.sides import divisor

GENERATOR = dict(num_domains=5, width=4, blocks=1, norm="instance")
DISCRIMINATOR = dict(num_domains=5, width=4, depth=3)


def pictures(rows, *shape):
    return tf.constant(np.random.default_rng(0).uniform(-1, 1, (rows, *shape)), tf.float32)


def labels(*values):
    return tf.constant(values, tf.int64)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_comes_back_at_its_size(channels):
    """At the size it was built for, another, and the smallest; from eager code and from a graph that knows none."""
    generator = stargan.generator((16, 16, channels), **GENERATOR)
    signature = [tf.TensorSpec([None, None, None, channels]), tf.TensorSpec([None], tf.int64)]
    graph = tf.function(lambda x, label: generator([x, label]), autograph=False, input_signature=signature)
    for shape in [(16, 16), (28, 20), (8, 8)]:
        x = pictures(2, *shape, channels)
        made = generator([x, labels(0, 4)])
        assert (made.shape, made.dtype) == (x.shape, tf.float32)
        assert np.abs(made).max() <= 1
        np.testing.assert_allclose(graph(x, labels(0, 4)), made, atol=1e-5)


def test_a_label_is_a_plane_of_ones():
    x = pictures(2, 4, 6, 3)
    planes = stargan.LabelPlanes(3)([x, labels(2, 0)])
    np.testing.assert_array_equal(planes[..., :3], x)
    np.testing.assert_array_equal(planes[..., 3:], np.broadcast_to(np.eye(3)[[2, 0]][:, None, None], (2, 4, 6, 3)))


def test_the_domain_that_is_asked_for_matters():
    generator = stargan.generator((16, 16, 1), **GENERATOR | dict(norm="none"))
    x = pictures(1, 16, 16, 1)
    assert np.abs(generator([x, labels(0)]) - generator([x, labels(1)])).max() > 1e-3


@pytest.mark.parametrize("shape, depth", [((16, 16, 1), 3), ((28, 37, 3), 4)])
def test_a_logit_for_each_patch_and_for_each_domain(shape, depth):
    discriminator = stargan.discriminator(shape, **DISCRIMINATOR | dict(depth=depth))
    source, domain = discriminator(pictures(2, *shape))
    assert source.shape == (2, shape[0] >> depth, shape[1] >> depth)
    assert domain.shape == (2, 5)
    assert source.dtype == domain.dtype == tf.float32


def test_at_128_pixels_the_networks_are_the_papers():
    """With CelebA's five attributes, and as many parameters as the authors' code prints."""
    generator = stargan.generator((128, 128, 3), num_domains=5, width=64, blocks=6, norm="instance")
    convolutions = [layer for layer in generator.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [64, 128, 256] + 12 * [256] + [3]
    assert [layer.kernel_size[0] for layer in convolutions] == [7, 4, 4] + 12 * [3] + [7]
    assert generator.count_params() == 8_430_528

    discriminator = stargan.discriminator((128, 128, 3), num_domains=5, width=64, depth=6)
    convolutions = [layer for layer in discriminator.layers if isinstance(layer, keras.layers.Conv2D)]
    assert sorted(layer.filters for layer in convolutions) == [1, 5, 64, 128, 256, 512, 1024, 2048]
    assert discriminator.get_layer("domain").kernel_size == (2, 2)
    assert discriminator.count_params() == 44_762_048


def test_the_leaky_relus_slope_is_a_hundredth():
    np.testing.assert_allclose(stargan.slightly_leaky_relu(tf.constant([-2.0, 3.0])), [-0.02, 3.0])


def test_kernels_begin_as_pytorchs():
    """Uniform up to 1 / sqrt(inputs): a standard deviation of that / sqrt(3)."""
    generator = stargan.generator((16, 16, 1), **GENERATOR | dict(width=16))
    for layer in generator.layers:
        if isinstance(layer, keras.layers.Conv2D):
            bound = 1 / np.sqrt(np.prod(layer.kernel.shape[:-1]))
            assert 0.95 * bound < np.abs(layer.kernel).max() <= bound


def test_the_networks_survive_their_configs():
    generator, discriminator = (
        stargan.generator((16, 16, 3), **GENERATOR),
        stargan.discriminator((16, 16, 3), **DISCRIMINATOR),
    )
    x = pictures(2, 16, 16, 3)
    for network, inputs in ((generator, [x, labels(0, 4)]), (discriminator, x)):
        copy = keras.Model.from_config(network.get_config())
        copy.set_weights(network.get_weights())
        for ours, theirs in zip(tf.nest.flatten(network(inputs)), tf.nest.flatten(copy(inputs)), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert divisor(generator) == 4


def test_in_half_precision_pictures_and_logits_are_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator, discriminator = (
            stargan.generator((16, 16, 1), **GENERATOR),
            stargan.discriminator((16, 16, 1), **DISCRIMINATOR),
        )
    finally:
        keras.config.set_dtype_policy("float32")
    made = generator([pictures(2, 16, 16, 1), labels(0, 4)])
    assert made.dtype == tf.float32
    assert discriminator.layers[2].output.dtype == "bfloat16"
    assert [logits.dtype for logits in discriminator(made)] == [tf.float32, tf.float32]


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((30, 32, 1), {}, "StarGAN's generator takes .* multiples of 4"),
        ((16, 16, 1), dict(num_domains=1), "2 domains or more, not 1"),
        ((16, 16, 1), dict(norm="bach"), "no normalisation 'bach'"),
    ],
)
def test_generators_that_cannot_be_built_are_refused(shape, options, message):
    with pytest.raises(GanzooError, match=message):
        stargan.generator(shape, **GENERATOR | options)


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((28, 28, 1), dict(depth=5), "depth 5 takes .* at least 32, not 28 x 28.*or the discriminator depth=4"),
        ((28, 28, 1), dict(depth=0), "1 strided convolution or more, not 0"),
        ((28, 28, 1), dict(num_domains=0), "2 domains or more, not 0"),
        ((28, 28), {}, "image translators take pictures"),
    ],
)
def test_discriminators_that_cannot_be_built_are_refused(shape, options, message):
    with pytest.raises(GanzooError, match=message):
        stargan.discriminator(shape, **DISCRIMINATOR | options)
