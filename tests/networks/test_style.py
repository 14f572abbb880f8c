import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.networks import categories, mlp, style
from ganzoo.networks.layers.basic import cut
from ganzoo.networks.layers.equalized import MinibatchStddev
from ganzoo.networks.layers.modulated import LayerNoise, ModulatedConv2D

LEVELS = dict(width=4, max_width=8, base_resolution=4)
GENERATOR = LEVELS | dict(mapping_layers=2, style_dim=6)
DISCRIMINATOR = LEVELS | dict(group_size=2)


def normals(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.fixture
def policy():
    """Sets the precision of the layers to come, until the test ends."""
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("shape", [(16, 16, 3), (28, 28, 1), (32, 32, 3), (37, 50, 3)])
def test_pictures_of_any_size(shape):
    """The generator makes that shape, clipped; the discriminator takes it. Training sees pictures as they are."""
    generator = style.generator(3, shape, **GENERATOR)
    latents = 3 * normals(2, 3)
    for layer in generator.get_layer("synthesis").layers:
        if layer.name.startswith("to_picture"):
            layer.bias.assign(np.full(shape[2], 2.0))
    pictures = generator(latents).numpy()
    assert pictures.shape == (2, *shape)
    assert np.abs(pictures).max() <= 1
    np.testing.assert_allclose(np.clip(generator(latents, training=True), -1, 1), pictures, atol=1e-6)
    assert np.abs(generator(latents, training=True)).max() > 1
    assert style.discriminator(shape, **DISCRIMINATOR)(pictures).shape == (2,)


def test_at_the_papers_widths_the_networks_for_256_pixels_have_its_numbers_of_weights():
    """The authors' networks for 256 x 256 in configuration F, counted layer by layer."""
    shape, levels = (256, 256, 3), dict(width=64, max_width=512, base_resolution=4)
    generator = style.generator(512, shape, **levels, mapping_layers=8, style_dim=512)
    channels = [512, 512, 512, 512, 256, 128, 64]
    affine = lambda width: 513 * width  # noqa: E731
    mapping = 8 * 513 * 512
    count = 16 * 512
    for level, width in enumerate(channels):
        before = channels[max(level - 1, 0)]
        if level:
            count += 9 * before * width + width + affine(before) + 1
        count += 9 * width * width + width + affine(width) + 1
        count += 3 * width + 3 + affine(width)
    trained = sum(int(np.prod(v.shape)) for v in generator.trainable_variables)
    assert trained == mapping + count
    discriminator = style.discriminator(shape, **levels, group_size=4)
    count = 3 * 64 + 64
    for wide, narrow in zip(channels[-2::-1], channels[:0:-1], strict=True):
        count += 9 * narrow * narrow + narrow + 9 * narrow * wide + wide + narrow * wide
    count += 9 * 513 * 512 + 512 + 16 * 512 * 512 + 512 + 513
    assert sum(int(np.prod(v.shape)) for v in discriminator.trainable_variables) == count


def test_each_layer_has_the_style_of_its_number():
    """Styles that differ at layer k alone: the layers before it have the same outputs, and the picture changes."""
    generator = style.generator(3, (16, 16, 1), **GENERATOR)
    synthesis = generator.get_layer("synthesis")
    layers = [layer for layer in synthesis.layers if isinstance(layer, ModulatedConv2D)]
    every = keras.Model(synthesis.input, [layer.output for layer in layers] + [synthesis.layers[-2].output])
    assert style.parts(generator).layers == synthesis.input_shape[1] == 6
    # Three resolutions; a layer to colours has the style of the next convolution, and the last one its own.
    styles_of = {"convolution_0": 0, "to_picture_0": 1, "convolution_1": 1, "convolution_2": 2, "to_picture_1": 3}
    styles_of |= {"convolution_3": 3, "convolution_4": 4, "to_picture_2": 5}
    base = normals(1, 6, 6)
    plain = every(base)
    for changed in range(6):
        other = base.copy()
        other[:, changed] += 1.0
        outputs = every(other)
        for layer, one, two in zip(layers, plain, outputs, strict=False):
            is_same = np.allclose(one, two, atol=1e-6)
            if styles_of[layer.name] == changed:
                assert not is_same, (layer.name, changed)
            elif styles_of[layer.name] < changed:
                assert is_same, (layer.name, changed)
        assert not np.allclose(plain[-1], outputs[-1], atol=1e-6)


def test_the_picture_is_the_sum_of_the_pictures_of_all_resolutions():
    """Biases of the layers to colours add up: enlarging keeps a constant, away from the border."""
    generator = style.generator(3, (32, 32, 1), **GENERATOR)
    before = generator(normals(1, 3), training=True).numpy()
    for level, shift in enumerate((0.1, 0.2, 0.4, 0.8)):
        generator.get_layer("synthesis").get_layer(f"to_picture_{level}").bias.assign([shift])
    after = generator(normals(1, 3), training=True).numpy()
    np.testing.assert_allclose((after - before)[0, 12:20, 12:20, 0], 1.5, atol=1e-5)


def test_latents_are_projected_on_a_sphere():
    generator = style.generator(3, (16, 16, 1), **GENERATOR)
    np.testing.assert_allclose(generator(normals(2, 3)), generator(7 * normals(2, 3)), atol=1e-5)


def test_the_mapping_network_has_the_learning_rate_multiplier():
    mapping = style.generator(3, (16, 16, 1), **GENERATOR).get_layer("mapping")
    kernels = [weight for weight in mapping.weights if weight.name == "kernel"]
    assert [tuple(kernel.shape) for kernel in kernels] == [(3, 6), (6, 6)]
    assert 30 < np.concatenate([kernel.numpy().ravel() for kernel in kernels]).std() < 300


def test_a_residual_block_halves_and_adds():
    """In the first block of 8 x 8 features: zero kernels on the way leave the shortcut alone, times sqrt(1/2)."""
    x = keras.Input((8, 8, 4))
    block = keras.Model(x, style._residual_block(x, 8))
    shortcut = next(layer for layer in block.layers if getattr(layer, "kernel_size", 0) == 1)
    for layer in block.layers:
        if getattr(layer, "kernel_size", 0) == 3:
            layer.kernel.assign(np.zeros(layer.kernel.shape))
    inputs = normals(2, 8, 8, 4)
    blurred = next(layer for layer in block.layers if getattr(layer, "strides", 0) == 2 and hasattr(layer, "padding"))
    small = blurred(inputs).numpy()
    expected = small @ shortcut.kernel.numpy()[0, 0] / np.sqrt(4) * np.sqrt(0.5)
    np.testing.assert_allclose(block(inputs), expected, rtol=1e-4, atol=1e-5)
    assert shortcut.bias == 0.0


def test_without_groups_a_logit_is_its_samples_own():
    x = normals(4, 16, 16, 1)
    network = style.discriminator((16, 16, 1), **DISCRIMINATOR | dict(group_size=0))
    np.testing.assert_allclose(network(x, training=True)[:1], network(x[:1], training=True), rtol=1e-4, atol=1e-5)
    with_groups = style.discriminator((16, 16, 1), **DISCRIMINATOR)
    assert [type(layer) for layer in with_groups.layers].count(MinibatchStddev) == 1
    assert np.abs(with_groups(x, training=True)[:1] - with_groups(x[:1], training=True)).max() > 1e-4


def test_a_discriminator_is_cut_before_its_logit():
    network, x = style.discriminator((16, 16, 1), **DISCRIMINATOR), normals(3, 16, 16, 1)
    trunk, tail = cut(network)
    assert trunk(x).shape == (3, 8)
    np.testing.assert_allclose(tail(trunk(x)), network(x), rtol=1e-5)


@pytest.mark.parametrize("latent_categories", [0, 3])
def test_the_parts_of_a_generator_are_the_generator(latent_categories):
    options = GENERATOR | dict(latent_categories=latent_categories)
    generator, latents = categories.generator("style", 4, (16, 16, 1), **options), normals(5, 4)
    mapping, synthesis, layers = style.parts(generator)
    styles = np.repeat(mapping(latents).numpy()[:, None], layers, axis=1)
    np.testing.assert_allclose(synthesis(styles, training=False), generator(latents), atol=1e-6)


def test_generators_of_other_families_have_no_parts():
    assert style.parts(mlp.generator(2, (2,), width=4, depth=1)) is None
    assert style.parts(categories.generator("mlp", 2, (2,), latent_categories=3, width=4, depth=1)) is None


def test_mixed_styles_are_coarse_before_the_crossover_and_fine_from_there_on():
    coarse, fine = np.zeros((4, 2), np.float32), np.ones((4, 2), np.float32)
    mixed = style.mixed(coarse, fine, tf.constant([0, 1, 2, 3]), layers=3)
    np.testing.assert_array_equal(mixed[:, :, 1], [[1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 0]])
    np.testing.assert_array_equal(style.mixed(coarse, fine, tf.constant(2), layers=3)[3, :, 0], [0, 0, 1])


def test_crossovers_are_equally_frequent_between_all_layers():
    """60,000 rows, .9 of them with a crossover in 1 .. 5 of 6 layers; the others have none, which is 6."""
    uniforms = np.random.default_rng(0).uniform(size=(60_000, 2)).astype(np.float32)
    counts = np.bincount(style.crossovers(uniforms, 0.9, 6), minlength=7)
    np.testing.assert_allclose(counts / 60_000, [0, 0.18, 0.18, 0.18, 0.18, 0.18, 0.1], atol=0.006)
    ends = np.array([[0.0, 0.0], [0.0, np.nextafter(1, 0, dtype=np.float32)]], np.float32)
    assert style.crossovers(ends, 1.0, 6).numpy().tolist() == [1, 5]
    assert style.crossovers(ends, 1.0, 1).numpy().tolist() == [1, 1]
    assert style.crossovers(ends, 0.0, 6).numpy().tolist() == [6, 6]


def test_networks_are_rebuilt_from_their_configs():
    for network, inputs in (
        (categories.generator("style", 4, (16, 16, 1), latent_categories=2, **GENERATOR), normals(3, 4)),
        (style.discriminator((16, 16, 1), **DISCRIMINATOR), normals(3, 16, 16, 1)),
    ):
        copy = keras.Model.from_config(network.get_config())
        copy.set_weights(network.get_weights())
        np.testing.assert_array_equal(copy(inputs), network(inputs))


def test_in_half_precision_pictures_and_logits_are_float32_and_near(policy):
    """With the same weights, the convolutions in bfloat16; the mapping network stays in float32."""
    shape = (16, 16, 1)
    full = style.generator(3, shape, **GENERATOR), style.discriminator(shape, **DISCRIMINATOR)
    policy("mixed_bfloat16")
    half = style.generator(3, shape, **GENERATOR), style.discriminator(shape, **DISCRIMINATOR)
    for one, other, x in zip(full, half, (normals(5, 3), normals(5, *shape)), strict=True):
        other.set_weights(one.get_weights())
        outputs = other(x)
        assert outputs.dtype == tf.float32
        np.testing.assert_allclose(outputs, one(x), atol=0.15)
    synthesis = half[0].get_layer("synthesis")
    assert synthesis.get_layer("convolution_1").output.dtype == "bfloat16"
    assert any(isinstance(layer, LayerNoise) and layer.output.dtype == "bfloat16" for layer in synthesis.layers)
