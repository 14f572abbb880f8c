"""Exports of tiny models, one of each kind of signatures, written and loaded once for all tests of the deployment kit.

Loaded, an export takes a second or two and 40 to 120 MB. It has no state, so that sharing one changes no answer.
"""

import functools

import keras
import pytest
import tensorflow as tf

import ganzoo
from ganzoo.density_ratio import fitting
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.export import saved_model
from ganzoo.serving.exported import Exported
from tests.conftest import TINY, tiny_translator

SAMPLING = dict(
    burn_in=64,
    gamma_percentile=50.0,
    maximum_percentile=100.0,
    budget=2.0,
    chain_length=5,
    max_chain_length=30,
    batch_size=16,
    max_samples=40,
    max_rows=50,
    max_proposals_per_sample=20,
)
TRANSLATING = dict(
    candidates=8,
    gamma_percentile=80.0,
    batch_size=4,
    max_images=6,
    max_side=32,
    max_pixels=5 * 32**2,
    max_proposals_per_sample=100,
)


def tiny_sampler(name, image_shape=(16, 16, 1)):
    """A model that samples from latents; its discriminator, larger weights given, has an opinion."""
    keras.utils.set_random_seed(0)
    networks = TINY["points" if len(image_shape) == 1 else "images"]
    model = ganzoo.create(name, image_shape=image_shape, latent_dim=3, **networks)
    model.discriminator.set_weights([3 * weight for weight in model.discriminator.get_weights()])
    return model


@pytest.fixture(scope="session")
def exports(tmp_path_factory):
    """The models and the folders their versions are in, by name: `gan`, `cgan`, `infogan`, `points` (a gan's) and the
    translators."""
    found = {}
    for name in ("gan", "cgan", "infogan", "points"):
        model = tiny_sampler("gan", (2,)) if name == "points" else tiny_sampler(name)
        held_out = tf.linspace(-0.5, 0.5, 10)
        if model.num_classes is not None:
            held_out = tf.tile(held_out[None], [model.num_classes, 1])
        ratio = DensityRatio(fitting.for_export(model, None), held_out=held_out)
        folder = tmp_path_factory.mktemp("exports") / name
        saved_model.export(model, folder, ratio=ratio, sampling=SAMPLING)
        found[name] = model, folder
    for name in ("pix2pix", "cyclegan", "stargan"):
        folder = tmp_path_factory.mktemp("exports") / name
        model = tiny_translator(name)
        saved_model.export_translator(model, folder, sampling=TRANSLATING, description={"domains": list("abc")})
        found[name] = model, folder
    return found


@pytest.fixture(scope="session")
def loaded(exports):
    """name -> `Exported`, the same object whenever it is asked for."""
    return functools.cache(lambda name: Exported(exports[name][1]))
