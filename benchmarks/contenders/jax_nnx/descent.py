"""What the steps of all works share: an update of a network, and the compilation of a step."""

import functools
from collections.abc import Callable

import jax
import optax
from flax import nnx


def adam(module: nnx.Module) -> nnx.Optimizer:
    return nnx.Optimizer(module, optax.adam(2e-4, b1=0.5, b2=0.999), wrt=nnx.Param)


def descend(module: nnx.Module, optimizer: nnx.Optimizer, loss: Callable) -> tuple[jax.Array, object]:
    """One update of the parameters of `module` against `loss`, module -> (loss, anything); the values of both."""
    values, gradients = nnx.value_and_grad(loss, has_aux=True)(module)
    optimizer.update(module, gradients)
    return values


def compiled(step: Callable, objects: tuple) -> Callable:
    """`step(*objects, *arrays)` as a function of the arrays alone; the objects' state lives in its closure."""
    definition, state = nnx.split(objects)

    @functools.partial(jax.jit, donate_argnums=0)
    def pure(state, *arrays):
        merged = nnx.merge(definition, state)
        losses = step(*merged, *arrays)
        return nnx.state(merged), losses

    def call(*arrays):
        nonlocal state
        state, losses = pure(state, *arrays)
        return losses

    return call
