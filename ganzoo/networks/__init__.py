"""Generators and discriminators, each family in a file of its own, named as its key in `config.networks`.

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
    """A user's own family, as a module of this package is one."""

    generator: Callable
    discriminator: Callable


FAMILIES: Register[Family] = Register(
    "network family", taken=lambda: [module.name for module in pkgutil.iter_modules(__path__)]
)


def register_networks(name: str, *, generator: Callable, discriminator: Callable) -> None:
    """Gives a name to a user's own networks, for `--config.model.network=NAME` of every model that samples.

    What the functions take behind `*` are the options: they become `--config.networks.NAME.generator.OPTION` and
    `--config.networks.NAME.discriminator.OPTION`, and their defaults the config's.

    Args:
        name: letters, digits and underscores.
        generator: (latent_dim, image_shape, *, options) -> a built Keras model, float32 latents [batch, latent_dim] to
            samples [batch, *image_shape], pictures in [-1, 1].
        discriminator: (image_shape, *, options) -> a built Keras model, samples to float32 logits [batch].

    Raises:
        GanzooError: for a name that is taken, and for an option without a default.
    """
    for function in (generator, discriminator):
        _defaults(function)
    FAMILIES.add(name, Family(generator, discriminator), generator)


def family(name: str) -> ModuleType | Family:
    """What builds both networks of a family, such as "dcgan"."""
    return FAMILIES[name] if name in FAMILIES else importlib.import_module(f"ganzoo.networks.{name}")


def own_options() -> dict[str, dict[str, dict]]:
    """The options of users' own families with their defaults, as they stand in `config.networks`."""
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
