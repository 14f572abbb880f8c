"""The recipes of the zoo's entries: configs with locked keys. Light: neither TensorFlow nor NumPy is imported."""

import ast
import importlib
import importlib.util
import inspect
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ml_collections import ConfigDict

from ganzoo import networks
from ganzoo.data import names
from ganzoo.errors import GanzooError, did_you_mean
from ganzoo.zoo import values
from ganzoo.zoo.registry import ENTRIES, in_package, list_models

# What runs had before the key was there; recipes may have other values since.
BEFORE = {
    "model.latent_categories": 0,
    "model.invariance_weight": 0.0,
    "augment.policy": "none",
    "data.split": "fifths",
}


def summary(name: str) -> str:
    """An entry in one line: the first line of its recipe's docstring, or else of its class's docstring."""
    if name in in_package():
        source = Path(importlib.util.find_spec(f"zoo_configs.{name}").origin).read_text()
        return ast.get_docstring(ast.parse(source)).partition("\n")[0]
    entry = ENTRIES[name]
    return (inspect.getdoc(entry.recipe) or entry.model.__doc__ or "").strip().partition("\n")[0]


def load_config(name: str, dataset: str | None = None) -> ConfigDict:
    """The recipe of a zoo entry, with its keys locked.

    Args:
        name: an entry of the zoo, such as "wgan_gp".
        dataset: the data set to train on; recipes differ between pictures and points. None takes the entry's own.

    Returns:
        The config, with `name` and `dataset` filled in. New keys cannot be set.

    Raises:
        GanzooError: if no entry has this name, or if its recipe gives no valid config.
    """
    if name not in list_models():
        raise GanzooError(f"no model named '{name}'.{did_you_mean(name, list_models())} `--list` prints the zoo.")
    if name in in_package():
        recipe = importlib.import_module(f"zoo_configs.{name}")
        get_config, default = recipe.get_config, recipe.DATASET
    else:
        get_config, default = ENTRIES[name].recipe, ENTRIES[name].dataset
        if get_config is None:
            raise GanzooError(f"'{name}' was registered without a recipe: give @ganzoo.register(..., recipe=FUNCTION).")
    dataset = dataset or default
    config = get_config(names.kind(dataset))
    _check(name, config)
    with config.unlocked():
        config.name, config.dataset = name, dataset
        if config.task == "sampling":
            for family, options in networks.own_options().items():
                config.networks[family] = options
    for section, wanted in names.source(dataset).recipe.items():
        if wanted.keys() <= {*config.get(section, {})}:
            config[section].update(wanted)
    return config.lock()


def settle_by_name(config: ConfigDict) -> None:
    """Sets the numbers of classes and of domains, where they are 0, to what the data set's name tells without its data.

    A run asks the data themselves (`ganzoo.tasks`).
    """
    for key in ("num_classes", "num_domains"):
        if config.model.get(key) == 0:
            config.model[key] = names.source(config.dataset).classes


def check_network(config: ConfigDict) -> None:
    """Checks that the entry can have its network family.

    Raises:
        GanzooError: if it cannot; the message lists the possible families.
    """
    network, known = config.model.network, [*config.networks]
    if config.name in in_package():
        known = getattr(importlib.import_module(f"zoo_configs.{config.name}"), "NETWORKS", known)
    if network not in known:
        raise GanzooError(
            f"no network family '{network}' for {config.name}.{did_you_mean(network, known)} "
            f"There {'is' if len(known) == 1 else 'are'}: {', '.join(known)}."
        )


def choose_optimizers(config: ConfigDict, arguments: Sequence[str]) -> None:
    """Gives the recipe the options of the optimizers that a command line names by `--config.optimizers.*.name`.

    Each optimizer has options of its own. The learning rate and its schedule stay the recipe's.

    Args:
        config: the recipe, which is changed.
        arguments: the command line.

    Raises:
        GanzooError: for an optimizer that there is not.
    """
    from zoo_configs import common

    for key, name in values.config_flags(arguments):
        match = re.fullmatch(r"optimizers\.(\w+)\.name", key)
        if match is None or match[1] not in config.optimizers or name == config.optimizers[match[1]].name:
            continue
        if name not in common.OPTIMIZERS:
            raise GanzooError(
                f"config.{key} is '{name}', expected one of {', '.join(common.OPTIMIZERS)}."
                f"{did_you_mean(name or '', common.OPTIMIZERS)}"
            )
        old = config.optimizers[match[1]]
        replace_optimizer(config, match[1], common.optimizer(name, old.learning_rate, old.schedule))


def completed(stored: Mapping) -> ConfigDict:
    """The config of a stored run, with the recipe's values for keys that recipes gained after the run.

    Args:
        stored: `config` of a run's config.json.

    Raises:
        GanzooError: if the run's model is not registered.
        AttributeError, KeyError, TypeError, ValueError: if the stored config is not of this version of ganzoo.
    """
    from zoo_configs import common

    config = load_config(stored["name"], stored["dataset"])
    for network, spec in stored["optimizers"].items():
        absent = common.OPTIMIZERS.get(spec["name"], {})
        if spec["name"] == "rmsprop":
            absent = absent | common.KERAS_RMSPROP  # runs without an epsilon were trained by Keras's RMSprop
        replace_optimizer(config, network, absent | spec)
    known = dict(values.flat(config.to_dict()))
    config.update_from_flattened_dict({key: value for key, value in BEFORE.items() if key in known})
    config.update(stored)
    return config


def replace_optimizer(config: ConfigDict, network: str, spec: Mapping) -> None:
    """Replaces a recipe's optimizer of one network, "generator" or "discriminator", options and all."""
    with config.unlocked():
        del config.optimizers[network]
        config.optimizers[network] = ConfigDict(spec)


def _check(name: str, config: object) -> None:
    """Checks that a user's recipe has the keys that every run needs."""
    if not isinstance(config, ConfigDict):
        raise GanzooError(f"the recipe of '{name}' gives {type(config).__name__}; expected a ConfigDict.")
    needed = ("task", "model", "networks", "optimizers", "batch_size", "steps", "evaluation", "sampling")
    missing = [key for key in needed if key not in config]
    optimizers = config.get("optimizers", {})
    missing += [f"optimizers.{key}" for key in ("generator", "discriminator") if key not in optimizers]
    if missing:
        raise GanzooError(
            f"the recipe of '{name}' lacks {', '.join(missing)}. Begin with zoo_configs.common.get_config(kind), then "
            "set model, batch_size, steps and optimizers."
        )
