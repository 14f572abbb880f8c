"""What a run does with a model, from the data to the figures: a module for each kind of model, with the same functions.

A recipe's `config.task` names it: "sampling" for what samples from latents, "translation" for what turns pictures into
others. Each module has

| function | gives |
|---|---|
| `load(config)` | the data, in the parts that never mix |
| `sizes(data)` | how much of each, for people |
| `ready(model, data, config)` | a compiled model, or an error before anything is written |
| `train(model, data, config, workdir)` | whether the last step was reached |
| `export(model, data, config, workdir, description)` | the folder of the export's new version |
| `measure(exported, data, config, workdir, samplers)` | the metrics, as in `metrics.json`; no need of the last two |
| `describe(metrics)` | them for people |
| `example(export)` | a command that makes pictures with the export |
"""

import importlib
from types import ModuleType


def of(name: str) -> ModuleType:
    """The module of a task."""
    return importlib.import_module(f"ganzoo.tasks.{name}")
