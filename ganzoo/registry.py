"""Names of the zoo and the model classes behind them."""

import fnmatch
import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ml_collections import ConfigDict

import ganzoo.models
from ganzoo.config import load_config
from ganzoo.errors import GanzooError, did_you_mean

if TYPE_CHECKING:
    from ganzoo.bases.stepped import SteppedModel

Model = TypeVar("Model", bound=type)
_registered: dict[str, type] = {}


def register(name: str) -> Callable[[Model], Model]:
    """Class decorator: the model becomes an entry of the zoo. Its file in `ganzoo/models/` has the entry's name."""

    def add(model: Model) -> Model:
        _registered[name] = model
        model.zoo_name = name
        return model

    return add


def list_models(pattern: str = "*") -> list[str]:
    """The zoo's names that match a shell pattern, in alphabetical order, without importing TensorFlow.

    >>> list_models("wgan*")
    ['wgan', 'wgan_gp']
    """
    files = {module.name for module in pkgutil.iter_modules(ganzoo.models.__path__)}
    return sorted(fnmatch.filter(files | _registered.keys(), pattern))


def model_class(name: str) -> "type[SteppedModel]":
    """The class registered under a name.

    Raises:
        GanzooError: if there is none; the message has the nearest known name.
    """
    if name not in list_models():
        raise GanzooError(f"no model named '{name}'.{did_you_mean(name, list_models())} `--list` prints the zoo.")
    if name not in _registered:
        importlib.import_module(f"ganzoo.models.{name}")
    return _registered[name]


def create(name: str, *, image_shape: tuple[int, ...], **overrides) -> "SteppedModel":
    """Builds a model of the zoo by its recipe.

    Args:
        name: an entry of the zoo.
        image_shape: (height, width, channels) with 16 to 128 pixels a side and 1 or 3 channels, or (dimensions,) for
            points; of a translator, sides that its networks can halve.
        **overrides: replace values of the recipe's `config.model`; see the model's class for what there is.

    Returns:
        A Keras model with built networks, ready for `compile()`.

    Raises:
        GanzooError: for an unknown name or a shape no network of the zoo can make.
        TypeError: for an override that the model does not have.

    >>> model = ganzoo.create("wgan_gp", image_shape=(28, 28, 1), n_critic=3)
    >>> model.compile()
    >>> model.fit(dataset)
    >>> model.sample(16, seed=1)
    >>> ganzoo.create("cyclegan", image_shape=(256, 256, 3)).a_to_b(horses)
    """
    return from_config(
        load_config(name, "gaussians25" if len(image_shape) == 1 else "mnist_5k"), image_shape, **overrides
    )


def load(path: str) -> "SteppedModel":
    """A model that `model.save("m.keras")` has written, compiled as it was: `fit` trains on where it had got to.

    Keras knows a class once its file has been imported, and so all files of the zoo are, here. (A model of one's own
    must have been imported before.)

    >>> model = ganzoo.load("m.keras")
    """
    import keras

    for name in list_models():
        model_class(name)
    return keras.saving.load_model(path)


def from_config(config: ConfigDict, image_shape: tuple[int, ...], **overrides) -> "SteppedModel":
    """Builds the model that a resolved config describes; `overrides` as in `create`."""
    arguments = {"seed": config.seed} | config.model.to_dict() | overrides
    network = arguments["network"]
    if network not in config.networks:
        known = [*config.networks]
        raise GanzooError(
            f"no network family '{network}'.{did_you_mean(network, known)} There are: {', '.join(known)}."
        )
    return model_class(config.name).for_shape(image_shape, **config.networks[network].to_dict() | arguments)
