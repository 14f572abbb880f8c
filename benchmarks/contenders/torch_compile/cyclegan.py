"""CycleGAN: W4."""

from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn.functional import l1_loss

from benchmarks.contenders.torch_compile.descent import adam, compiled, descend, frozen
from benchmarks.contenders.torch_eager.cyclegan import Pool
from benchmarks.contenders.torch_eager.cyclegan_networks import patch_discriminator, resnet_generator


def squares(scores: torch.Tensor, label: float) -> torch.Tensor:
    return ((scores.float() - label) ** 2).mean()


def distance(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return l1_loss(one.float(), other)


def training(reals: Iterator, precision: str) -> tuple[Callable, list[nn.Module]]:
    """One optimizer for both generators and one for both discriminators; a pool per domain gives the judged fakes.

    Both discriminators learn in one update, which changes no number. A step returns both losses.
    """
    to_b, to_a, judge_a, judge_b = resnet_generator(), resnet_generator(), patch_discriminator(), patch_discriminator()
    of_generators, of_judges = adam(to_b, to_a), adam(judge_a, judge_b)
    pool_a, pool_b = Pool(), Pool()

    def generators_loss(a, b):
        identity = (distance(to_a(a), a) + distance(to_b(b), b)) / 2
        fake_b, fake_a = to_b(a), to_a(b)
        adversarial = (squares(frozen(judge_b, fake_b), 1.0) + squares(frozen(judge_a, fake_a), 1.0)) / 2
        cycle = (distance(to_a(fake_b), a) + distance(to_b(fake_a), b)) / 2
        return adversarial + 10.0 * cycle + 5.0 * identity, fake_a.detach(), fake_b.detach()

    def judges_loss(a, b, shown_a, shown_b):
        of_a = squares(judge_a(a), 1.0) + squares(judge_a(shown_a), 0.0)
        of_b = squares(judge_b(b), 1.0) + squares(judge_b(shown_b), 0.0)
        return (of_a + of_b) / 2

    generators_loss, judges_loss = (compiled(loss, precision) for loss in (generators_loss, judges_loss))

    def step():
        a, b = next(reals)
        of_fakes, fake_a, fake_b = generators_loss(a, b)
        descend(of_fakes, of_generators)
        of_both = judges_loss(a, b, pool_a.exchange(fake_a), pool_b.exchange(fake_b))
        descend(of_both, of_judges)
        return of_fakes, of_both

    return step, [to_b, to_a, judge_a, judge_b]
