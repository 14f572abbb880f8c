"""The same works in PyTorch, eager, the way PyTorch-GAN writes them; needs torch and NumPy alone.

After wgan_gp.py, dcgan.py and cyclegan.py of https://github.com/eriklindernoren/PyTorch-GAN, changed in architecture,
loss weight and data alone: `zero_grad`, `backward`, `step`; a `DataLoader` that converts picture by picture; no
compilation.
"""

import numpy as np
import torch

from benchmarks import workloads
from benchmarks.contenders import Training
from benchmarks.contenders.torch_eager import cyclegan, data, dcgan, wgan_gp


def build(work: str, arrays: dict[str, np.ndarray], precision: str, *, detached: bool = False) -> Training:
    """A work in float32.

    Args:
        work, arrays, precision: as `works.write_reals` has them; float32.
        detached: whether fakes are cut off from the generator where the critic learns (W1 and W2).
    """
    if precision != "float32":
        raise ValueError(f"this contender trains in float32 alone, not {precision}")
    torch.manual_seed(0)
    np.random.seed(0)  # the published code draws its noise from here
    reals = data.endless(*arrays.values(), batch_size=workloads.BATCH[work])
    if work in wgan_gp.NETWORKS:
        step, modules = wgan_gp.training(work, reals, detached)
    else:
        step, modules = {"W3": dcgan.training, "W4": cyclegan.training}[work](reals)

    def run(steps):
        for _ in range(steps):
            step()

    return Training(run, sum(weight.numel() for module in modules for weight in module.parameters()))
