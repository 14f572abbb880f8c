"""The networks of `torch_eager` with `torch.compile`; this package needs torch, NumPy and a C++ compiler.

Weights have the memory format "channels last", Adam is fused, and losses give no gradients to weights that they do
not train. Data come as in `torch_eager`, but without the smaller batch at an epoch's end, which would be compiled
again. The compiled code is not kept after the process, so that the first step counts its compilation.
"""

import os
import tempfile

import numpy as np
import torch

from benchmarks import workloads
from benchmarks.contenders import Training
from benchmarks.contenders.torch_compile import cyclegan, dcgan, wgan_gp
from benchmarks.contenders.torch_eager import data

CODE = tempfile.TemporaryDirectory()  # removed when the process ends


def build(work: str, arrays: dict[str, np.ndarray], precision: str) -> Training:
    """The training of a work.

    Args:
        work: a key of `workloads.WORKS`.
        arrays: the work's reals, from `workloads.write_reals`.
        precision: float32, or mixed_bfloat16 for `torch.autocast` to bfloat16.
    """
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = CODE.name
    torch.manual_seed(0)
    np.random.seed(0)
    reals = data.endless(*arrays.values(), batch_size=workloads.BATCH[work], drop_last=True)
    if work in wgan_gp.NETWORKS:
        step, modules = wgan_gp.training(work, reals, precision)
    else:
        step, modules = {"W3": dcgan.training, "W4": cyclegan.training}[work](reals, precision)

    def run(steps):
        for _ in range(steps):
            step()

    return Training(run, sum(weight.numel() for module in modules for weight in module.parameters()))
