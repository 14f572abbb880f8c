"""CycleGAN after PyTorch-GAN's cyclegan.py: W4."""

import itertools
import random
from collections.abc import Callable, Iterator

import torch
from torch import nn

from benchmarks.contenders.torch_eager.cyclegan_networks import patch_discriminator, resnet_generator


class Pool:
    """A pool of 50 fakes. Once it is full, half of the new fakes replace an old fake, which is shown instead."""

    def __init__(self, size: int = 50):
        self.size, self.kept = size, []

    def exchange(self, fakes: torch.Tensor) -> torch.Tensor:
        shown = []
        for fake in fakes.data.split(1):
            if len(self.kept) < self.size:
                self.kept.append(fake)
            elif random.random() > 0.5:
                index = random.randrange(self.size)
                self.kept[index], fake = fake, self.kept[index].clone()
            shown.append(fake)
        return torch.cat(shown)


def training(reals: Iterator) -> tuple[Callable[[], tuple], list[nn.Module]]:
    """One optimizer for both generators and one for each discriminator; a pool per domain gives the judged fakes.

    A step returns the generators' loss and the discriminators'.
    """
    to_b, to_a, judge_a, judge_b = resnet_generator(), resnet_generator(), patch_discriminator(), patch_discriminator()
    options = dict(lr=2e-4, betas=(0.5, 0.999))
    of_generators = torch.optim.Adam(itertools.chain(to_b.parameters(), to_a.parameters()), **options)
    of_a, of_b = (torch.optim.Adam(judge.parameters(), **options) for judge in (judge_a, judge_b))
    squares, distance = nn.MSELoss(), nn.L1Loss()
    pool_a, pool_b = Pool(), Pool()

    def judged(judge, optimizer, real, fake):
        optimizer.zero_grad()
        on_real, on_fake = judge(real), judge(fake.detach())
        of_real, of_fake = squares(on_real, torch.ones_like(on_real)), squares(on_fake, torch.zeros_like(on_fake))
        loss = (of_real + of_fake) / 2
        loss.backward()
        optimizer.step()
        return loss

    def step():
        a, b = next(reals)
        of_generators.zero_grad()
        identity = (distance(to_a(a), a) + distance(to_b(b), b)) / 2
        fake_b, fake_a = to_b(a), to_a(b)
        on_a, on_b = judge_a(fake_a), judge_b(fake_b)
        adversarial = (squares(on_b, torch.ones_like(on_b)) + squares(on_a, torch.ones_like(on_a))) / 2
        cycle = (distance(to_a(fake_b), a) + distance(to_b(fake_a), b)) / 2
        of_fakes = adversarial + 10.0 * cycle + 5.0 * identity
        of_fakes.backward()
        of_generators.step()
        loss_a = judged(judge_a, of_a, a, pool_a.exchange(fake_a))
        return of_fakes, loss_a + judged(judge_b, of_b, b, pool_b.exchange(fake_b))

    return step, [to_b, to_a, judge_a, judge_b]
