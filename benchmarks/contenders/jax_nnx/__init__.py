"""The same works in Flax NNX with `jax.jit` and optax; this package needs jax, flax, optax and NumPy alone.

A whole step is one compiled function of the split state of networks, optimizers and random numbers, as Flax's guide on
performance recommends; its buffers are donated. Objectives and order of updates are those of `torch_detached` and
`torch_eager`. Without a data loader of JAX's own, batches are taken from an array in memory, and pictures are scaled in
the compiled step.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from benchmarks import workloads
from benchmarks.contenders import Training
from benchmarks.contenders.jax_nnx import cyclegan, data, dcgan, wgan_gp
from benchmarks.contenders.jax_nnx.descent import compiled


def build(work: str, arrays: dict[str, np.ndarray], precision: str) -> Training:
    """The training of a work.

    Args:
        work: a key of `workloads.WORKS`.
        arrays: the work's reals, from `workloads.write_reals`.
        precision: float32, or mixed_bfloat16 for weights in float32 that compute in bfloat16.
    """
    options = dict(dtype=jnp.bfloat16 if precision == "mixed_bfloat16" else jnp.float32, rngs=nnx.Rngs(0))
    make = {"W3": dcgan.training, "W4": cyclegan.training}
    one_step, modules, others = wgan_gp.training(work, options) if work not in make else make[work](options)
    batches = data.endless(*arrays.values(), batch_size=workloads.BATCH[work], at_once=data.BATCHES.get(work, 1))
    step = compiled(one_step, (*modules, *others))

    def run(steps):
        for _ in range(steps):
            losses = step(*next(batches))
        jax.block_until_ready(losses)

    weights = sum(leaf.size for module in modules for leaf in jax.tree.leaves(nnx.state(module, nnx.Param)))
    return Training(run, weights)
