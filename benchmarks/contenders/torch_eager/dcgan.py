"""DCGAN after PyTorch-GAN's dcgan.py: W3."""

from collections.abc import Callable, Iterator

import torch
from torch import nn

from benchmarks import workloads
from benchmarks.contenders.torch_eager import networks
from benchmarks.contenders.torch_eager.data import normal


def training(reals: Iterator) -> tuple[Callable[[], tuple], list[nn.Module]]:
    """A step trains the generator first; the discriminator then judges the same fakes once more.

    A step returns both losses.
    """
    generator = networks.generator(workloads.LATENTS["W3"], 4, (256, 128, 64, 1))
    discriminator = networks.discriminator(True, nn.Sigmoid())
    of_generator = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    of_discriminator = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    cross_entropy = nn.BCELoss()

    def step():
        real = next(reals)
        ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        of_generator.zero_grad()
        fake = generator(normal(len(real), workloads.LATENTS["W3"]))
        of_generated = cross_entropy(discriminator(fake), ones)
        of_generated.backward()
        of_generator.step()

        of_discriminator.zero_grad()
        of_real = cross_entropy(discriminator(real), ones)
        of_fake = cross_entropy(discriminator(fake.detach()), zeros)
        of_both = (of_real + of_fake) / 2
        of_both.backward()
        of_discriminator.step()
        return of_generated, of_both

    return step, [generator, discriminator]
