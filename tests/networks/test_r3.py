import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo.errors import GanzooError
from ganzoo.networks import r3
from ganzoo.networks.layers.basic import cut
from ganzoo.networks.r3 import GroupedConv2D, Resample

OPTIONS = dict(width=4, max_width=8, base_resolution=4, blocks=1, expansion=2, group_size=4)


def normals(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(16, 16, 3), (28, 28, 1), (32, 32, 3), (64, 64, 1), (37, 50, 3)])
def test_pictures_of_any_size(shape):
    """The generator makes that shape, the discriminator takes it."""
    pictures = r3.generator(3, shape, **OPTIONS)(np.ones((2, 3), np.float32))
    assert pictures.shape == (2, *shape)
    assert np.abs(pictures).max() <= 1
    assert r3.discriminator(shape, **OPTIONS)(pictures).shape == (2,)


def test_at_the_papers_widths_the_networks_for_cifar_10_have_its_numbers_of_weights():
    """Section 3's last configuration with 8 blocks of 768, 1536 and 768 channels, in 96 groups of 16."""
    options = dict(width=768, max_width=768, base_resolution=4, blocks=2, expansion=2, group_size=16)
    block = 768 * 1536 + 1536 + 9 * 16 * 1536 + 1536 + 1536 * 768
    generator = r3.generator(64, (32, 32, 3), **options)
    assert generator.count_params() == 64 * 768 + 16 * 768 + 8 * block + 768 * 3
    discriminator = r3.discriminator((32, 32, 3), **options)
    assert discriminator.count_params() == 3 * 768 + 8 * block + 16 * 768 + (768 + 1)
    kernels = {tuple(layer.kernel.shape) for layer in generator.layers if isinstance(layer, GroupedConv2D)}
    assert kernels == {(3, 3, 16, 1536)}


def test_nothing_is_normalised():
    """Neither a layer that does so nor one that shares statistics: a sample's logit is its own."""
    network, x = r3.discriminator((16, 16, 1), **OPTIONS), normals(3, 16, 16, 1)
    layers = network.layers + r3.generator(3, (16, 16, 1), **OPTIONS).layers
    kinds = {"Activation", "Add", "Conv2D", "Dense", "DepthwiseConv2D", "Flatten", "GroupedConv2D", "InputLayer"}
    assert {type(layer).__name__ for layer in layers} == kinds | {"Resample", "Reshape", "SpatialBasis"}
    np.testing.assert_allclose(network(x)[:1], network(x[:1]), rtol=1e-4, atol=1e-6)


def test_a_residual_block_begins_as_the_identity():
    """Fix-up: what a block adds is 0, until its last convolution moves."""
    inputs = keras.Input((8, 8, 4))
    block = keras.Model(inputs, r3.residual_block(inputs, expansion=2, group_size=4, depth=6))
    x = normals(2, 8, 8, 4)
    np.testing.assert_array_equal(block(x), x)
    block.weights[-1].assign(np.ones_like(block.weights[-1]))
    assert np.abs(block(x) - x).min() > 0


def test_inside_the_blocks_the_convolutions_are_scaled_by_their_number():
    """N(0, gain^2 / fan-in) with gain = sqrt(2 / 1.04) * blocks^(-1/4), of 2 x 3 blocks here."""
    keras.utils.set_random_seed(0)
    options = OPTIONS | dict(width=64, max_width=64, blocks=2, group_size=16)
    network = r3.discriminator((16, 16, 1), **options)
    gain = np.sqrt(2 / 1.04) * 6**-0.25
    inner = [
        layer for layer in network.layers if layer.name.startswith(("conv2d", "grouped")) and layer.bias is not None
    ]
    assert len(inner) == 12
    for layer in inner:
        kernel = layer.kernel.numpy()
        fan_in = np.prod(kernel.shape[:-1])
        np.testing.assert_allclose(kernel.std(), gain / np.sqrt(fan_in), rtol=0.05)


@pytest.mark.parametrize("old, new", [((8, 6), (4, 3)), ((7, 5), (4, 3)), ((4, 3), (8, 6)), ((4, 3), (7, 5))])
def test_resampling_is_a_convolution_by_1_3_3_1(old, new):
    """Halving strided, doubling transposed and times 4; odd sizes as if what rounding adds to them were 0."""
    x = normals(2, *old, 3)
    line = np.array([1, 3, 3, 1], np.float32) / 8
    kernel = np.multiply.outer(line, line)[:, :, None, None] * np.ones((1, 1, 3, 1), np.float32)
    if new < old:
        padded = np.pad(x, [(0, 0), (1, 1 + old[0] % 2), (1, 1 + old[1] % 2), (0, 0)])
        expected = tf.nn.depthwise_conv2d(padded, kernel, [1, 2, 2, 1], "VALID")
    else:
        size = [2, 2 * old[0] + 2, 2 * old[1] + 2, 1]
        full = [tf.nn.conv2d_transpose(one, 4 * kernel[:, :, :1], size, 2, "VALID") for one in np.split(x, 3, -1)]
        expected = tf.concat(full, -1)[:, 1 : 1 + new[0], 1 : 1 + new[1]]
    np.testing.assert_allclose(Resample(new)(x), expected, rtol=1e-5, atol=1e-6)


def test_resampling_keeps_a_plane():
    """Away from the border a linear function of the position stays one: halved it has the means of 2 x 2 pixels."""
    plane = (np.arange(16)[:, None] + 3.0 * np.arange(16)).astype(np.float32)[None, :, :, None]
    half = tf.nn.avg_pool2d(plane, 2, 2, "VALID")
    np.testing.assert_allclose(Resample((8, 8))(plane)[:, 1:-1, 1:-1], half[:, 1:-1, 1:-1], rtol=1e-6)
    np.testing.assert_allclose(Resample((16, 16))(half)[:, 1:-1, 1:-1], plane[:, 1:-1, 1:-1], rtol=1e-5)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_grouped_convolution_is_one_of_each_group(monkeypatch, at_once):
    """Outputs, the gradient by the inputs, and of its square that by the kernel; on either kind of processor."""
    if at_once and not r3.grouped_convolutions_have_gradients():
        pytest.skip("TensorFlow has no gradients of grouped convolutions on this processor")
    monkeypatch.setattr(r3, "grouped_convolutions_have_gradients", lambda: at_once)
    layer, x = GroupedConv2D(9, 3, group_size=2), tf.constant(normals(2, 5, 5, 6))
    layer.build(x.shape)
    layer.bias.assign(normals(9))

    def one_by_one(x):
        groups = zip(tf.split(x, 3, -1), tf.split(layer.kernel, 3, -1), strict=True)
        return tf.concat([tf.nn.conv2d(*group, 1, "SAME") for group in groups], -1) + layer.bias

    def derivatives(convolution):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = convolution(x)
                total = tf.reduce_sum(tf.sin(y))
            first = inner.gradient(total, x)
            penalty = tf.reduce_sum(first**2)
        return y, first, outer.gradient(penalty, layer.kernel.value)

    for ours, expected in zip(derivatives(layer), derivatives(one_by_one), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)


def test_channels_that_no_groups_can_share_are_refused():
    with pytest.raises(GanzooError, match="8 channels .* groups of 3"):
        r3.discriminator((16, 16, 1), **OPTIONS | dict(group_size=3))


@pytest.fixture
def policy():
    """Sets the precision of the layers to come, until the test ends."""
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy("float32")
    keras.config.set_floatx("float32")


def test_the_gradient_of_the_penalty_is_its_derivative(policy):
    """Of the sum of |grad D|^2 by all weights, in 10 random directions, against central differences in float64.

    The blocks have to be more than the identity. In one group: TensorFlow has no float64 gradients of more on a CPU.
    """
    policy("float64")
    keras.config.set_floatx("float64")  # the inputs'
    keras.utils.set_random_seed(0)
    network, rng = r3.discriminator((16, 16, 1), **OPTIONS | dict(group_size=0)), np.random.default_rng(0)
    trunk, x = cut(network)[0], tf.constant(rng.normal(size=(2, 16, 16, 1)))
    start = [rng.normal(size=weight.shape) / np.sqrt(np.prod(weight.shape[:-1])) for weight in trunk.weights]

    def penalty():
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(trunk(x))
        return tf.reduce_sum(tape.gradient(total, x) ** 2)

    def penalty_at(weights):
        trunk.set_weights(weights)
        return penalty().numpy()

    trunk.set_weights(start)
    with tf.GradientTape() as tape:
        value = penalty()
    gradients = tape.gradient(value, trunk.trainable_variables)  # None for a bias: it moves no slope
    for _ in range(10):
        direction = [rng.normal(size=weight.shape) for weight in start]
        step = 1e-9  # so small that no activation comes across its kink
        there, back = ([w + sign * step * d for w, d in zip(start, direction, strict=True)] for sign in (1, -1))
        difference = (penalty_at(there) - penalty_at(back)) / (2 * step)
        pairs = zip(gradients, direction, strict=True)
        slope = sum(np.sum(gradient * d) for gradient, d in pairs if gradient is not None)
        np.testing.assert_allclose(slope, difference, rtol=1e-4)


def test_r3gan_trains_every_weight_of_them_and_survives_a_file(reals, tmp_path):
    """Two steps: the first moves the blocks' last convolutions, the second what is before them. The logit's bias, which
    a relativistic loss does not see, stays. Loaded, the model has the same samples and trains on."""
    keras.utils.set_random_seed(0)
    networks = dict(network="r3", generator=OPTIONS, discriminator=OPTIONS)
    model = ganzoo.create("r3gan", image_shape=(16, 16, 1), latent_dim=3, **networks)
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3), run_eagerly=True)
    both = (model.generator, model.discriminator)
    before = [[weight.numpy() for weight in network.trainable_variables] for network in both]
    model.fit(reals(8), batch_size=4, shuffle=False, verbose=0)
    for network, old in zip(both, before, strict=True):
        for weight, value in zip(network.trainable_variables, old, strict=True):
            assert np.isfinite(weight).all()
            assert np.array_equal(weight, value) == (weight.path == "logit/bias")

    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.sample(4, seed=1), model.sample(4, seed=1))
    loaded.run_eagerly = True
    loaded.fit(reals(4), batch_size=4, verbose=0)
    assert loaded.steps_taken == 3


def test_in_half_precision_pictures_and_logits_are_float32_and_near(policy):
    """With the same random weights, the blocks in bfloat16."""
    shape = (16, 16, 1)
    full = r3.generator(3, shape, **OPTIONS), r3.discriminator(shape, **OPTIONS)
    policy("mixed_bfloat16")
    half = r3.generator(3, shape, **OPTIONS), r3.discriminator(shape, **OPTIONS)
    for one, other, x in zip(full, half, (normals(5, 3), normals(5, *shape)), strict=True):
        one.set_weights([normals(*weight.shape) / np.sqrt(np.prod(weight.shape[:-1])) for weight in one.weights])
        other.set_weights(one.get_weights())
        assert any(isinstance(layer, GroupedConv2D) and layer.output.dtype == "bfloat16" for layer in other.layers)
        outputs = other(x)
        assert outputs.dtype == tf.float32
        np.testing.assert_allclose(outputs, one(x), atol=0.1)
