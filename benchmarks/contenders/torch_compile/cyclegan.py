"""CycleGAN: W4. Each network is compiled, and the losses are eager.

A step calls the generators six times. As one graph it took over five minutes to compile, and was not faster.
"""

import functools
from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn.functional import l1_loss

from benchmarks.contenders.torch_compile.descent import adam, compiled, descend, frozen
from benchmarks.contenders.torch_eager.cyclegan import Pool
from benchmarks.contenders.torch_eager.cyclegan_networks import patch_discriminator, resnet_generator


def squares(scores: torch.Tensor, label: float) -> torch.Tensor:
    return ((scores - label) ** 2).mean()


def training(reals: Iterator, precision: str) -> tuple[Callable, list[nn.Module]]:
    """One optimizer for both generators and one for both discriminators; a pool per domain gives the judged fakes.

    Both discriminators learn in one update, which changes no number. A step returns both losses.
    """
    modules = [resnet_generator(), resnet_generator(), patch_discriminator(), patch_discriminator()]
    for module in modules:
        module.to(memory_format=torch.channels_last)
    # One compiled function serves all networks of a kind.
    translate, judge = (compiled(lambda module, x: module(x).float(), precision) for _ in range(2))
    judge_frozen = compiled(lambda module, x: frozen(module, x).float(), precision)
    to_b, to_a = (functools.partial(translate, module) for module in modules[:2])
    judge_a, judge_b = (functools.partial(judge, module) for module in modules[2:])
    frozen_a, frozen_b = (functools.partial(judge_frozen, module) for module in modules[2:])
    of_generators, of_judges = adam(*modules[:2]), adam(*modules[2:])
    pool_a, pool_b = Pool(), Pool()

    def step():
        a, b = next(reals)
        identity = (l1_loss(to_a(a), a) + l1_loss(to_b(b), b)) / 2
        fake_b, fake_a = to_b(a), to_a(b)
        adversarial = (squares(frozen_b(fake_b), 1.0) + squares(frozen_a(fake_a), 1.0)) / 2
        cycle = (l1_loss(to_a(fake_b), a) + l1_loss(to_b(fake_a), b)) / 2
        of_fakes = adversarial + 10.0 * cycle + 5.0 * identity
        descend(of_fakes, of_generators)

        of_a = squares(judge_a(a), 1.0) + squares(judge_a(pool_a.exchange(fake_a)), 0.0)
        of_b = squares(judge_b(b), 1.0) + squares(judge_b(pool_b.exchange(fake_b)), 0.0)
        of_both = (of_a + of_b) / 2
        descend(of_both, of_judges)
        return of_fakes, of_both

    return step, modules
