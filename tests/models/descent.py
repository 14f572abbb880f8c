"""One step of plain gradient descent, by the model and by hand.

Steps are taken without tracing, which one or two do not repay. `bases/test_replicas.py` compares such steps with
traced ones, objective by objective; every objective's short training is traced as well.
"""

import keras
import numpy as np
import tensorflow as tf

RATE = 0.1


def compile_for_descent(model):
    model.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))


def fit_eagerly(model, *data, **how):
    """Keras's history of `fit` without tracing; arguments as of `fit`."""
    model.run_eagerly = True
    return model.fit(*data, verbose=0, **how)


def fit_one_step(model, *data):
    return fit_eagerly(model, tf.data.Dataset.from_tensors(data), shuffle=False)


def values(variables):
    return [variable.numpy() for variable in variables]


def assert_descended(variables, before, gradients):
    """Every variable has moved, by its gradient: what moves it is compared, not where it ends."""
    for variable, old, gradient in zip(variables, before, gradients, strict=True):
        largest = np.abs(gradient).max()
        assert largest > 0, variable.path
        moved = (old.astype(np.float64) - variable.numpy()) / RATE
        # What is left beside rounding is that of the variables themselves, 1e-7 of their size.
        atol = 2e-3 * largest + 1e-6 * np.abs(old).max() / RATE
        np.testing.assert_allclose(moved, gradient, rtol=2e-3, atol=atol, err_msg=variable.path)
