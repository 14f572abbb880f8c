"""WGAN-GP: W1 and W2. The critic learns from fakes that are detached from the generator, as in `torch_detached`.

The derivative of a compiled function cannot be derived again: AOT autograd has no double backward. The penalty of
`torch_eager`, by `torch.autograd.grad`, is refused inside a compiled function, with and without `trace_autograd_ops`
(torch 2.14.1). Three ways work, with the numbers of eager mode: compiled networks with an eager penalty; a compiled
loss that takes its slopes by `torch.func.grad` and is then differentiated by `backward`; and both derivatives by
`torch.func` in one compiled function. In a trial on W2 the last way alone was faster than eager mode; it stands here.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad_and_value

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
    networks = NETWORKS[work](workloads.LATENTS[work])
    generator, critic = (network.to(memory_format=torch.channels_last) for network in networks)
    of_generator, of_critic = adam(generator), adam(critic)

    def critic_gradients(real, latents, alpha):
        with torch.no_grad():
            fake = generator(latents).float()

        def loss(weights):
            def judge(samples):
                return functional_call(critic, weights, (samples,)).float()

            gap = judge(fake).mean() - judge(real).mean()
            return gap + workloads.PENALTY[work] * penalty(judge, real, fake, alpha)

        return grad_and_value(loss)({name: weight.detach() for name, weight in critic.named_parameters()})

    critic_gradients = compiled(critic_gradients, precision)
    generator_loss = compiled(lambda latents: -frozen(critic, generator(latents)).float().mean(), precision)

    def step():
        for _ in range(workloads.N_CRITIC):
            real = next(reals)
            latents = normal(len(real), workloads.LATENTS[work])
            alpha = torch.Tensor(np.random.random([len(real)] + [1] * (real.ndim - 1)))
            gradients, of_last = critic_gradients(real, latents, alpha)
            for name, weight in critic.named_parameters():
                # The fused optimizer takes a gradient's memory for that of its weight, whatever the strides are
                # (findings/torch_fused_optimizer_strides.sh).
                weight.grad = torch.empty_like(weight).copy_(gradients[name])
            of_critic.step()
        of_fake = generator_loss(latents)
        descend(of_fake, of_generator)
        return of_last, of_fake

    return step, [generator, critic]
