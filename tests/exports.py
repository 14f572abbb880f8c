"""Exports of tiny models, one of each kind of signatures, written once for all tests of exports and of the deployment
kit, whichever of xdist's processes they run in, and loaded once in each process. Nobody writes into their folders.

An export is written when the first test asks for it. Loaded, it takes a second or two and 40 to 120 MB. It has no
state, so that sharing one changes no answer.
"""

import fcntl
import functools
import os
from collections.abc import Mapping
from pathlib import Path

import keras
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

import ganzoo
from ganzoo.density_ratio import fitting
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.export import saved_model
from ganzoo.serving.exported import Exported
from tests.conftest import tiny_networks, tiny_translator

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
    """A model that samples from latents; its discriminator, larger weights given, has an opinion.

    A walk through classes keeps the category of its first sample, of which `max_samples` here are too few.
    """
    keras.utils.set_random_seed(0)
    own = tiny_networks(name, image_shape) | (dict(latent_categories=0) if name == "cgan" else {})
    model = ganzoo.create(name, image_shape=image_shape, latent_dim=3, **own)
    model.discriminator.set_weights([3 * weight for weight in model.discriminator.get_weights()])
    return model


SAMPLERS = ("gan", "cgan", "infogan", "points", "stylegan2")
TRANSLATORS = ("pix2pix", "cyclegan", "cut", "stargan")


class Exports(Mapping):
    """The models and the folders their versions are in, by name; each made when it is first asked for."""

    def __init__(self, root: Path):
        self.root, self._made = root, {}

    def __getitem__(self, name):
        if name not in SAMPLERS + TRANSLATORS:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self):
        return iter(SAMPLERS + TRANSLATORS)

    def __len__(self):
        return len(SAMPLERS + TRANSLATORS)

    def _make(self, name):
        """The model, the same one in every process, and its folder, which the first process writes."""
        if name in TRANSLATORS:
            model = tiny_translator(name)
        else:
            model = tiny_sampler("gan", (2,)) if name == "points" else tiny_sampler(name)
        folder = self.root / name
        with (self.root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                write = _write_translator if name in TRANSLATORS else _write_sampler
                write(model, folder)
        return model, folder


def _write_sampler(model, folder):
    held_out = tf.linspace(-0.5, 0.5, 10)
    if model.num_classes is not None:
        held_out = tf.tile(held_out[None], [model.num_classes, 1])
    ratio = DensityRatio(fitting.for_export(model, None), held_out=held_out)
    saved_model.export(model, folder, ratio=ratio, sampling=SAMPLING, description={"step": 7})


def _write_translator(model, folder):
    domains = ["dark", "middling", "light"] if model.num_domains == 3 else ["dark", "light"]
    saved_model.export_translator(model, folder, sampling=TRANSLATING, description={"domains": domains, "step": 7})


_exports, _loaded = functools.cache(Exports), functools.cache(Exported)


@pytest.fixture(scope="session")
def exports(tmp_path_factory):
    """The models and the folders their versions are in, by name: `gan`, `cgan`, `infogan`, `points` (a gan's),
    `stylegan2` and the translators."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "exports"
    root.mkdir(exist_ok=True)
    return _exports(root)


@pytest.fixture(scope="session")
def loaded(exports):
    """name -> `Exported`, the same object whenever it is asked for."""
    return lambda name: _loaded(exports[name][1])


def operations_of(path, *kinds):
    """The number of operations of some kinds, such as Conv2D, in the graph of an export."""
    (meta_graph,) = SavedModel.FromString((Path(path) / "saved_model.pb").read_bytes()).meta_graphs
    nodes = [node.op for function in meta_graph.graph_def.library.function for node in function.node_def]
    return sum(op.startswith(kinds) for op in nodes)
