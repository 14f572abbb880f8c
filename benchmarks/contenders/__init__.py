"""The contenders in the benchmarks of speed, each in its own process: `ganzoo_fit`, and plain code of equal work.

A contender is a module with `build(work, arrays, precision) -> Training`; `worker` runs it.
"""

from collections.abc import Callable
from typing import NamedTuple


class Training(NamedTuple):
    """A training that goes on for any number of steps.

    Attributes:
        run: trains for the given number of generator steps, each with its discriminator steps, and returns afterwards.
        weights: the number of trainable weights of all networks.
        flops: counts the floating-point operations of one step from its graph; gives 0 for a contender whose operations
            are not counted. It is called while nothing is timed.
        steps_at_once: `run` takes multiples of this number.
    """

    run: Callable[[int], None]
    weights: int
    flops: Callable[[], float] = lambda: 0.0
    steps_at_once: int = 1
