import keras
import numpy as np

from ganzoo.networks.layers.patch_heads import patch_heads


def test_a_head_is_a_perceptron_of_two_layers_on_the_unit_sphere():
    """By its weights in NumPy; each layer of features has its own head."""
    heads = patch_heads([3, 5], width=4)
    rng = np.random.default_rng(0)
    heads.set_weights([rng.normal(size=weight.shape) for weight in heads.get_weights()])
    features = [rng.normal(size=(2, 6, channels)).astype(np.float32) for channels in (3, 5)]
    for one, found, start, end in zip(features, heads(features), heads.inputs, heads.outputs, strict=True):
        first, bias, second, other_bias = keras.Model(start, end).get_weights()
        outputs = np.maximum(one @ first + bias, 0) @ second + other_bias
        np.testing.assert_allclose(
            found, outputs / np.linalg.norm(outputs, axis=-1, keepdims=True), rtol=1e-4, atol=1e-5
        )
