"""The same works in eager PyTorch, as PyTorch-GAN writes them; this package needs torch and NumPy alone.

The modules follow wgan_gp.py, dcgan.py and cyclegan.py of https://github.com/eriklindernoren/PyTorch-GAN. Only
architecture, loss weight and data are changed. A step is `zero_grad`, `backward`, `step`; a `DataLoader` converts
picture by picture; nothing is compiled.
"""

import numpy as np
import torch

from benchmarks import workloads
from benchmarks.contenders import Training
from benchmarks.contenders.torch_eager import cyclegan, data, dcgan, wgan_gp


def build(work: str, arrays: dict[str, np.ndarray], precision: str, *, detached: bool = False) -> Training:
    """The training of a work in float32.

    Args:
        work: a key of `workloads.WORKS`.
        arrays: the work's reals, from `workloads.write_reals`.
        precision: float32.
        detached: whether the critic learns from fakes that are detached from the generator (W1 and W2).

    Raises:
        ValueError: for another precision.
    """
    if precision != "float32":
        raise ValueError(f"this contender trains in float32 alone, not {precision}")
    torch.manual_seed(0)
    np.random.seed(0)  # the published code draws its noise from NumPy
    reals = data.endless(*arrays.values(), batch_size=workloads.BATCH[work])
    if work in wgan_gp.NETWORKS:
        step, modules = wgan_gp.training(work, reals, detached)
    else:
        step, modules = {"W3": dcgan.training, "W4": cyclegan.training}[work](reals)

    def run(steps):
        for _ in range(steps):
            step()

    return Training(run, sum(weight.numel() for module in modules for weight in module.parameters()))
