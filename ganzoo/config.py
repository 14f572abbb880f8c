"""The recipes in `zoo_configs/`, found by name. Light: neither TensorFlow nor NumPy is imported."""

import ast
import importlib
import importlib.util
from pathlib import Path

from ml_collections import ConfigDict

from ganzoo.data.names import is_stacked, kind
from ganzoo.errors import GanzooError, did_you_mean


def recipes() -> list[str]:
    """The names that have a recipe, in alphabetical order."""
    folder = Path(importlib.util.find_spec("zoo_configs").origin).parent
    return sorted(path.stem for path in folder.glob("*.py") if path.stem not in ("__init__", "common"))


def summary(name: str) -> str:
    """The first line of a recipe's docstring, read without running it."""
    source = Path(importlib.util.find_spec(f"zoo_configs.{name}").origin).read_text()
    return ast.get_docstring(ast.parse(source)).partition("\n")[0]


def load_config(name: str, dataset: str | None = None) -> ConfigDict:
    """The recipe of a zoo entry, with its keys locked.

    Args:
        name: an entry of the zoo, such as "wgan_gp".
        dataset: the data it is to be trained on; recipes differ between pictures and points. None: the recipe's own.

    Returns:
        The config, with `name` and `dataset` filled in. A key it does not have cannot be set.

    Raises:
        GanzooError: if no recipe has this name.
    """
    if name not in recipes():
        raise GanzooError(f"no model named '{name}'.{did_you_mean(name, recipes())} `--list` prints the zoo.")
    recipe = importlib.import_module(f"zoo_configs.{name}")
    dataset = dataset or recipe.DATASET
    config = recipe.get_config(kind(dataset))
    config.name, config.dataset = name, dataset
    if is_stacked(dataset):
        config.evaluation.num_samples = 26_000  # the literature's: divergences of other counts do not compare
    return config.lock()
