"""What the examples repeat."""

import keras
import tensorflow as tf


def descend(tape: tf.GradientTape, loss: tf.Tensor, network: keras.Model, optimizer: keras.Optimizer) -> None:
    """One step of an optimizer, as all three examples take theirs."""
    variables = network.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
