"""Exports in another precision than the training's, for each entry of the zoo."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

import ganzoo
from ganzoo import environment, models, tasks
from tests.conftest import TINY_TRANSLATORS, tiny_networks

SHAPE = (16, 16, 1)


@pytest.fixture(autouse=True)
def float32_afterwards():
    yield
    keras.config.set_dtype_policy("float32")


def prepared(name):
    """A config and its model with a few weights, drawn from a seed of their own."""
    config = ganzoo.load_config(name)
    config.precision = "float32"
    options = dict(TINY_TRANSLATORS.get(name) or tiny_networks(name, SHAPE))
    networks = {key: options.pop(key) for key in ("generator", "discriminator")}
    if name not in TINY_TRANSLATORS:
        config.model.network = "style" if name == "stylegan2" else "dcgan"
    config.networks[config.model.network].update(networks)
    config.model.update(options)
    if name == "sngan":
        config.networks.dcgan.discriminator.norm = "spectral"
    if "num_classes" in config.model:
        config.model.num_classes = 3
    keras.utils.set_random_seed(5)
    model = models.from_config(config, SHAPE)
    return tasks.Prepared(None, model, SimpleNamespace(shape=SHAPE)), config


def asked(config, precision):
    config.sampling.precision = precision
    return config


@pytest.mark.parametrize("name", ganzoo.list_models())
def test_every_weight_of_a_model_goes_into_the_other_precision_and_back(name):
    trained, config = prepared(name)
    half = tasks.for_export(trained, asked(config, "bfloat16"))
    assert {layer.compute_dtype for layer in half._flatten_layers()} >= {"bfloat16"}
    config.precision = "mixed_bfloat16"
    back = tasks.for_export(trained._replace(model=half), asked(config, "float32"))
    assert "bfloat16" not in {layer.compute_dtype for layer in back._flatten_layers()}
    for copied, own in zip(back.weights, trained.model.weights, strict=True):
        np.testing.assert_array_equal(copied.numpy(), own.numpy())


def test_samples_and_logits_differ_by_the_rounding_of_half_precision(reals):
    trained, config = prepared("dcgan")
    half = tasks.for_export(trained, asked(config, "bfloat16"))
    for name, of in {
        "samples": lambda model: model.sample(32, seed=1),
        "logits": lambda model: model.discriminator(reals(32), training=False).numpy(),
    }.items():
        expected, rounded = of(trained.model), of(half)
        assert rounded.dtype == np.float32, name
        largest = np.abs(expected).max()
        assert 0 < np.abs(rounded - expected).max() < 0.02 * largest, name


def test_the_trained_model_is_exported_where_the_precision_is_its_own():
    trained, config = prepared("gan")
    assert tasks.for_export(trained, asked(config, "as_trained")) is trained.model
    assert tasks.for_export(trained, asked(config, "float32")) is trained.model


def test_half_precision_on_a_processor_without_it_is_said(monkeypatch, capsys):
    monkeypatch.setattr(environment, "computes_bfloat16", lambda: False)
    trained, config = prepared("gan")
    tasks.for_export(trained, asked(config, "bfloat16"))
    assert "Give --config.sampling.precision=float32." in capsys.readouterr().err
