#!/usr/bin/env bash
# apache-tvm 0.27.0.post1, torch 2.14.1, numpy 2.4.6, Python 3.11, on a CPU.
#
# Guess: TVM's import of a program from torch.export computes what the module computes, or says which operation it
# cannot import.
#
# What happens: it reads the tensors of some operations and not the numbers beside them. In float32:
#
#   module                                            PyTorch    TVM
#   torch.add(1, 10, alpha=0.1)                       2          11
#   torch.sub(1, 10, alpha=0.1)                       0          -9
#   torch.rsub(1, 10, alpha=0.1)                      9.9        9
#   torch.nn.SELU of 1                                1.0507     1
#   torch.nn.SELU of -2                               -1.5202    -1.4468
#   20 times torch.nn.SELU of 1                       2.689      1
#   avg_pool2d of 2 x 2 ones, divisor_override=1      4          1
#
# Nothing warns. SELU is lost on the way: by default the import has PyTorch decompose the program, which makes SELU an
# elu with a scale, and TVM does not read the scale. With run_ep_decomposition=False SELU is right, and alpha is lost
# all the same. ELU and torch.addcmul(..., value=0.1) are right.
#
# Why it matters: "x.add(noise, alpha=sigma)" and "x.sub(gradient, alpha=step)" are how samplers add noise and walk.
# In TVM the noise has deviation 1, and each step is the whole gradient. A network with SELU loses 5 % in each layer.
# What to do: write x + sigma * noise; import SELU with run_ep_decomposition=False or write it as 1.0507009873554805
# times ELU with alpha 1.6732632423543772; and compare the outputs after each import.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q apache-tvm==0.27.0.post1 torch==2.14.1 numpy==2.4.6

cat > "$work/find.py" <<'PYTHON'
import sys
import warnings

import torch
import tvm
from torch import nn
from tvm import relax
from tvm.relax.frontend.torch import from_exported_program

warnings.simplefilter("ignore")


class Module(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def both(function, *inputs, **options):
    """The first number of PyTorch's answer and of TVM's."""
    inputs = tuple(torch.tensor([value] * 4) for value in inputs)
    module = Module(function).eval()
    with torch.no_grad():
        right = module(*inputs)
        program = torch.export.export(module, inputs)
        imported = from_exported_program(program, unwrap_unit_return_tuple=True, **options)
    machine = relax.VirtualMachine(tvm.compile(imported, target="llvm"), tvm.cpu())
    found = machine["main"](*(tvm.runtime.tensor(value.numpy()) for value in inputs)).numpy()
    return [round(float(value.ravel()[0]), 4) for value in (right.numpy(), found)]


def by_hand(x):
    return 1.0507009873554805 * nn.functional.elu(x, alpha=1.6732632423543772)


def pooled(x):
    return nn.functional.avg_pool2d(x.reshape(1, 1, 2, 2), 2, divisor_override=1)


whole = {"run_ep_decomposition": False}
seen = {
    "add": both(lambda x, y: torch.add(x, y, alpha=0.1), 1.0, 10.0),
    "sub": both(lambda x, y: torch.sub(x, y, alpha=0.1), 1.0, 10.0),
    "rsub": both(lambda x, y: torch.rsub(x, y, alpha=0.1), 1.0, 10.0),
    "SELU of 1": both(nn.SELU(), 1.0),
    "SELU of -2": both(nn.SELU(), -2.0),
    "20 times SELU": both(nn.Sequential(*(nn.SELU() for _ in range(20))), 1.0),
    "pooled ones": both(pooled, 1.0),
    "SELU, whole": both(nn.SELU(), 1.0, **whole),
    "add, whole": both(lambda x, y: torch.add(x, y, alpha=0.1), 1.0, 10.0, **whole),
    "ELU of -2": both(nn.ELU(alpha=0.5), -2.0),
    "addcmul": both(lambda x, y: torch.addcmul(x, y, y, value=0.1), 1.0, 10.0),
    "add by hand": both(lambda x, y: x + 0.1 * y, 1.0, 10.0),
    "SELU by hand": both(by_hand, -2.0),
}
expected = {
    "add": [2, 11],
    "sub": [0, -9],
    "rsub": [9.9, 9],
    "SELU of 1": [1.0507, 1],
    "SELU of -2": [-1.5202, -1.4468],
    "20 times SELU": [2.689, 1],
    "pooled ones": [4, 1],
    "SELU, whole": [1.0507, 1.0507],
    "add, whole": [2, 11],
    "ELU of -2": [-0.4323, -0.4323],
    "addcmul": [11, 11],
    "add by hand": [2, 2],
    "SELU by hand": [-1.5202, -1.5202],
}
for name, answers in seen.items():
    print(f"{name:18}", *answers)
if seen != expected:
    sys.exit(f"Changed. Expected: {expected}")
PYTHON

"$work/venv/bin/python" "$work/find.py"
echo "As stated: TVM's import loses alpha, the scale of SELU and the divisor of pools."
