import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks import cyclegan
from ganzoo.networks.layers.sides import divisor

OPTIONS = dict(width=4, blocks=1, norm="instance")


def pictures(rows, *shape):
    return tf.constant(np.random.default_rng(0).uniform(-1, 1, (rows, *shape)), tf.float32)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_comes_back_at_its_size(channels):
    """At the size it was built for, another, and the smallest; from eager code and from a graph that knows none."""
    generator = cyclegan.generator((16, 16, channels), **OPTIONS)
    graph = tf.function(generator, autograph=False, input_signature=[tf.TensorSpec([None, None, None, channels])])
    for shape in [(2, 16, 16, channels), (1, 28, 20, channels), (1, 8, 8, channels)]:
        made = generator(pictures(*shape))
        assert (made.shape, made.dtype) == (shape, tf.float32)
        assert np.abs(made).max() <= 1
        np.testing.assert_allclose(graph(pictures(*shape)), made, atol=1e-5)


def test_at_256_pixels_the_network_is_the_papers():
    """c7s1-64, d128, d256, nine R256, u128, u64, c7s1-3, and the authors' number of parameters: their biases before a
    norm are here its offsets, and it has scales besides."""
    generator = cyclegan.generator((256, 256, 3), width=64, blocks=0, norm="instance")
    down = [layer for layer in generator.layers if isinstance(layer, keras.layers.Conv2D)]
    up = [layer for layer in generator.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    assert [layer.filters for layer in down] == [64, 128, 256] + 18 * [256] + [3]
    assert [layer.kernel_size[0] for layer in down] == [7, 3, 3] + 18 * [3] + [7]
    assert [layer.filters for layer in up] == [128, 64]
    scales = 64 + 128 + 19 * 256 + 128 + 64
    assert generator.count_params() == 11_378_179 + scales


@pytest.mark.parametrize("side, blocks", [(8, 6), (252, 6), (256, 9), (512, 9)])
def test_blocks_by_resolution(side, blocks):
    """Six below 256 pixels, as the paper has them at 128."""
    generator = cyclegan.generator((side, side, 1), **OPTIONS | dict(blocks=0))
    assert sum(isinstance(layer, keras.layers.Add) for layer in generator.layers) == blocks


def test_edges_are_reflections_and_not_zeros():
    """To the first convolution a plain picture has no edges; the block has two, the end one."""
    generator = cyclegan.generator((16, 16, 1), **OPTIONS | dict(norm="none"))
    first = next(layer for layer in generator.layers if isinstance(layer, keras.layers.Conv2D))
    features = keras.Model(generator.input, first.output)(tf.ones((1, 16, 16, 1)))
    assert features.shape == (1, 16, 16, 4)
    np.testing.assert_allclose(features, np.broadcast_to(features[:, :1, :1], features.shape), atol=1e-6)
    assert sum(type(layer).__name__ == "Pad" for layer in generator.operations) == 4


def test_kernels_begin_normal_and_different():
    generator = cyclegan.generator((16, 16, 1), **OPTIONS | dict(width=16))
    kernels = [layer.kernel for layer in generator.layers if hasattr(layer, "kernel")]
    np.testing.assert_allclose([np.std(kernel) for kernel in kernels], 0.02, rtol=0.2)
    assert len({float(np.ravel(kernel)[0]) for kernel in kernels}) == len(kernels)


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "instance"])
def test_the_network_survives_its_config(norm):
    generator = cyclegan.generator((16, 16, 3), **OPTIONS | dict(norm=norm))
    copy = keras.Model.from_config(generator.get_config())
    copy.set_weights(generator.get_weights())
    assert divisor(copy) == divisor(generator) == 4
    np.testing.assert_array_equal(copy(pictures(2, 16, 16, 3)), generator(pictures(2, 16, 16, 3)))


def test_in_half_precision_pictures_are_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = cyclegan.generator((16, 16, 1), **OPTIONS)
    finally:
        keras.config.set_dtype_policy("float32")
    assert next(layer for layer in generator.layers if isinstance(layer, keras.layers.Add)).output.dtype == "bfloat16"
    with tf.GradientTape() as tape:
        made = generator(pictures(2, 16, 16, 1))
        loss = tf.reduce_mean(made**2)
    assert made.dtype == tf.float32
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(loss, generator.trainable_weights))


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((30, 32, 1), {}, "CycleGAN's generator takes .* multiples of 4, at least 8, not 30 x 32"),
        ((4, 4, 1), {}, "at least 8, not 4 x 4"),
        ((16, 16, 4), {}, "1 or 3 channels"),
        ((16, 16, 1), dict(blocks=-1), "0 residual blocks or more, not -1"),
        ((16, 16, 1), dict(norm="bach"), "no normalisation 'bach'"),
    ],
)
def test_what_cannot_be_built_is_refused(shape, options, message):
    with pytest.raises(GanzooError, match=message):
        cyclegan.generator(shape, **OPTIONS | options)
