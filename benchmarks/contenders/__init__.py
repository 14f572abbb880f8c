"""Who trains in the benchmarks of speed, each in a process of its own: `ganzoo_fit`, and plain code of equal work.

A contender is a module with `build(work, arrays, precision) -> Training`; `worker` runs it.
"""

from collections.abc import Callable
from typing import NamedTuple


class Training(NamedTuple):
    """A training that can go on for as many steps as it is asked.

    Attributes:
        run: trains for so many steps (generator steps, each with its discriminator steps), and returns when they are
            done.
        weights: trainable numbers of its networks in all.
        flops: counts those of one step from its graph; 0 where nobody does. It is called when nothing is timed.
        steps_at_once: `run` takes multiples of this.
    """

    run: Callable[[int], None]
    weights: int
    flops: Callable[[], float] = lambda: 0.0
    steps_at_once: int = 1
