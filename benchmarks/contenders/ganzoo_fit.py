"""ganzoo's own models, trained with ganzoo's input pipeline through `fit`."""

import keras
import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from benchmarks import flops, workloads
from benchmarks.contenders import Training
from ganzoo import models
from ganzoo.bases.stepped import TwoOptimizerModel
from ganzoo.data.parts import Domains
from ganzoo.data.pipeline import batches, domain_pairs
from ganzoo.data.reals import Reals
from ganzoo.training import loop

ENDLESS = 10_000_000


def build(work: str, arrays: dict[str, np.ndarray], precision: str) -> Training:
    """The training of a work by its recipe; `arrays` come from `workloads.write_reals`."""
    config, model, data = prepared(work, arrays, precision)

    def run(steps):
        model.fit(data, steps_per_epoch=steps, shuffle=False, verbose=0)

    trainable = [*model.generator_variables, *model.discriminator_variables]
    weights = sum(int(np.prod(variable.shape)) for variable in trainable)
    return Training(
        run, weights, lambda: flops.of_step(model.train_step, data.element_spec), config.steps_per_execution
    )


def prepared(
    work: str, arrays: dict[str, np.ndarray], precision: str
) -> tuple[ConfigDict, TwoOptimizerModel, tf.data.Dataset]:
    """The recipe of a work, its compiled model and its endless batches; the arguments are those of `build`."""
    config = workloads.configured(work)
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(precision)
    model = models.from_config(config, workloads.WORKS[work].images)
    loop.compile_for(model, config)
    where = dict(seed=0, steps=ENDLESS, draws=model.n_critic)
    if "a" in arrays:
        both = tuple(Reals(key, arrays[key]) for key in "ab")
        domains = Domains(work, ("a", "b"), both, both, paired=False)
        jitter = dict(image_size=config.data.image_size, flip=False)
        data = domain_pairs(domains, config.batch_size, **where, **jitter)
    else:
        data = batches(arrays["reals"], config.batch_size, **where)
    return config, model, data
