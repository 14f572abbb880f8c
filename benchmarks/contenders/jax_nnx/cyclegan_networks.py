"""The networks of W4, with as many weights as ganzoo's."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import nnx

from benchmarks import workloads
from benchmarks.contenders.jax_nnx.convolutions import Convolution, TransposedConvolution
from benchmarks.contenders.jax_nnx.networks import leaky_relu


def reflection_pad(margin: int) -> Callable[[jax.Array], jax.Array]:
    return lambda x: jnp.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="reflect")


class ResidualBlock(nnx.Module):
    """Two 3 x 3 convolutions with padding by reflection, and a skip connection around them."""

    def __init__(self, width: int, **options):
        def half():
            convolution = nnx.Conv(width, width, (3, 3), padding="VALID", use_bias=False, **options)
            return [reflection_pad(1), convolution, nnx.InstanceNorm(width, **options)]

        self.block = nnx.Sequential(*half(), nnx.relu, *half())

    def __call__(self, x):
        return x + self.block(x)


def resnet_generator(width: int = 32, blocks: int = 6, **options) -> nnx.Module:
    def normalised(kind, inputs, outputs, *sizes, **more):
        convolution = kind(inputs, outputs, *sizes, use_bias=False, **more, **options)
        return [convolution, nnx.InstanceNorm(outputs, **options), nnx.relu]

    side = workloads.WORKS["W4"].images[0]
    layers = [reflection_pad(3), *normalised(nnx.Conv, 1, width, (7, 7), padding="VALID")]
    for level in (1, 2):
        outputs = width * 2**level
        layers += normalised(Convolution, outputs // 2, outputs, 3)
    layers += [ResidualBlock(width * 4, **options) for _ in range(blocks)]
    for level in (1, 0):
        outputs = width * 2**level
        layers += normalised(TransposedConvolution, outputs * 2, outputs, 3, side // 2**level)
    return nnx.Sequential(*layers, reflection_pad(3), nnx.Conv(width, 1, (7, 7), padding="VALID", **options), jnp.tanh)


def patch_discriminator(width: int = 32, **options) -> nnx.Module:
    layers, inputs = [], 1
    for level, stride in enumerate((2, 2, 2, 1)):
        outputs, bias = width * 2**level, dict(use_bias=level == 0)
        layers.append(nnx.Conv(inputs, outputs, (4, 4), strides=(stride, stride), padding=1, **bias, **options))
        layers += [nnx.InstanceNorm(outputs, **options)] if level else []
        layers.append(leaky_relu)
        inputs = outputs
    return nnx.Sequential(*layers, nnx.Conv(inputs, 1, (4, 4), padding=1, **options))
