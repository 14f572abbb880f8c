"""Where the time goes from the command to the first training step: a clock for a sequence of things to do.

Light: a run starts the clock before TensorFlow is imported.
"""

import time
from collections.abc import Callable


class Laps:
    """Seconds from mark to mark, the first from when this was made.

    Args:
        clock: seconds, from whenever.

    Attributes:
        seconds: by the mark's name, in order; marks of the same name are summed.
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
