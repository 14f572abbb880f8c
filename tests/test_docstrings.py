"""Every example in a docstring of the package runs and prints what the docstring says."""

import ast
import doctest
import importlib
import importlib.util
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo.data.names import SOURCES
from ganzoo.data.reals import Mixture, Reals
from ganzoo.evaluation.registry import METRICS
from ganzoo.networks import FAMILIES
from ganzoo.zoo.registry import ENTRIES


def examples():
    """(module, docstring's owner, docstring) of each docstring with an example.

    They are read from the source: doctest's own search leaves out decorated functions.
    """
    modules = [module.name for module in pkgutil.walk_packages(ganzoo.__path__, "ganzoo.")]
    for module in ["ganzoo", *modules]:
        tree = ast.parse(Path(importlib.util.find_spec(module).origin).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                docstring = ast.get_docstring(node)
                if docstring and ">>>" in docstring:
                    yield module, getattr(node, "name", "module"), docstring


EXAMPLES = [*examples()]
REGISTERS = (ENTRIES, FAMILIES, METRICS, SOURCES)


def points(count, seed):
    """Points of two Gaussians with their mixture."""
    mixture = Mixture(np.array([[-0.5, 0.0], [0.5, 0.0]], np.float32), 0.05)
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=count)
    samples = mixture.centers[labels] + mixture.sigma * rng.standard_normal((count, 2))
    return Reals("two", samples.astype(np.float32), labels, mixture)


@pytest.fixture
def makers(tiny, domains):
    """What an example may use without making it, as functions by name: a small model, and small data of each kind."""
    return {
        "ganzoo": lambda: ganzoo,
        "model": lambda: tiny("gan", (2,)),
        "dataset": lambda: tf.data.Dataset.from_tensors(points(8, 0).samples),
        "train": lambda: points(1000, 0),
        "test": lambda: points(1000, 1),
        "samples": lambda: points(1000, 2).samples,
        "domains": lambda: domains(paired=True),
        "translated": lambda: domains(paired=True).test[1].samples,
    }


@pytest.mark.parametrize(
    "module, owner, docstring", EXAMPLES, ids=[f"{module}.{owner}" for module, owner, _ in EXAMPLES]
)
def test_an_example_prints_what_it_says(module, owner, docstring, makers, tmp_path, monkeypatch):
    """In an empty folder, with the names of its module and those of `makers`."""
    monkeypatch.chdir(tmp_path)
    known = vars(importlib.import_module(module))
    made = {name: make() for name, make in makers.items() if re.search(rf"\b{name}\b", docstring)}
    before = [set(register) for register in REGISTERS]
    test = doctest.DocTestParser().get_doctest(docstring, known | made, f"{module}.{owner}", module, 0)
    report = []
    try:
        failed, attempted = doctest.DocTestRunner().run(test, out=report.append)
    finally:
        for register, names_before in zip(REGISTERS, before, strict=True):
            for name in set(register) - names_before:
                if register._definitions.get(name, ("",))[0] == module:  # an example's own class or function
                    del register[name], register._definitions[name]
    assert attempted
    assert not failed, "".join(report)
