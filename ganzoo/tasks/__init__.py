"""What a run does with a model, from the data to the figures: a module for each kind of model, with the same functions.

A recipe's `config.task` names it: "sampling" for what samples from latents, "translation" for what turns pictures into
others. Each module has

| function | gives |
|---|---|
| `load(config)` | the data, in the parts that never mix |
| `sizes(data)` | how much of each, for people |
| `ready(model, data, config)` | a compiled model, or an error before anything is written |
| `train(model, data, config, workdir, strategy, callbacks)` | whether the last step was reached |
| `servable(model, data, config, description)` | what the export consists of, for `saved_model.write` |
| `measure(exported, data, config, workdir, samplers)` | the metrics, as in `metrics.json`; no need of the last two |
| `describe(metrics)` | them for people |
| `example(export)` | a command that makes pictures with the export |
"""

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from ml_collections import ConfigDict

if TYPE_CHECKING:
    from ganzoo.bases.stepped import SteppedModel
    from ganzoo.data.parts import Domains, Parts


class Prepared(NamedTuple):
    """What a run is made of, before its first step."""

    task: ModuleType
    model: "SteppedModel"
    data: "Parts | Domains"


def of(name: str) -> ModuleType:
    """The module of a task, by the name that `config.task` has for it."""
    if name == "translation":
        from ganzoo.tasks import translation

        return translation
    from ganzoo.tasks import latents

    return latents


def prepare(config: ConfigDict, mark: Callable[[str], None] = lambda lap: None) -> Prepared:
    """The task, the compiled model and the data that a resolved config describes.

    It sets what is global to Keras and TensorFlow: the seed of the initial weights, the precision, determinism.

    Args:
        config: a resolved recipe.
        mark: told when each part has been done, as `Laps.mark`.

    Raises:
        GanzooError: for data that cannot be had and for whatever else is wrong with the config.
    """
    import keras
    import tensorflow as tf

    from ganzoo import models

    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(config.seed)  # the initial weights; all else has seeds of its own
    keras.config.set_dtype_policy(config.precision)

    task = of(config.task)
    mark("imports")
    data = task.load(config)
    mark("data")
    model = models.from_config(config, data.shape)
    task.ready(model, data, config)
    mark("building")
    return Prepared(task, model, data)
