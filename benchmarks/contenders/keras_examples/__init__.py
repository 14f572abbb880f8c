"""The same works the way the examples of keras.io write them: plain layers, a `train_step`, plain optimizers, `fit`.

After https://keras.io/examples/generative/wgan_gp/, dcgan_overriding_train_step/ and cyclegan/, which are changed in
architecture, loss weight and data alone, to be of equal work: what they do twice or in sequence they do here, too, and
`fit` is given what theirs is given. Each module has a model and the `data` of it.
"""

import keras
import numpy as np
import tensorflow as tf

from benchmarks import flops, workloads
from benchmarks.contenders import Training
from benchmarks.contenders.keras_examples import cyclegan, dcgan, wgan_gp


def build(work: str, arrays: dict[str, np.ndarray], precision: str) -> Training:
    """A work; `arrays` as `works.write_reals` has them."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(precision)
    make = {"W1": wgan_gp.on_points, "W2": wgan_gp.on_digits, "W3": dcgan.on_digits, "W4": cyclegan.on_digits}
    data = {"W1": wgan_gp.data, "W2": wgan_gp.data, "W3": dcgan.data, "W4": cyclegan.data}
    model, given = make[work](), data[work](*arrays.values(), workloads.BATCH[work])

    def run(steps):
        fit(model, steps, given)

    # Batches have a free size, as in the examples; operations are counted where it is fixed.
    spec = tf.TensorSpec((workloads.BATCH[work], *workloads.WORKS[work].images))
    specs = (spec, spec) if work == "W4" else spec
    weights = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    return Training(run, weights, lambda: flops.of_step(model.train_step, specs))


def fit(model: keras.Model, steps: int, given: dict) -> None:
    """Epoch after epoch, as the examples do, for exactly so many steps; `given` are the data as `fit` takes them."""
    model.fit(**given, epochs=steps, verbose=0, callbacks=[StopAfter(steps)])


class StopAfter(keras.callbacks.Callback):
    """Ends `fit` in the middle of an epoch, when so many steps are taken."""

    def __init__(self, steps: int):
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            self.model.stop_training = True
