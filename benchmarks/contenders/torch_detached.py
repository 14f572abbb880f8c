"""`torch_eager` with one difference: a WGAN-GP's critic learns from fakes that are detached from the generator.

https://github.com/kwotsin/mimicry (torch_mimicry/nets/wgan_gp) does the same. It saves a backward pass through the
generator.
"""

import functools

from benchmarks.contenders import torch_eager

build = functools.partial(torch_eager.build, detached=True)
