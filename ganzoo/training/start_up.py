"""Where the time goes from the command to the first training step, and a profile of some steps after it."""

from pathlib import Path

import keras
import tensorflow as tf

from ganzoo.laps import Laps

FIRST, LAST = 10, 20  # the steps that are profiled, counted from where this start began


class Profile(keras.callbacks.Callback):
    """Prints the laps of the start-up after the first step, and writes a profile of steps 10 to 20 for TensorBoard.

    Where several steps are compiled into one call, it begins and ends with the calls that are nearest.

    Args:
        laps: those before the training.
        workdir: gets `plugins/profile/`, where TensorBoard looks for it.
    """

    def __init__(self, laps: Laps, workdir: Path):
        super().__init__()
        self.laps, self.workdir = laps, workdir
        self._begin, self._is_on, self._is_over = 0, False, False

    def on_train_begin(self, logs=None):
        self._begin = self.model.steps_taken
        self.laps.mark("checkpoints and callbacks")

    def on_train_batch_end(self, batch, logs=None):
        taken = self.model.steps_taken - self._begin
        if "tracing to the first step" not in self.laps.seconds:
            self.laps.mark("tracing to the first step")
            print(f"\n{self.laps.table()}", flush=True)
        if self._is_on and taken >= LAST:
            self._stop()
        elif not (self._is_on or self._is_over) and taken >= FIRST - 1:
            tf.profiler.experimental.start(str(self.workdir))
            self._is_on = True

    def on_train_end(self, logs=None):
        if self._is_on:
            self._stop()

    def _stop(self) -> None:
        tf.profiler.experimental.stop()
        self._is_on, self._is_over = False, True
        print(f"a profile of some steps is in {self.workdir}: tensorboard --logdir {self.workdir}", flush=True)
