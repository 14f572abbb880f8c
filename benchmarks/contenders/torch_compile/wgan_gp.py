"""WGAN-GP: W1 and W2. The critic learns from fakes that are detached from the generator, as in `torch_detached`.

The derivative of a compiled function cannot be derived again ("torch.compile with aot_autograd does not currently
support double backward"), so the penalty's slopes have to be computed inside.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn

from benchmarks import workloads
from benchmarks.contenders.torch_compile.descent import adam, compiled, descend, frozen
from benchmarks.contenders.torch_eager.data import normal
from benchmarks.contenders.torch_eager.wgan_gp import NETWORKS


def penalty(critic: Callable, real: torch.Tensor, fake: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """The penalty on the norm of the critic's gradient at the point alpha between each real and a fake."""
    between = alpha * real + (1 - alpha) * fake
    slopes = torch.func.grad(lambda points: critic(points).float().sum())(between)
    return ((slopes.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


def training(work: str, reals: Iterator, precision: str) -> tuple[Callable, list[nn.Module]]:
    """A step of the generator after `N_CRITIC` steps of the critic, each on its own batch; it returns both losses.

    As in `torch_eager`, the generator reuses the latents of the last critic step.
    """
    generator, critic = NETWORKS[work](workloads.LATENTS[work])
    of_generator, of_critic = adam(generator), adam(critic)

    def critic_loss(real, latents, alpha):
        with torch.no_grad():
            fake = generator(latents).float()
        gap = critic(fake).float().mean() - critic(real).float().mean()
        return gap + workloads.PENALTY[work] * penalty(critic, real, fake, alpha)

    critic_loss = compiled(critic_loss, precision)
    generator_loss = compiled(lambda latents: -frozen(critic, generator(latents)).float().mean(), precision)

    def step():
        for _ in range(workloads.N_CRITIC):
            real = next(reals)
            latents = normal(len(real), workloads.LATENTS[work])
            alpha = torch.Tensor(np.random.random([len(real)] + [1] * (real.ndim - 1)))
            of_last = critic_loss(real, latents, alpha)
            descend(of_last, of_critic)
        of_fake = generator_loss(latents)
        descend(of_fake, of_generator)
        return of_last, of_fake

    return step, [generator, critic]
