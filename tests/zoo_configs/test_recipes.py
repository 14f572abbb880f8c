import ast
import importlib
import inspect
from pathlib import Path

import pytest

import zoo_configs
from ganzoo import load_config, models
from ganzoo.bases import optimizers
from ganzoo.zoo.recipes import summary
from ganzoo.zoo.registry import in_package as recipes

SHAPES = {
    "sampling": {"mnist_5k": (28, 28, 1), "gaussians25": (2,)},
    "translation": {"digits_mnist2uci": (32, 32, 1), "folder:photos": (128, 128, 3)},
}


@pytest.mark.parametrize("name, dataset", [(name, d) for name in recipes() for d in SHAPES[load_config(name).task]])
def test_a_recipe_builds_its_model(name, dataset):
    """Every key of `config.model` is an argument of the model, and the optimizers exist."""
    config = load_config(name, dataset)
    for key in {"num_classes", "num_domains"} & set(config.model):
        config.model[key] = config.model[key] or 3  # 0 is as many as the data have
    model = models.from_config(config, SHAPES[config.task][dataset])
    assert model.zoo_name == name
    for spec in config.optimizers.values():
        optimizers.build(spec, config.steps)


@pytest.mark.parametrize("name", recipes())
def test_a_recipe_names_its_paper_and_its_command(name):
    text = inspect.getdoc(importlib.import_module(f"zoo_configs.{name}"))
    assert "https://arxiv.org/abs/" in text
    assert f"python -m ganzoo.run --model {name}" in text
    assert summary(name).split(":")[0].lower().replace("-", "_") == name


def test_keys_are_locked():
    with pytest.raises(AttributeError, match="n_critic"):
        load_config("wgan_gp").model.n_crtic = 3


def test_recipes_do_not_import_tensorflow():
    for path in Path(zoo_configs.__file__).parent.glob("*.py"):
        imported = {node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)}
        assert imported <= {"zoo_configs", "ml_collections"}
