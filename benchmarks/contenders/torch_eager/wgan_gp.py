"""WGAN-GP after PyTorch-GAN's wgan_gp.py: W1 and W2."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import autograd, nn

from benchmarks import workloads
from benchmarks.contenders.torch_eager import networks
from benchmarks.contenders.torch_eager.data import normal


def _perceptrons(latent_dim: int) -> tuple[nn.Module, nn.Module]:
    critic = networks.perceptron(2, 1, lambda: nn.LeakyReLU(0.2, inplace=True))
    return networks.perceptron(latent_dim, 2, lambda: nn.ReLU(inplace=True)), critic


def _convolutions(latent_dim: int) -> tuple[nn.Module, nn.Module]:
    return networks.generator(latent_dim, 7, (128, 64, 1)), networks.discriminator(batch_norm=False)


NETWORKS = {"W1": _perceptrons, "W2": _convolutions}


def penalty(critic: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """The penalty on the norm of the critic's gradient at a random point between each real and a fake."""
    alpha = torch.Tensor(np.random.random([len(real)] + [1] * (real.ndim - 1)))
    between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    scores = critic(between)
    ones = torch.ones_like(scores)
    (slopes,) = autograd.grad(scores, between, grad_outputs=ones, create_graph=True, retain_graph=True)
    return ((slopes.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


def training(work: str, reals: Iterator, detached: bool) -> tuple[Callable[[], tuple], list[nn.Module]]:
    """A step of the generator after `N_CRITIC` steps of the critic, each on its own batch; it returns both losses.

    As published, the generator reuses the latents of the last critic step. Unless `detached`, the critic's loss also
    goes back through the generator, whose gradients are then thrown away.
    """
    generator, critic = NETWORKS[work](workloads.LATENTS[work])
    of_generator = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    of_critic = torch.optim.Adam(critic.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def step():
        for _ in range(workloads.N_CRITIC):
            real = next(reals)
            of_critic.zero_grad()
            latents = normal(len(real), workloads.LATENTS[work])
            fake = generator(latents).detach() if detached else generator(latents)
            on_real, on_fake = critic(real), critic(fake)
            gap = -on_real.mean() + on_fake.mean()
            of_last = gap + workloads.PENALTY[work] * penalty(critic, real.data, fake.data)
            of_last.backward()
            of_critic.step()
            of_generator.zero_grad()
        of_fake = -critic(generator(latents)).mean()
        of_fake.backward()
        of_generator.step()
        return of_last, of_fake

    return step, [generator, critic]
