"""What a signature's graph computes, and what it has stored."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.export.inputs import Input
from ganzoo.export.signature import Signature
from ganzoo.networks import dcgan, mlp, progressive, r3, resnet, spectral_mlp
from ganzoo.networks.layers.subpixel import SubpixelConvolution

SHAPE = (16, 16, 1)
READS = {"ReadVariableOp", "Identity", "Reshape", "Squeeze"}  # they compute nothing
DCGAN = dict(width=4, base_resolution=4, kernel_size=5, norm="batch", init_stddev=0.0)
LEVELS = dict(width=4, max_width=8, base_resolution=4)
RESIDUAL = dict(width=8, max_width=8, base_resolution=4, blocks=1, expansion=2, group_size=8)


def blocks():
    pictures = keras.Input(SHAPE)
    return keras.Model(pictures, SubpixelConvolution(1, 7, padding="same", activation="tanh")(pictures))


NETWORKS = {
    "dcgan": lambda: dcgan.generator(3, SHAPE, **DCGAN),
    "dcgan's discriminator": lambda: dcgan.discriminator(SHAPE, **DCGAN),
    "spectral dcgan": lambda: dcgan.discriminator(SHAPE, **DCGAN | {"norm": "spectral"}),
    "mlp": lambda: mlp.generator(3, (2,), width=8, depth=2),
    "progressive": lambda: progressive.generator(3, SHAPE, **LEVELS),
    "progressive's discriminator": lambda: progressive.discriminator(SHAPE, group_size=4, **LEVELS),
    "r3": lambda: r3.generator(3, SHAPE, **RESIDUAL),
    "resnet": lambda: resnet.generator(3, SHAPE, width=4, base_resolution=4),
    "resnet's discriminator": lambda: resnet.discriminator(SHAPE, width=4, base_resolution=8, norm="spectral"),
    "spectral_mlp": lambda: spectral_mlp.discriminator((2,), width=8, depth=2),
    "subpixel convolution": blocks,
}


def signature_of(network):
    inputs = (Input("values", shape=(None, *network.input_shape[1:])),)
    return Signature(lambda values: {"answers": network(values, training=False)}, inputs)


def trained_a_little(network):
    """Other weights than at the start, where biases, moments and blends are zeros and ones."""
    random = np.random.default_rng(0)
    network.set_weights([weight + random.uniform(0.1, 0.3, weight.shape) for weight in network.get_weights()])
    return network


def computed_from_weights(graph):
    """The kinds of operations all of whose inputs are weights, or weights and constants."""
    operations = graph.graph.get_operations()
    weights = {internal.name for _, internal in graph.graph.captures}
    constants = {output.name for one in operations if one.type == "Const" for output in one.outputs}
    kinds = set()
    for one in operations:
        names = {tensor.name for tensor in one.inputs}
        if names & weights and names <= weights | constants:
            weights |= {output.name for output in one.outputs}
            kinds.add(one.type)
    return kinds


@pytest.mark.parametrize("name", NETWORKS)
def test_a_graph_computes_nothing_from_weights_alone(name):
    """It has convolutions, products and activations; its answers are the network's."""
    network = trained_a_little(NETWORKS[name]())
    signature = signature_of(network)
    assert computed_from_weights(signature.graph) <= READS
    values = np.random.default_rng(1).normal(size=(5, *network.input_shape[1:])).astype(np.float32)
    found = signature.graph(tf.constant(values))["answers"]
    np.testing.assert_allclose(found, network(values, training=False), rtol=1e-5, atol=1e-5)


def test_an_export_reads_no_weight_in_two_forms():
    """The kernels of the last layer are stored by phases, and not as the layer has them, too."""
    network = NETWORKS["dcgan"]()
    variables = signature_of(network).variables
    assert sum(variable.shape == (3, 3, 4, 4) for variable in variables) == 1
    assert not [variable for variable in variables if variable.shape == (5, 5, 1, 4)]


def test_signatures_share_what_is_stored():
    network = trained_a_little(NETWORKS["spectral dcgan"]())
    one, other = (signature_of(network) for _ in range(2))
    assert one.variables
    assert {id(variable) for variable in one.variables} == {id(variable) for variable in other.variables}


def test_what_is_stored_is_of_the_time_of_the_export():
    """What is stored for one export does not end up in the export of other weights."""
    network = NETWORKS["spectral dcgan"]()
    values = tf.random.stateless_normal([3, *SHAPE], [0, 1])
    expected = signature_of(network).graph(values)["answers"]
    np.testing.assert_allclose(expected, network(values), rtol=1e-4)
    trained_a_little(network)
    after = signature_of(network).graph
    assert np.abs(network(values) - expected).max() > 1e-3
    np.testing.assert_allclose(after(values)["answers"], network(values), rtol=1e-4)


@pytest.mark.parametrize("alpha, sides", [(0.0, 1), (0.5, 2), (1.0, 1)])
def test_a_blend_has_the_sides_that_count(alpha, sides):
    """Its sides are pictures times 2 and times 3."""
    pictures = keras.Input(SHAPE)
    fade = progressive.FadeIn(dtype="float32")
    network = keras.Model(pictures, fade([2.0 * pictures, 3.0 * pictures]))
    fade.alpha.assign(alpha)
    graph = signature_of(network).graph
    values = tf.random.stateless_normal([2, *SHAPE], [0, 1])
    np.testing.assert_allclose(graph(values)["answers"], (2.0 + alpha) * values, rtol=1e-6)
    assert any(one.type == "AddV2" for one in graph.graph.get_operations()) == (sides == 2)
