"""No two purposes share a stream of random numbers: in training, in the ratio's fit and in any signature."""

import inspect
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import noise
from ganzoo.density_ratio import fitting
from ganzoo.export import saved_model
from ganzoo.zoo.registry import list_models
from tests.conftest import TINY_TRANSLATORS, tiny_networks, tiny_translator
from tests.density_ratio.normals import OPTIONS
from tests.exports import SAMPLING, TRANSLATING
from tests.serving.valid_requests import valid_request

PACKAGE = Path(ganzoo.__file__).parent
LIMITS = SAMPLING | TRANSLATING
# Different code that draws the very same numbers on purpose: `propose_inputs` repeats the decisions of `drs`.
SAME = {
    ("sampling/rejection.py", "body"): "acceptances",
    ("sampling/per_class.py", "body"): "acceptances",
    ("sampling/mh.py", "proposal"): "acceptances",
    ("export/sampling_signatures.py", "propose_inputs"): "acceptances",
    ("bases/coded.py", "latents_of"): "latents",
    ("bases/coded.py", "latents"): "latents",
    ("bases/generative.py", "latents"): "latents",
}


class Streams:
    """What is drawn from which stream, recorded while the code runs eagerly: seeds with the uses that each has."""

    def __init__(self, monkeypatch):
        self.uses: dict[tuple[int, int], set] = {}
        plain = noise._rows

        def recorded(draw, seed, *where):
            self.add(seed, self._use(), *where[-1:])
            return plain(draw, seed, *where)

        monkeypatch.setattr(noise, "_rows", recorded)
        stateless = tf.random.stateless_uniform

        def recorded_stateless(shape, seed, *rest, **options):
            self.add(seed, self._use(), 0)
            return stateless(shape, seed, *rest, **options)

        monkeypatch.setattr(tf.random, "stateless_uniform", recorded_stateless)

    def add(self, seed, use, first_row):
        if tf.is_tensor(seed) and not hasattr(seed, "numpy"):
            raise AssertionError(f"{use} draws in a graph, where its seed is not known")
        self.uses.setdefault(tuple(np.asarray(seed).tolist()), set()).add(use)

    def shared(self):
        return {seed: uses for seed, uses in self.uses.items() if len(uses) > 1}

    @staticmethod
    def _use():
        """The innermost function of the package, `noise.py` apart, and of a dropout its layer."""
        frame = inspect.currentframe()
        while frame is not None:
            file = Path(frame.f_code.co_filename)
            if PACKAGE in file.parents and file.name != "noise.py":
                where = (file.relative_to(PACKAGE).as_posix(), frame.f_code.co_name)
                layer = frame.f_locals.get("self")
                index = getattr(layer, "index", None) if where[1] == "call" else None
                return SAME.get(where, (*where, frame.f_lineno, index))
            frame = frame.f_back
        raise AssertionError("a stream was drawn from outside the package")


@pytest.fixture
def streams(monkeypatch):
    """All draws of the test; graphs run eagerly, so that every seed is a number."""
    eagerly = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    yield Streams(monkeypatch)
    tf.config.run_functions_eagerly(eagerly)


def small(name):
    """A model of each entry with a few weights."""
    if name in TINY_TRANSLATORS:
        own = dict(TINY_TRANSLATORS[name])
        if name == "pix2pix":  # two layers of dropout
            own["generator"] = own["generator"] | dict(depth=3, dropout_levels=2)
        if name == "cyclegan":
            own["pool_size"] = 4
        return tiny_translator(name, **own)
    points = name in ("gan", "r3gan")
    shape = (2,) if points else (16, 16, 1)
    networks = tiny_networks(name, shape)
    if name == "sngan":
        networks = networks | dict(discriminator=networks["discriminator"] | dict(norm="spectral"))
    if name == "pggan":
        levels = dict(width=4, max_width=8, base_resolution=8)
        networks = dict(generator=levels, discriminator=levels | dict(group_size=4))
    model = ganzoo.create(name, image_shape=shape, latent_dim=4, **networks)
    model.compile()
    return model


@pytest.mark.parametrize("name", list_models())
def test_no_two_purposes_share_a_stream(streams, name):
    """A step of training, the fit of a ratio and one request to each signature, all with seed 0 or [0, 1]."""
    model = small(name)
    rows = 4 * model.n_critic
    if name in TINY_TRANSLATORS:
        pictures = tf.zeros([rows, 16, 16, 1])
        model.train_step((pictures, tf.range(rows) % 3 if name == "stargan" else pictures))
        what = saved_model.servable_translator(model, sampling=LIMITS)
    else:
        shape = model.generator.output_shape[1:]
        classes = model.num_classes
        reals = np.random.default_rng(0).uniform(-1, 1, (60, *shape)).astype(np.float32)
        labels = None if classes is None else np.arange(60) % classes
        model.train_step(tf.constant(reals[:rows]) if classes is None else (reals[:rows], labels[:rows]))
        options = OPTIONS | dict(mismatched=0.3)
        for part in ("refit", "smoothed"):
            options[part] = dict(options[part]) | dict(steps=2)
        ratio = fitting.for_export(model, reals, labels, options=options | dict(estimator="refit"))
        what = saved_model.servable(model, ratio=ratio, sampling=LIMITS)
    trained = len(streams.uses)
    for signature in what.signatures.values():
        request = valid_request(signature_like(signature))
        if "seed" in request:
            request["seed"] = np.int32([0, 1])
        signature.function(*(tf.constant(request[one.name]) for one in signature.inputs))
    assert len(streams.uses) > trained or name in ("cyclegan", "cut", "stargan")
    assert not streams.shared()


def signature_like(signature):
    """A signature as `valid_request` takes it."""

    class Loaded:
        structured_input_signature = ((), {spec.name: spec for spec in signature.specs})

    return Loaded


def test_the_recorder_sees_a_shared_stream(streams):
    """The fault that was: the dropout of layer 1 from the stream of the acceptances."""
    model = small("pix2pix")
    pictures = tf.zeros([2, 16, 16, 1])
    stream = noise.stream(tf.constant([0, 1]))
    model.generator([pictures, stream])
    assert len(streams.uses) == 2
    assert not streams.shared()
    (first, *_), streams.uses = streams.uses, dict(streams.uses)
    streams.add(first, "acceptances", 0)
    assert streams.shared()


def test_every_purpose_gives_every_seed_a_stream_of_its_own():
    """Roots of 100 seeds, and 100 requests [seed, 0] and [0, request], under all purposes."""
    roots = [noise.root(seed, purpose) for seed in range(100) for purpose in noise.Purpose]
    seeds = [(seed, 0) for seed in range(1, 100)] + [(0, request) for request in range(100)]
    assert len({*roots, *seeds}) == len(roots) + len(seeds)
