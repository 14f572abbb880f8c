"""Gradients of losses that do not depend on every variable, or that are taken in some steps only."""

from collections.abc import Callable, Sequence

import tensorflow as tf

Gradients = Sequence[tf.Tensor]


def gradients(tape: tf.GradientTape, loss: tf.Tensor, variables: Sequence[tf.Variable]) -> Gradients:
    """Gradients that are 0, not None, where the loss does not depend on a variable."""
    pairs = zip(tape.gradient(loss, variables), variables, strict=True)
    return [tf.zeros_like(variable) if gradient is None else gradient for gradient, variable in pairs]


def is_due(step: tf.Tensor, interval: int) -> tf.Tensor:
    """Whether a step is one of every `interval`-th, the first included; bool []."""
    return tf.equal(step % interval, 0)


def regularised_lazily(
    of_loss: Gradients,
    variables: Sequence[tf.Variable],
    step: tf.Tensor,
    interval: int,
    regulariser: Callable[[], tuple[tf.Tensor, tf.Tensor]],
) -> tuple[Gradients, tf.Tensor]:
    """Gradients, in every `interval`-th step with the gradients of `interval` times a regulariser.

    Lazy regularisation: Karras et al. 2020, https://arxiv.org/abs/1912.04958, section 3.1.

    Args:
        of_loss: the gradients of the main loss.
        variables: the variables of the gradients.
        step: the model's step.
        interval: in steps; 0 is never.
        regulariser: () -> (its loss, another value), both float32 [].

    Returns:
        The gradients, and the regulariser's other value, which is 0 in the steps between.
    """
    if not interval:
        return of_loss, tf.constant(0.0)

    def with_regulariser():
        with tf.GradientTape() as tape:
            loss, value = regulariser()
            loss *= interval
        more = gradients(tape, loss, variables)
        return [one + other for one, other in zip(of_loss, more, strict=True)], value

    return tf.cond(is_due(step, interval), with_regulariser, lambda: ([*of_loss], tf.constant(0.0)))
