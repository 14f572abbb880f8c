"""DCGAN: W3."""

from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from benchmarks import workloads
from benchmarks.contenders.torch_compile.descent import adam, compiled, descend, frozen
from benchmarks.contenders.torch_eager import networks
from benchmarks.contenders.torch_eager.data import normal


def cross_entropy(logits: torch.Tensor, label: float) -> torch.Tensor:
    """With logits, whose sigmoid bfloat16 would round to 1."""
    logits = logits.float()
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def training(reals: Iterator, precision: str) -> tuple[Callable, list[nn.Module]]:
    """A step trains the generator first; the discriminator then judges the same fakes once more.

    A step returns both losses.
    """
    both = networks.generator(workloads.LATENTS["W3"], 4, (256, 128, 64, 1)), networks.discriminator(True)
    generator, discriminator = (network.to(memory_format=torch.channels_last) for network in both)
    of_generator, of_discriminator = adam(generator), adam(discriminator)

    def generator_loss(latents):
        fake = generator(latents)
        return cross_entropy(frozen(discriminator, fake), 1.0), fake.detach()

    def discriminator_loss(real, fake):
        return (cross_entropy(discriminator(real), 1.0) + cross_entropy(discriminator(fake), 0.0)) / 2

    generator_loss, discriminator_loss = (compiled(loss, precision) for loss in (generator_loss, discriminator_loss))

    def step():
        real = next(reals)
        of_fake, fake = generator_loss(normal(len(real), workloads.LATENTS["W3"]))
        descend(of_fake, of_generator)
        of_both = discriminator_loss(real, fake)
        descend(of_both, of_discriminator)
        return of_fake, of_both

    return step, [generator, discriminator]
