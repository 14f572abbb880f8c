from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from ganzoo.losses.translation import l1, patch_mean

NAMES = ("pix2pix", "cyclegan", "cut", "stargan")


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_translator_has_the_same_networks_and_options(translator, name, tmp_path):
    model = translator(name)
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    assert loaded.image_shape == model.image_shape
    for network in model.generators + model.discriminators:
        for one, other in zip(
            getattr(model, network).get_weights(), getattr(loaded, network).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", NAMES)
def test_every_direction_goes_between_domains_that_there_are(translator, name):
    """From others to the target; each domain of a translator with a way back is a target once."""
    model = translator(name)
    ways = list(model.directions().values())
    for way in ways:
        assert way.target not in way.sources
        assert {way.target, *way.sources} <= set(range(model.num_domains))
    if len(ways) > 1:
        assert sorted(way.target for way in ways) == list(range(model.num_domains))


def test_a_translator_is_exported_from_python(translator, tmp_path):
    path = translator("stargan").export(str(tmp_path))
    (meta_graph,) = SavedModel.FromString(Path(path, "saved_model.pb").read_bytes()).meta_graphs
    assert {"translate", "translate_png", "score"} <= set(meta_graph.signature_def)


def test_l1_and_the_mean_of_patches_by_hand():
    assert l1(tf.constant([[0.0, 1.0]]), tf.constant([[0.5, -1.0]])) == 1.25
    np.testing.assert_array_equal(patch_mean(tf.constant([[[1.0, 3.0], [5.0, 7.0]], [[0.0, 0.0], [0.0, 4.0]]])), [4, 1])
