"""One file per objective, with the name of its zoo entry. This module builds and loads models by name."""

import importlib
import pkgutil
from typing import TYPE_CHECKING

from ml_collections import ConfigDict

from ganzoo.environment import choose_backend
from ganzoo.errors import GanzooError, did_you_mean
from ganzoo.zoo import values
from ganzoo.zoo.recipes import check_network, load_config, settle_by_name
from ganzoo.zoo.registry import ENTRIES, in_package, list_models

if TYPE_CHECKING:
    from ganzoo.bases.stepped import TwoOptimizerModel

choose_backend()


def model_class(name: str) -> "type[TwoOptimizerModel]":
    """The class registered under a name.

    Raises:
        GanzooError: if there is no such class; the message has the nearest known name.
    """
    if name not in list_models():
        raise GanzooError(f"no model named '{name}'.{did_you_mean(name, list_models())} `--list` prints the zoo.")
    if name not in ENTRIES:
        importlib.import_module(f"ganzoo.models.{name}")
    return ENTRIES[name].model


def create(name: str, *, image_shape: tuple[int, ...], **overrides) -> "TwoOptimizerModel":
    """Builds a model of the zoo by its recipe.

    Args:
        name: an entry of the zoo.
        image_shape: (height, width, channels) with 16 to 256 pixels a side and 1 or 3 channels, or (dimensions,) for
            points. A translator's networks must be able to halve the sides.
        **overrides: values that replace those in the recipe's `config.model`; the model's class describes them. In
            `augment` a dictionary replaces values of `config.augment`, such as dict(policy="ada"). The
            numbers of classes and domains are those of the recipe's data set unless they are given.

    Returns:
        A Keras model with built networks, ready for `compile()`.

    Raises:
        GanzooError: if the name is unknown, if no network of the zoo can make the shape, or for a value out of its
            range.
        TypeError: if the model does not have an override.

    >>> model = ganzoo.create("gan", image_shape=(2,), loss="minimax")
    >>> model.compile()
    >>> history = model.fit(dataset, verbose=0)
    >>> model.sample(16, seed=1).shape
    (16, 2)
    """
    config = load_config(name)
    if config.task == "sampling":
        config = load_config(name, "gaussians25" if len(image_shape) == 1 else "mnist_5k")
    settle_by_name(config)
    return from_config(config, image_shape, **overrides)


def load(path: str) -> "TwoOptimizerModel":
    """Loads a model that `model.save("m.keras")` has written, compiled as before, so that `fit` continues the training.

    Keras knows a class after the import of its file, so this function imports every model and every network family of
    the zoo. Import a model of your own before the call.

    >>> model.save("m.keras")
    >>> ganzoo.load("m.keras").steps_taken == model.steps_taken
    True
    """
    import keras

    from ganzoo import networks

    for name in in_package():
        model_class(name)
    for module in pkgutil.iter_modules(networks.__path__):
        networks.family(module.name)
    return keras.saving.load_model(path)


def with_weights(model: "TwoOptimizerModel", other: "TwoOptimizerModel") -> "TwoOptimizerModel":
    """A model whose networks and averages get the weights of another one, built from the same config."""
    for weight, value in zip(model.weights, other.weights, strict=True):
        weight.assign(value)
    return model


def from_config(config: ConfigDict, image_shape: tuple[int, ...], **overrides) -> "TwoOptimizerModel":
    """Builds the model that a resolved config describes; `overrides` as in `create`."""
    config = config.copy_and_resolve_references()
    if "network" in overrides:
        config.model.network = overrides["network"]
    check_network(config)
    arguments = {"seed": config.seed} | config.model.to_dict() | overrides
    arguments = config.networks[config.model.network].to_dict() | arguments
    if "augment" in config:
        augment = config.augment.to_dict() | dict(arguments.pop("augment", {}))
        values.check({"augment": augment})
        if augment["policy"] != "none":
            arguments["augment"] = augment
    networks = {key: arguments[key] for key in ("generator", "discriminator")}
    no_model_keys = ("generator", "discriminator", "seed", "augment")
    model = {key: value for key, value in arguments.items() if key not in no_model_keys}
    values.check({"model": model, "networks": {config.model.network: networks}})
    return model_class(config.name).for_shape(image_shape, **arguments)
