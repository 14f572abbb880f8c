"""Convolutions of stride 2 whose derivatives XLA computes fast on CPUs, for the layers of Flax.

XLA's own derivative of a transposed convolution by its kernel, and so the second derivative of a convolution, is a
convolution with dilation on both sides, which XLA runs 10 times as slowly as the same sum written as the derivative of
the convolution in the other direction (jax 0.10.2, https://github.com/jax-ml/jax/issues/31662). Each of the two
functions here has the other in its derivative, to any order.
"""

import functools

import jax
from flax import nnx
from jax import lax


def _down(x: jax.Array, kernel: jax.Array) -> jax.Array:
    return lax.conv_general_dilated(x, kernel, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def _kernel_gradient(x: jax.Array, kernel: jax.Array, slopes: jax.Array) -> jax.Array:
    """The derivative of the sum of `slopes` * `_down(x, kernel)` by the kernel."""
    return jax.linear_transpose(lambda kernel: _down(x, kernel), kernel)(slopes)[0]


@jax.custom_vjp
def down(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """[b, h, w, in] by a kernel [kh, kw, in, out] to [b, h / 2, w / 2, out], rounded up, padded as "SAME"."""
    return _down(x, kernel)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def up(x: jax.Array, kernel: jax.Array, side: int) -> jax.Array:
    """The transpose of `down`: [b, h, w, out] by a kernel [kh, kw, in, out] to [b, side, side, in]."""
    given = jax.ShapeDtypeStruct((len(x), side, side, kernel.shape[2]), x.dtype)
    return jax.linear_transpose(lambda big: _down(big, kernel), given)(x)[0]


def _of_down(saved, slopes):
    x, kernel = saved
    return up(slopes, kernel, x.shape[1]), _kernel_gradient(x, kernel, slopes)


def _of_up(side, saved, slopes):
    x, kernel = saved
    return down(slopes, kernel), _kernel_gradient(slopes, kernel, x)


down.defvjp(lambda x, kernel: (down(x, kernel), (x, kernel)), _of_down)
up.defvjp(lambda x, kernel, side: (up(x, kernel, side), (x, kernel)), _of_up)


class Convolution(nnx.Conv):
    """A convolution of stride 2 with padding "SAME"."""

    def __init__(self, inputs: int, outputs: int, size: int, **options):
        def convolve(x, kernel, *_, **__):
            return down(x, kernel)

        super().__init__(inputs, outputs, (size, size), (2, 2), conv_general_dilated=convolve, **options)


class TransposedConvolution(nnx.ConvTranspose):
    """The transpose of a convolution of stride 2, to pictures of `side` x `side` pixels."""

    def __init__(self, inputs: int, outputs: int, size: int, side: int, **options):
        super().__init__(inputs, outputs, (size, size), (2, 2), transpose_kernel=True, **options)
        self.side = side

    def __call__(self, x):
        bias = None if self.bias is None else self.bias[...]
        x, kernel, bias = self.promote_dtype((x, self.kernel[...], bias), dtype=self.dtype)
        y = up(x, kernel, self.side)
        return y if bias is None else y + bias
