"""The same works as the examples of keras.io write them: plain layers, a `train_step`, plain optimizers, `fit`.

The modules follow https://keras.io/examples/generative/wgan_gp/, dcgan_overriding_train_step/ and cyclegan/. Only
architecture, loss weight and data are changed, so that the work is equal. Computations that an example repeats or does
one after the other stay so here, and `fit` gets the same kind of data. Each module has a model and its `data`.
"""

import keras
import numpy as np
import tensorflow as tf

from benchmarks import flops, workloads
from benchmarks.contenders import Training
from benchmarks.contenders.keras_examples import cyclegan, dcgan, wgan_gp


def build(work: str, arrays: dict[str, np.ndarray], precision: str) -> Training:
    """The training of a work; `arrays` come from `workloads.write_reals`."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(precision)
    make = {"W1": wgan_gp.on_points, "W2": wgan_gp.on_digits, "W3": dcgan.on_digits, "W4": cyclegan.on_digits}
    data = {"W1": wgan_gp.data, "W2": wgan_gp.data, "W3": dcgan.data, "W4": cyclegan.data}
    model, fit_arguments = make[work](), data[work](*arrays.values(), workloads.BATCH[work])

    def run(steps):
        fit(model, steps, fit_arguments)

    # The examples' batches have a free size; operations are counted for a fixed size.
    spec = tf.TensorSpec((workloads.BATCH[work], *workloads.WORKS[work].images))
    specs = (spec, spec) if work == "W4" else spec
    weights = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    return Training(run, weights, lambda: flops.of_step(model.train_step, specs))


def fit(model: keras.Model, steps: int, data: dict) -> None:
    """Trains epoch after epoch, as in the examples, for exactly `steps` steps; `data` are arguments for Keras's fit."""
    model.fit(**data, epochs=steps, verbose=0, callbacks=[StopAfter(steps)])


class StopAfter(keras.callbacks.Callback):
    """Ends `fit` after a number of steps, even in the middle of an epoch."""

    def __init__(self, steps: int):
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            self.model.stop_training = True
