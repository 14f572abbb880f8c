"""One step of plain gradient descent, by the model and by hand."""

import keras
import numpy as np
import tensorflow as tf

RATE = 0.1


def compile_for_descent(model):
    model.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))


def fit_one_step(model, *data):
    model.fit(tf.data.Dataset.from_tensors(data), shuffle=False, verbose=0)


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
