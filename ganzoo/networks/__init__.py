"""Generators and discriminators. Each family is a file with the name of its key in `config.networks`.

A family is a module with two functions, `generator(latent_dim, image_shape, **options)` and
`discriminator(image_shape, **options)`, which return built Keras models: latents [batch, latent_dim] to samples, and
samples to logits [batch]. A user's own family is two such functions, given to `register_networks`.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

from ganzoo.errors import GanzooError
from ganzoo.registration import Register


class Family(NamedTuple):
    """A user's own family, with the two functions that a module of this package has."""

    generator: Callable
    discriminator: Callable


FAMILIES: Register[Family] = Register(
    "network family", taken=lambda: [module.name for module in pkgutil.iter_modules(__path__)]
)


def register_networks(name: str, *, generator: Callable, discriminator: Callable) -> None:
    """Registers a user's own networks, for `--config.model.network=NAME` of every model that samples.

    The functions' keyword-only parameters are options of the config, `--config.networks.NAME.generator.OPTION` and
    `--config.networks.NAME.discriminator.OPTION`, with the same defaults.

    Args:
        name: letters, digits and underscores.
        generator: (latent_dim, image_shape, *, options) -> a built Keras model, float32 latents [batch, latent_dim] to
            samples [batch, *image_shape], pictures in [-1, 1].
        discriminator: (image_shape, *, options) -> a built Keras model, samples to float32 logits [batch].

    Raises:
        GanzooError: if the name is taken, or if an option has no default.
    """
    for function in (generator, discriminator):
        _defaults(function)
    FAMILIES.add(name, Family(generator, discriminator), generator)


def family(name: str) -> ModuleType | Family:
    """The module or `Family` that builds both networks of a family, such as "dcgan"."""
    return FAMILIES[name] if name in FAMILIES else importlib.import_module(f"ganzoo.networks.{name}")


def own_options() -> dict[str, dict[str, dict]]:
    """The options of users' own families with their defaults, in the form of `config.networks`."""
    return {
        name: {"generator": _defaults(own.generator), "discriminator": _defaults(own.discriminator)}
        for name, own in FAMILIES.items()
    }


def _defaults(function: Callable) -> dict:
    options = [p for p in inspect.signature(function).parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    for option in options:
        if option.default is inspect.Parameter.empty:
            raise GanzooError(f"{function.__name__} takes {option.name} without a default: the config needs one.")
    return {option.name: option.default for option in options}
