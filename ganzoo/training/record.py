"""Where the curves and pictures of a training go: to TensorBoard, and to a tracker beside it."""

import sys
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from ganzoo.training.trackers import Tracker, first_line


class Record:
    """Writes each point to both. A tracker that fails, as when its server is gone, is left out; a line says so.

    Args:
        writer: TensorBoard's writer.

    Attributes:
        tracker: a tracker's run while it is open, or None.
    """

    def __init__(self, writer: tf.summary.SummaryWriter):
        self.writer = writer
        self.tracker: Tracker | None = None

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """A point of each curve."""
        with self.writer.as_default(step):
            for name, value in values.items():
                tf.summary.scalar(name, value)
        self._track(lambda tracker: tracker.scalars(step, {name: float(value) for name, value in values.items()}))

    def picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """A picture, uint8 [height, width, 1 or 3]."""
        with self.writer.as_default(step):
            tf.summary.image(name, picture[None])
        self._track(lambda tracker: tracker.picture(step, name, picture))

    def _track(self, write: Callable[[Tracker], None]) -> None:
        if self.tracker is None:
            return
        try:
            write(self.tracker)
        except Exception as error:  # each package has errors of its own, and none should end a training
            self.tracker = None
            note = f"the tracker failed ({first_line(error)}); the run goes on with TensorBoard's curves alone."
            tqdm.write(f"ganzoo: {note}", file=sys.stderr)
