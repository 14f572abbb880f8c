"""How good are the samples: each metric a pure function in its own file, and the `Evaluator` that picks the right ones.

>>> evaluator = Evaluator(train, test)                                # two parts of the reals that share nothing
>>> figures = {"generate": evaluator.measure(samples), "floor": evaluator.floor()}
>>> print(format_table(figures))
"""

import importlib

__all__ = ["Evaluator", "arrow", "format_table", "lower_is_better"]

# Imported at first use: a table can be printed without loading TensorFlow.
_homes = {
    "Evaluator": "ganzoo.evaluation.evaluator",
    "arrow": "ganzoo.evaluation.table",
    "format_table": "ganzoo.evaluation.table",
    "lower_is_better": "ganzoo.evaluation.table",
}


def __getattr__(name: str):
    if name not in _homes:
        raise AttributeError(f"module 'ganzoo.evaluation' has no attribute '{name}'")
    return getattr(importlib.import_module(_homes[name]), name)


def __dir__() -> list[str]:
    return __all__
