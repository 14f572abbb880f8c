"""The step of an optimizer, which all three examples repeat."""

import keras
import tensorflow as tf


def descend(tape: tf.GradientTape, loss: tf.Tensor, network: keras.Model, optimizer: keras.Optimizer) -> None:
    """Takes one step of an optimizer on a network's trainable variables."""
    variables = network.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
