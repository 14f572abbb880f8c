"""Shared by all tests: a quiet TensorFlow, and models small enough to build in a moment."""

import gc
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Each process has a core's worth of work: more threads in it, and in what it starts, only get in each other's way.
    os.environ |= dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"), "1")

import ganzoo  # before TensorFlow, which it tunes

# isort: split
import keras
import numpy as np
import pytest
from tensorflow.python.framework.ops import gradient_registry

from ganzoo.data.parts import Domains
from ganzoo.data.reals import Reals

TINY = {
    "points": dict(generator=dict(width=8, depth=2), discriminator=dict(width=8, depth=2)),
    "images": dict(
        generator=dict(width=4, base_resolution=7, kernel_size=3, norm="batch", init_stddev=0.0),
        discriminator=dict(width=4, base_resolution=7, kernel_size=3, norm="none", init_stddev=0.0),
    ),
    "stylegan2": dict(  # of pictures
        generator=dict(width=4, max_width=8, base_resolution=8, mapping_layers=2, style_dim=6),
        discriminator=dict(width=4, max_width=8, base_resolution=8, group_size=2),
    ),
}

_patches = dict(width=4, layers=1, norm="instance")
TINY_TRANSLATORS = {
    "pix2pix": dict(
        generator=dict(width=4, depth=2, dropout_levels=1, dropout_rate=0.5, norm="instance"), discriminator=_patches
    ),
    "cyclegan": dict(generator=dict(width=4, blocks=1, norm="instance"), discriminator=_patches),
    "cut": dict(generator=dict(width=4, blocks=1, norm="instance"), discriminator=_patches, projection_width=4),
    "stargan": dict(
        generator=dict(width=4, blocks=1, norm="instance"), discriminator=dict(width=4, depth=2), num_domains=3
    ),
}


def tiny_networks(name, image_shape):
    """The networks' options of a model that samples: its recipe's family, with a few weights."""
    return TINY["points"] if len(image_shape) == 1 else TINY.get(name, TINY["images"])


def tiny_translator(name, image_shape=(16, 16, 1), **overrides):
    """A compiled translator of the zoo with a few weights, the same ones every time."""
    keras.utils.set_random_seed(0)
    model = ganzoo.create(name, image_shape=image_shape, **TINY_TRANSLATORS[name] | overrides)
    model.compile()
    return model


def shapes(rows, seed=0):
    """Dark pictures with a bright square somewhere, uint8 [rows, 16, 16, 1]."""
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 40, (rows, 16, 16, 1), np.uint8)
    for picture in pictures:
        top, left = rng.integers(0, 10, 2)
        picture[top : top + 6, left : left + 6] += 200
    return pictures


def toy_domains(rows=40, paired=False, count=2):
    """Domain k shows `shapes` at other grey levels: two domains are a picture and its negative. 20 test pictures."""
    levels = np.linspace(0.0, 1.0, count)

    def part(number, first_seed):
        seeds = [first_seed + (0 if paired else k) for k in range(count)]
        pictures = [shapes(number, seed).astype(np.float32) for seed in seeds]
        of = [(1 - level) * x + level * (255 - x) for level, x in zip(levels, pictures, strict=True)]
        return tuple(Reals("toy", pictures.round().astype(np.uint8)) for pictures in of)

    return Domains("toy", tuple("ABCDE"[:count]), part(rows, 0), part(20, 100), paired)


def pytest_collection_modifyitems(items):
    """Files with slow tests come first, lest one of xdist's processes ends with them while the others have none."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Every test and the fixtures made for it begin at one seed, whichever tests ran before in its process."""
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session", autouse=True)
def seldom_collections():
    """What is imported stays, and tracing makes many objects that live: Python need not look for garbage so often."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def cache_of_tests(tmp_path_factory):
    """What evaluations keep for the next one goes to a folder of the tests, not to the user's own."""
    os.environ["GANZOO_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module", autouse=True)
def graphs_end_with_their_file():
    """Forgets the custom gradients of what a file traced.

    TensorFlow registers one for every call of `leaky_relu` in a graph, and with it keeps the graph for as long as the
    process lives: 7 MB for a tiny model's training. The next file frees the graphs, because the last test's objects
    live until then. What is left after that stays, and no later search for garbage goes through it again.
    """
    gc.collect()
    gc.freeze()
    before = set(gradient_registry.list())
    yield
    for name in set(gradient_registry.list()) - before:
        del gradient_registry._registry[name]


@pytest.fixture
def tiny():
    """Builds a compiled model of the zoo with a few weights, the same ones every time."""

    def build(name, image_shape=(16, 16, 1), **overrides):
        keras.utils.set_random_seed(0)
        networks = tiny_networks(name, image_shape)
        model = ganzoo.create(name, image_shape=image_shape, latent_dim=3, **networks | overrides)
        model.compile()
        return model

    return build


@pytest.fixture
def reals():
    """Random reals in [-1, 1] of a shape, float32 [rows, ...]."""
    return lambda rows, shape=(16, 16, 1): np.random.default_rng(0).uniform(-1, 1, (rows, *shape)).astype(np.float32)


@pytest.fixture
def translator():
    return tiny_translator


@pytest.fixture
def domains():
    return toy_domains
