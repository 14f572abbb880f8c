"""The networks of W1 to W3, with as many weights as ganzoo's."""

import itertools
from collections.abc import Callable

from torch import nn


def perceptron(inputs: int, outputs: int, activation: Callable[[], nn.Module]) -> nn.Module:
    """A perceptron of 3 x 512."""
    sizes = [inputs, 512, 512, 512]
    hidden = [part for pair in itertools.pairwise(sizes) for part in (nn.Linear(*pair), activation())]
    return nn.Sequential(*hidden, nn.Linear(512, outputs))


def generator(latent_dim: int, base: int, widths: tuple[int, ...]) -> nn.Module:
    """base x base x widths[0], then transposed 5 x 5 convolutions to the other widths, each behind a batch norm.

    Each convolution doubles the sides, except the first from 4 pixels, which makes 7.
    """
    layers = [nn.Linear(latent_dim, base * base * widths[0], bias=False), nn.Unflatten(1, (widths[0], base, base))]
    for level, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        more, is_last = 0 if base == 4 and level == 0 else 1, outputs == widths[-1]
        layers += [nn.BatchNorm2d(inputs), nn.ReLU(inplace=True)]
        layers.append(nn.ConvTranspose2d(inputs, outputs, 5, stride=2, padding=2, output_padding=more, bias=is_last))
    return nn.Sequential(*layers, nn.Tanh())


def discriminator(batch_norm: bool, *last: nn.Module) -> nn.Module:
    """5 x 5 convolutions of stride 2 with 32, 64 and 128 channels."""
    blocks = []
    for inputs, outputs in itertools.pairwise((1, 32, 64, 128)):
        has_norm = batch_norm and inputs > 1
        blocks.append(nn.Conv2d(inputs, outputs, 5, stride=2, padding=2, bias=not has_norm))
        blocks += [nn.BatchNorm2d(outputs)] if has_norm else []
        blocks.append(nn.LeakyReLU(0.2, inplace=True))
    return nn.Sequential(*blocks, nn.Flatten(), nn.Linear(128 * 4 * 4, 1), *last)
