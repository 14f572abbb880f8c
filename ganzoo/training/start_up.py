"""A clock for the parts of a start-up, from the command to the first training step.

Light: a run starts the clock before TensorFlow is imported.
"""

import time
from collections.abc import Callable


class Laps:
    """Seconds from mark to mark; the first lap begins when the object is made.

    Args:
        clock: -> seconds since any fixed time.

    Attributes:
        seconds: each lap's seconds by the mark's name, in order; laps of the same name are summed.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter):
        self._clock, self._last = clock, clock()
        self.seconds: dict[str, float] = {}

    def mark(self, name: str) -> None:
        """Ends a lap."""
        now = self._clock()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now

    def table(self) -> str:
        """A line for each lap, and their sum."""
        lines = [*self.seconds.items(), ("in all", sum(self.seconds.values()))]
        width = max(len(name) for name, _ in lines)
        return "\n".join(f"{name:{width}}  {seconds:6.2f} s" for name, seconds in lines)
