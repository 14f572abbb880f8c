import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks import patchgan

OPTIONS = dict(width=4, norm="instance", conditional=False)


def pictures(rows, *shape):
    return tf.constant(np.random.default_rng(0).uniform(-1, 1, (rows, *shape)), tf.float32)


@pytest.mark.parametrize(
    "layers, smallest, patches", [(0, 1, (30, 41)), (1, 6, (13, 18)), (2, 12, (5, 8)), (3, 24, (1, 3))]
)
def test_a_logit_for_each_patch(layers, smallest, patches):
    """At 30 x 41 pixels, odd sides and all, and a single patch of the smallest picture."""
    discriminator = patchgan.discriminator((30, 41, 3), layers=layers, **OPTIONS)
    logits = discriminator(pictures(2, 30, 41, 3))
    assert (logits.shape, logits.dtype) == ((2, *patches), tf.float32)
    graph = tf.function(discriminator, autograph=False, input_signature=[tf.TensorSpec([None, None, None, 3])])
    np.testing.assert_allclose(graph(pictures(2, 30, 41, 3)), logits, atol=1e-5)
    assert patchgan.discriminator((smallest, smallest, 1), layers=layers, **OPTIONS)(
        pictures(1, smallest, smallest, 1)
    ).shape == (1, 1, 1)


@pytest.mark.parametrize("layers, side", [(0, 1), (1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_the_receptive_field_is_where_the_gradient_is(layers, side):
    """Of the logit in the middle, by a picture that is larger; the sides are those of the paper, section 4.4."""
    assert patchgan.receptive_field(layers) == side
    size = 2 * side + 2**layers + 2
    options = dict(width=1, norm="none", conditional=False, init_stddev=0.5)
    discriminator = patchgan.discriminator((size, size, 1), layers=layers, **options)
    for layer in discriminator.layers:
        if layer.weights:  # all positive, so that no unit is silent and nothing cancels
            layer.kernel.assign(np.full(layer.kernel.shape, 0.3))
    x = tf.ones((1, size, size, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = discriminator(x)
        middle = logits[0, logits.shape[1] // 2, logits.shape[2] // 2]
    rows, columns = np.nonzero(tape.gradient(middle, x)[0, :, :, 0])
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (side, side)


def test_at_3_layers_it_is_the_papers_70_by_70():
    """C64-C128-C256-C512, the last two convolutions of stride 1, no norm in the first, and the authors' numbers of
    parameters, 2.769 and 2.765 million. CycleGAN's biases are here the offsets of the norm, which has scales besides.
    """
    options = dict(width=64, layers=3)
    paired = patchgan.discriminator((256, 256, 3), norm="batch", conditional=True, **options)
    convolutions = [layer for layer in paired.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [64, 128, 256, 512, 1]
    assert [layer.strides[0] for layer in convolutions] == [2, 2, 2, 1, 1]
    assert [layer.use_bias for layer in convolutions] == [True, False, False, False, True]
    assert sum(int(np.prod(weight.shape)) for weight in paired.trainable_weights) == 2_768_705

    alone = patchgan.discriminator((256, 256, 3), norm="instance", conditional=False, **options)
    assert alone.count_params() == 2_764_737 + (128 + 256 + 512)


def test_a_conditional_one_sees_both_pictures():
    discriminator = patchgan.discriminator((16, 16, 1), layers=1, **OPTIONS | dict(conditional=True, init_stddev=0.5))
    first, second = pictures(2, 16, 16, 1)[:1], pictures(2, 16, 16, 1)[1:]
    logits = discriminator([first, second])
    assert logits.shape == (1, 6, 6)
    assert np.abs(logits - discriminator([first, first])).max() > 1e-3
    assert np.abs(logits - discriminator([second, second])).max() > 1e-3


@pytest.mark.parametrize("layers, conditional", [(0, False), (2, True)])
def test_the_network_survives_its_config(layers, conditional):
    discriminator = patchgan.discriminator((16, 16, 3), layers=layers, **OPTIONS | dict(conditional=conditional))
    copy = keras.Model.from_config(discriminator.get_config())
    copy.set_weights(discriminator.get_weights())
    x = [pictures(2, 16, 16, 3)] * 2 if conditional else pictures(2, 16, 16, 3)
    np.testing.assert_array_equal(copy(x), discriminator(x))


def test_in_half_precision_logits_are_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        discriminator = patchgan.discriminator((16, 16, 1), layers=2, **OPTIONS)
    finally:
        keras.config.set_dtype_policy("float32")
    assert discriminator.layers[2].output.dtype == "bfloat16"
    assert discriminator(pictures(2, 16, 16, 1)).dtype == tf.float32


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((23, 64, 1), dict(layers=3), "of 3 layers takes .* at least 24, not 23 x 64.*or the discriminator layers=2"),
        ((5, 5, 1), dict(layers=1), "at least 6, not 5 x 5.*layers=0"),
        ((64, 64, 1), dict(layers=-1), "0 strided layers or more, not -1"),
        ((64, 64), dict(layers=1), "image translators take pictures"),
        ((64, 64, 1), dict(layers=1, norm="bach"), "no normalisation 'bach'"),
    ],
)
def test_what_cannot_be_built_is_refused(shape, options, message):
    with pytest.raises(GanzooError, match=message):
        patchgan.discriminator(shape, **OPTIONS | options)
