"""`torch_eager` but for one thing: the fakes that the critic of a WGAN-GP learns from are cut off from the generator.

So does https://github.com/kwotsin/mimicry (torch_mimicry/nets/wgan_gp), and saves the way back through the generator.
"""

import functools

from benchmarks.contenders import torch_eager

build = functools.partial(torch_eager.build, detached=True)
