"""The zoo's entries by name, the package's and those that a user's own file registers.

Light: TensorFlow is imported by nothing here. `ganzoo.models` builds the models.
"""

import fnmatch
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from ml_collections import ConfigDict

from ganzoo.registration import Register

Model = TypeVar("Model", bound=type)
Recipe = Callable[[str], ConfigDict]


class Entry(NamedTuple):
    """A registered entry.

    Attributes:
        model: its class.
        recipe: "images" or "points" -> its config; None for an entry of the package, whose recipe is a module of
            `zoo_configs`.
        dataset: that it is trained on where none is given; of an entry of the package, the recipe's `DATASET`.
    """

    model: type
    recipe: Recipe | None
    dataset: str


def in_package() -> list[str]:
    """The package's own entries: the names of the recipes in `zoo_configs/`, in alphabetical order."""
    folder = Path(importlib.util.find_spec("zoo_configs").origin).parent
    return sorted(path.stem for path in folder.glob("*.py") if path.stem not in ("__init__", "common"))


ENTRIES: Register[Entry] = Register("model", taken=in_package)


def register(name: str, *, recipe: Recipe | None = None, dataset: str = "mnist_5k") -> Callable[[Model], Model]:
    """Class decorator: the model becomes an entry of the zoo.

    A user's own class needs nothing else: `ganzoo.create`, `ganzoo.load`, `model.export` and, with `--plugin FILE`,
    `python -m ganzoo.run --model NAME` know it from then on.

    Args:
        name: of the entry; letters, digits and underscores.
        recipe: "images" or "points", what the data consist of -> the config, as `zoo_configs.common.get_config` gives
            it, with `model`, `batch_size`, `steps` and `optimizers` filled in. A model of the package gives none: its
            recipe is the module of its name in `zoo_configs/`.
        dataset: that `ganzoo.run` trains on where no --dataset is given.

    Raises:
        GanzooError: for a name that is taken, or that is none.

    >>> from ganzoo.models.lsgan import LeastSquaresGAN
    >>> from zoo_configs import lsgan
    >>> @ganzoo.register("mine", recipe=lsgan.get_config)
    ... class MyGAN(LeastSquaresGAN):
    ...     pass
    >>> ganzoo.create("mine", image_shape=(2,)).latent_dim
    2
    """

    def add(model: Model) -> Model:
        import keras

        is_own = recipe is not None or model.__module__ != f"ganzoo.models.{name}"
        if is_own:
            ENTRIES.add(name, Entry(model, recipe, dataset), model)
        else:
            ENTRIES[name] = Entry(model, None, "")
        model.zoo_name = name
        if keras.saving.get_registered_name(model) == model.__name__:  # by which a .keras file names the class
            keras.saving.register_keras_serializable(f"ganzoo.{name}" if is_own else "ganzoo")(model)
        return model

    return add


def list_models(pattern: str = "*") -> list[str]:
    """The zoo's names that match a shell pattern, in alphabetical order, without importing TensorFlow.

    >>> list_models("wgan*")
    ['wgan', 'wgan_gp']
    """
    return sorted(fnmatch.filter({*in_package(), *ENTRIES}, pattern))
