"""The tasks: what a run does with a model, from the data to the figures. Each kind of model has a module here.

A recipe's `config.task` names the module: "sampling" for models that sample from latents, "translation" for models that
turn pictures into other pictures. All modules have the same functions:

| function | gives |
|---|---|
| `load(config)` | the data, in parts that never mix |
| `settle(config, data)` | nothing; the keys that are 0 for "what the data have" get their values |
| `sizes(data)` | the sizes of the parts, as text |
| `ready(model, data, config)` | a compiled model, or an error before anything is written |
| `train(model, data, config, workdir, strategy, callbacks, evaluated)` | whether the last step was reached |
| `servable(model, data, config, description)` | the contents of the export, for `saved_model.write` |
| `measure(exported, data, config, workdir, samplers)` | the metrics, as in `metrics.json`; the last two are optional |
| `describe(metrics)` | the metrics as text |
| `example(export)` | a command that makes pictures with the export |
"""

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from ml_collections import ConfigDict

from ganzoo import seeds

if TYPE_CHECKING:
    from ganzoo.bases.stepped import TwoOptimizerModel
    from ganzoo.data.parts import Domains, Parts


class Prepared(NamedTuple):
    """The parts of a run, before its first step."""

    task: ModuleType
    model: "TwoOptimizerModel"
    data: "Parts | Domains"


def of(name: str) -> ModuleType:
    """The module of a task, by its name in `config.task`."""
    if name == "translation":
        from ganzoo.tasks import translation

        return translation
    from ganzoo.tasks import latents

    return latents


def prepare(config: ConfigDict, mark: Callable[[str], None] = lambda lap: None) -> Prepared:
    """The task, the compiled model and the data that a resolved config describes.

    The function changes global settings of Keras and TensorFlow: the seed of the initial weights, the precision and
    determinism.

    Args:
        config: a resolved recipe. The keys that are 0 for what the data have get their values, and so does a precision
            that is left to the hardware.
        mark: called with the name of each finished part, as `Laps.mark`.

    Raises:
        GanzooError: for data that cannot be loaded and for any other mistake in the config.
    """
    import keras
    import tensorflow as tf

    from ganzoo import models
    from ganzoo.bases import precision
    from ganzoo.evaluation import extractors

    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    extractors.asked_for(config)  # a wrong file is found now, and loading it draws no random number of the run's
    # The seed of the initial weights; everything else random has its own seed.
    keras.utils.set_random_seed(seeds.uint32(config.seed))
    config.precision = precision.resolve(config.precision)
    precision.choose(config.precision, "--config.precision=float32")

    task = of(config.task)
    mark("imports")
    data = task.load(config)
    task.settle(config, data)
    mark("data")
    model = models.from_config(config, data.shape)
    task.ready(model, data, config)
    mark("building")
    return Prepared(task, model, data)


def for_export(prepared: Prepared, config: ConfigDict) -> "TwoOptimizerModel":
    """The model that an export computes with: the trained one, or its weights in `config.sampling.precision`.

    The function changes Keras's precision, as `prepare` does: the density ratio is then fitted in the same precision.
    """
    from ganzoo import models
    from ganzoo.bases import precision

    policies = {"as_trained": config.precision, "float32": "float32", "bfloat16": "mixed_bfloat16"}
    asked = policies[config.sampling.precision]
    if asked == config.precision:
        return prepared.model
    precision.choose(asked, "--config.sampling.precision=float32")
    return models.with_weights(models.from_config(config, prepared.data.shape), prepared.model)
