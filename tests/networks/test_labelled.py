import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.networks import labelled
from ganzoo.networks.layers.basic import cut
from tests.conftest import TINY

PICTURES, POINTS = ("dcgan", (16, 16, 3), TINY["images"]), ("mlp", (2,), TINY["points"])
FAMILIES = pytest.mark.parametrize("network, shape, options", [PICTURES, POINTS], ids=["pictures", "points"])
LABELS = tf.constant([0, 3, 4], tf.int64)


def samples(shape):
    return tf.constant(np.random.default_rng(0).normal(size=(3, *shape)), tf.float32)


@FAMILIES
def test_a_generator_makes_other_samples_of_another_label(network, shape, options):
    generator = labelled.generator(network, 6, shape, num_classes=5, **options["generator"])
    latents = tf.ones([3, 6])
    made = generator([latents, LABELS]).numpy()
    assert made.shape == (3, *shape)
    assert len(np.unique(made.reshape(3, -1)[:, 0])) == 3


@FAMILIES
@pytest.mark.parametrize("conditioning", labelled.DISCRIMINATORS)
def test_a_discriminator_is_cut_into_what_sees_samples_and_what_judges(network, shape, options, conditioning):
    """The trunk's features through the tail are the discriminator, which is rebuilt from its config all the same."""
    build = labelled.discriminator(conditioning)
    discriminator = build(network, shape, num_classes=5, **options["discriminator"])
    trunk, tail = cut(discriminator)
    logits = discriminator([samples(shape), LABELS])
    features = trunk([samples(shape), LABELS])
    again = tail([features, LABELS] if len(tail.inputs) > 1 else features)
    np.testing.assert_array_equal(again, logits)

    copy = keras.Model.from_config(discriminator.get_config())
    copy.set_weights(discriminator.get_weights())
    np.testing.assert_array_equal(copy([samples(shape), LABELS]), logits)


@FAMILIES
def test_a_concatenated_label_reaches_the_logits(network, shape, options):
    discriminator = labelled.concatenated(network, shape, num_classes=5, **options["discriminator"])
    same = tf.repeat(samples(shape)[:1], 3, axis=0)
    assert len(np.unique(discriminator([same, LABELS]).numpy())) == 3


def test_the_projection_is_equation_3():
    """(w + v_y) . features + b, by hand; v begins at 0, and with it the label's part."""
    layer = labelled.Projection(5)
    features = samples((4,))
    layer([features, LABELS])
    w, v, b = layer.get_weights()
    np.testing.assert_array_equal(v, np.zeros((5, 4)))
    v, b = np.random.default_rng(1).normal(size=(5, 4)), np.array([0.7])
    layer.set_weights([w, v, b])
    expected = ((w + v[LABELS.numpy()]) * features.numpy()).sum(axis=1) + b
    np.testing.assert_allclose(layer([features, LABELS]), expected, rtol=1e-5, atol=1e-6)  # terms cancel


def test_an_unknown_conditioning_is_answered_with_those_there_are():
    with pytest.raises(GanzooError, match="no conditioning 'project'. Did you mean 'projection'"):
        labelled.discriminator("project")
