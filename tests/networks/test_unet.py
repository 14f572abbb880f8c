import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks import unet
from ganzoo.networks.layers.basic import SeededDropout
from ganzoo.networks.layers.sides import divisor

OPTIONS = dict(width=4, depth=3, dropout_levels=2, dropout_rate=0.5, norm="instance")


def pictures(rows, *shape):
    return tf.constant(np.random.default_rng(0).uniform(-1, 1, (rows, *shape)), tf.float32)


def stream(*values):
    return tf.constant(values, tf.int32)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_comes_back_at_its_size(channels):
    """At the size it was built for and at another, from eager code and from a graph that knows neither."""
    generator = unet.generator((16, 16, channels), **OPTIONS)
    signature = [tf.TensorSpec([None, None, None, channels]), tf.TensorSpec([3], tf.int32)]
    graph = tf.function(lambda x, noise: generator([x, noise]), autograph=False, input_signature=signature)
    for shape in [(2, 16, 16, channels), (1, 24, 40, channels)]:
        made = generator([pictures(*shape), stream(1, 2, 3)])
        assert (made.shape, made.dtype) == (shape, tf.float32)
        assert np.abs(made).max() <= 1
        np.testing.assert_allclose(graph(pictures(*shape), stream(1, 2, 3)), made, atol=1e-5)


def test_at_256_pixels_the_network_is_the_papers():
    """C64-C128-C256-C512-C512-C512-C512-C512 and CD512-CD1024-CD1024-C1024-C1024-C512-C256-C128 (channels with those
    that skip), and the authors' number of parameters."""
    options = dict(width=64, depth=8, dropout_levels=3, dropout_rate=0.5, norm="batch")
    generator = unet.generator((256, 256, 3), **options)
    down = [layer for layer in generator.layers if isinstance(layer, keras.layers.Conv2D)]
    up = [layer for layer in generator.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    assert [layer.filters for layer in down] == [64, 128, 256, 512, 512, 512, 512, 512]
    assert [layer.input.shape[-1] for layer in up] == [512, 1024, 1024, 1024, 1024, 512, 256, 128]
    assert {layer.kernel_size for layer in down + up} == {(4, 4)}
    normed = [layer.use_bias for layer in down]
    assert normed == [True] + 6 * [False] + [True]
    droppers = [layer for layer in generator.layers if isinstance(layer, SeededDropout)]
    assert [(layer.index, layer.output.shape[-1]) for layer in droppers] == [(0, 512), (1, 512), (2, 512)]

    trainable = sum(int(np.prod(weight.shape)) for weight in generator.trainable_weights)
    assert trainable == 54_413_955 + 64 + 512  # the authors' code, which leaves out the biases of the outermost two


def test_depth_0_ends_at_a_single_point():
    """Four halvings of 16 pixels; the kernels begin as N(0, .02^2)."""
    generator = unet.generator((16, 16, 1), **OPTIONS | dict(depth=0, width=16))
    assert divisor(generator) == 16
    kernels = [layer.kernel for layer in generator.layers if hasattr(layer, "kernel")]
    assert len(kernels) == 8
    np.testing.assert_allclose([np.std(kernel) for kernel in kernels], 0.02, rtol=0.2)
    assert len({float(np.ravel(kernel)[0]) for kernel in kernels}) == 8


def test_a_pictures_noise_does_not_depend_on_its_batch():
    """Picture 1 of a batch is the same alone, drawn as row 1; as row 0 it is another one."""
    generator = unet.generator((16, 16, 1), **OPTIONS | dict(init_stddev=0.5))
    together = generator([pictures(3, 16, 16, 1), stream(1, 2, 0)])
    alone = pictures(3, 16, 16, 1)[1:2]
    np.testing.assert_allclose(generator([alone, stream(1, 2, 1)]), together[1:2], atol=1e-5)
    assert np.abs(generator([alone, stream(1, 2, 0)]) - together[1:2]).max() > 0.01


def test_without_dropout_the_stream_does_not_matter():
    for options in (dict(dropout_levels=0), dict(dropout_rate=0.0)):
        generator = unet.generator((16, 16, 1), **OPTIONS | options)
        first, second = (generator([pictures(1, 16, 16, 1), stream(seed, 2, 0)]) for seed in (0, 1))
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "instance"])
def test_the_network_survives_its_config(norm):
    generator = unet.generator((16, 16, 3), **OPTIONS | dict(norm=norm))
    copy = keras.Model.from_config(generator.get_config())
    copy.set_weights(generator.get_weights())
    assert divisor(copy) == divisor(generator) == 8
    inputs = [pictures(2, 16, 16, 3), stream(1, 2, 3)]
    np.testing.assert_array_equal(copy(inputs), generator(inputs))


def test_in_half_precision_pictures_are_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = unet.generator((16, 16, 1), **OPTIONS)
    finally:
        keras.config.set_dtype_policy("float32")
    assert {layer.output.dtype for layer in generator.layers if isinstance(layer, SeededDropout)} == {"bfloat16"}
    with tf.GradientTape() as tape:
        made = generator([pictures(2, 16, 16, 1), stream(1, 2, 3)])
        loss = tf.reduce_mean(made**2)
    assert made.dtype == tf.float32
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(loss, generator.trainable_weights))


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((24, 24, 1), dict(depth=0), "depth 4 takes .* multiples of 16.*24 x 24.*or the generator depth=3"),
        ((28, 32, 1), dict(depth=3), "multiples of 8.*28 x 32.*depth=2"),
        (
            (27, 32, 1),
            dict(depth=1),
            "multiples of 2, at least 2, not 27 x 32. Give another --config.data.image_size.$",
        ),
        ((16, 16, 1), dict(depth=-1), "at least 1, or 0"),
        ((16, 16, 2), {}, "1 or 3 channels"),
        ((2,), {}, "image translators take pictures"),
        ((16, 16, 1), dict(norm="bach"), "no normalisation 'bach'"),
    ],
)
def test_what_cannot_be_built_is_refused(shape, options, message):
    with pytest.raises(GanzooError, match=message):
        unet.generator(shape, **OPTIONS | options)
