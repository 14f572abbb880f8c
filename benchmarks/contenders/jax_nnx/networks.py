"""The networks of W1 to W3, with as many weights as ganzoo's."""

import itertools
from collections.abc import Callable

import jax
from flax import nnx

from benchmarks.contenders.jax_nnx.convolutions import Convolution, TransposedConvolution


def leaky_relu(x: jax.Array) -> jax.Array:
    return nnx.leaky_relu(x, 0.2)


def perceptron(inputs: int, outputs: int, activation: Callable, **options) -> nnx.Module:
    """A perceptron of 3 x 512."""
    sizes = itertools.pairwise([inputs, 512, 512, 512])
    hidden = [part for pair in sizes for part in (nnx.Linear(*pair, **options), activation)]
    return nnx.Sequential(*hidden, nnx.Linear(512, outputs, **options))


def generator(latent_dim: int, base: int, widths: tuple[int, ...], **options) -> nnx.Module:
    """base x base x widths[0], then transposed 5 x 5 convolutions to the other widths, each behind a batch norm.

    Each convolution doubles the sides, except the first from 4 pixels, which makes 7.
    """
    layers = [nnx.Linear(latent_dim, base * base * widths[0], use_bias=False, **options)]
    layers.append(lambda x: x.reshape(len(x), base, base, widths[0]))
    side = base
    for inputs, outputs in itertools.pairwise(widths):
        side = 7 if side == 4 else 2 * side
        layers += [nnx.BatchNorm(inputs, momentum=0.9, **options), nnx.relu]
        layers.append(TransposedConvolution(inputs, outputs, 5, side, use_bias=outputs == widths[-1], **options))
    return nnx.Sequential(*layers, jax.numpy.tanh)


def discriminator(batch_norm: bool, **options) -> nnx.Module:
    """5 x 5 convolutions of stride 2 with 32, 64 and 128 channels; its last output has no activation."""
    blocks = []
    for inputs, outputs in itertools.pairwise((1, 32, 64, 128)):
        has_norm = batch_norm and inputs > 1
        blocks.append(Convolution(inputs, outputs, 5, use_bias=not has_norm, **options))
        blocks += [nnx.BatchNorm(outputs, momentum=0.9, **options)] if has_norm else []
        blocks.append(leaky_relu)
    return nnx.Sequential(*blocks, lambda x: x.reshape(len(x), -1), nnx.Linear(128 * 4 * 4, 1, **options))
