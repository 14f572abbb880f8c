"""What the steps of all works share: compiled functions, and updates of weights."""

from collections.abc import Callable

import torch
from torch import nn
from torch.func import functional_call


def compiled(function: Callable, precision: str) -> Callable:
    """`function`, compiled as one graph for one size of batch.

    Networks that it calls compute in bfloat16 where `precision` is mixed_bfloat16; it has to convert their results.
    """

    def in_precision(*arguments):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "mixed_bfloat16"):
            return function(*arguments)

    return torch.compile(in_precision, fullgraph=True, dynamic=False)


def frozen(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The result of a module whose weights get no gradients, so that none are computed."""
    return functional_call(module, {name: weight.detach() for name, weight in module.named_parameters()}, (x,))


def adam(*modules: nn.Module) -> torch.optim.Optimizer:
    weights = [weight for module in modules for weight in module.parameters()]
    return torch.optim.Adam(weights, lr=2e-4, betas=(0.5, 0.999), fused=True)


def descend(loss: torch.Tensor, *optimizers: torch.optim.Optimizer) -> None:
    """One update of the weights of the optimizers against `loss`."""
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
