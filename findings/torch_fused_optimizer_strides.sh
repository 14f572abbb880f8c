#!/usr/bin/env bash
# torch 2.14.1 on a CPU, numpy 2.4.6, Python 3.11.
#
# Guess: fused=True changes the speed of an optimizer and the last bits of its numbers. For a gradient that it cannot
# take it raises an error, or it takes the gradient's elements where they are, as the plain optimizer does.
#
# What happens: the fused optimizers of the CPU read a gradient's memory from its start, as if it had the strides of its
# weight. If the strides differ, each weight moves by another weight's gradient. Nothing is said.
#
# A usual way to such strides: pictures [n, height, width, channels] from NumPy become [n, channels, height, width] by
# permute(0, 3, 1, 2), and torch.autograd.grad gives the gradients, which are put into .grad. Then the gradient of a
# convolution's kernel lies in memory as the pictures do, and its kernel does not.
#
#   largest difference of a kernel after one step, fused from plain, rate 0.01      SGD      Adam, AdamW, Adagrad
#   gradients by torch.autograd.grad, pictures contiguous                           0        0
#   gradients by torch.autograd.grad, pictures permuted                             0.59     0.02
#   gradients by loss.backward(), pictures permuted                                 0        0
#
# The 0.02 are twice the rate: the first step of these optimizers is the sign of the gradient times the rate.
#
# Why it matters: GANs take gradients by torch.autograd.grad or torch.func.grad for their penalties. Losses still fall
# for a while. What to do: copy each gradient into its weight's layout, torch.empty_like(weight).copy_(gradient), or
# call loss.backward(), which does so, or contiguous() on the pictures.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.14.1 numpy==2.4.6

cat > "$work/find.py" <<'PYTHON'
import sys

import numpy as np
import torch

RATE = 0.01


def kernel(optimizer, fused, permuted, backward):
    """A convolution's kernel after one step."""
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(3, 4, 3)
    pictures = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32))
    pictures = pictures.permute(0, 3, 1, 2)
    loss = layer(pictures if permuted else pictures.contiguous()).square().sum()
    if backward:
        loss.backward()
    else:
        weights = list(layer.parameters())
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights)):
            weight.grad = gradient
    getattr(torch.optim, optimizer)(layer.parameters(), lr=RATE, fused=fused).step()
    return layer.weight.detach()


def difference(*case):
    return (kernel(case[0], True, *case[1:]) - kernel(case[0], False, *case[1:])).abs().max().item()


torch.set_default_device("cpu")
is_as_stated = True
for optimizer in ("SGD", "Adam", "AdamW", "Adagrad"):
    contiguous, permuted = difference(optimizer, False, False), difference(optimizer, True, False)
    by_backward = difference(optimizer, True, True)
    print(f"{optimizer}: contiguous {contiguous:.2g}, permuted {permuted:.2g}, permuted with backward {by_backward:.2g}")
    is_as_stated &= max(contiguous, by_backward) < 1e-5 and permuted > 1.9 * RATE
if not is_as_stated:
    sys.exit("Changed: see the opening comment.")
print("As stated: fused optimizers move weights by the gradients of others where the strides differ.")
PYTHON

"$work/venv/bin/python" "$work/find.py"
