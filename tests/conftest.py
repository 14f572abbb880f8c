"""Shared by all tests: a quiet TensorFlow, and models small enough to build in a moment."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest

import ganzoo

TINY = {
    "points": dict(generator=dict(width=8, depth=2), discriminator=dict(width=8, depth=2)),
    "images": dict(
        generator=dict(width=4, base_resolution=7, kernel_size=3, norm="batch", init_stddev=0.0),
        discriminator=dict(width=4, base_resolution=7, kernel_size=3, norm="none", init_stddev=0.0),
    ),
}


@pytest.fixture
def tiny():
    """Builds a compiled model of the zoo with a few weights, the same ones every time."""

    def build(name, image_shape=(16, 16, 1), **overrides):
        keras.utils.set_random_seed(0)
        networks = TINY["points" if len(image_shape) == 1 else "images"]
        model = ganzoo.create(name, image_shape=image_shape, latent_dim=3, **networks | overrides)
        model.compile()
        return model

    return build


@pytest.fixture
def reals():
    """Random reals in [-1, 1] of a shape, float32 [rows, ...]."""
    return lambda rows, shape=(16, 16, 1): np.random.default_rng(0).uniform(-1, 1, (rows, *shape)).astype(np.float32)
