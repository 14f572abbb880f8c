"""Callbacks between the steps of a training. Every callback counts by the model's own step, so that a resumed run
reports, samples and saves at the same steps as an uninterrupted run."""

import math
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from ganzoo.pictures import drawing
from ganzoo.training.checkpoints import Checkpoints
from ganzoo.training.record import Record
from ganzoo.training.start_up import Laps

FIRST_PROFILED, LAST_PROFILED = 10, 20  # the profiled steps, counted from the first step of this process


class EverySteps(keras.callbacks.Callback):
    """Calls `at(step, logs)` at every multiple of `every` and after the last step.

    Args:
        every: the number of steps between two calls.
        steps: the number of steps of the whole training.
    """

    def __init__(self, every: int, steps: int):
        super().__init__()
        self.every, self.steps = every, steps

    def on_train_begin(self, logs=None):
        self._step = self.model.steps_taken

    def on_train_batch_end(self, batch, logs=None):
        before, self._step = self._step, self.model.steps_taken
        if self._step // self.every > before // self.every or self._step == self.steps:
            self.at(self._step, logs)

    def at(self, step: int, logs: dict[str, float]) -> None:
        raise AssertionError("a subclass says what is done")


class Calls(EverySteps):
    """Calls a function every `every` steps.

    Args:
        every, steps: as in `EverySteps`.
        function: takes nothing.
    """

    def __init__(self, every: int, steps: int, function: Callable[[], None]):
        super().__init__(every, steps)
        self._function = function

    def at(self, step, logs):
        self._function()


class Progress(EverySteps):
    """A bar with the time left and the losses, on standard error."""

    def __init__(self, every: int, steps: int):
        super().__init__(every, steps)
        self._bar = None

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        # A log file gets a line every 10 s or more; a terminal gets a moving bar.
        pace = {} if sys.stderr.isatty() else {"mininterval": 10.0, "maxinterval": 60.0}
        self._bar = tqdm(total=self.steps, initial=self._step, unit="step", **pace)

    def on_train_batch_end(self, batch, logs=None):
        before = self._step
        super().on_train_batch_end(batch, logs)
        self._bar.update(self._step - before)

    def at(self, step, logs):
        shown = {
            name: f"{value:.3g}"
            for name, value in logs.items()
            if name.endswith(("loss", "wasserstein", "augment_probability"))
        }
        self._bar.set_postfix(shown, refresh=False)

    def on_train_end(self, logs=None):
        self._bar.close()


class Guard(keras.callbacks.Callback):
    """Stops at the step at which a value is not finite or a loss has diverged, so that no broken model is saved."""

    def __init__(self, threshold: float, checkpoints: Checkpoints):
        super().__init__()
        self.threshold, self.checkpoints = threshold, checkpoints

    def on_train_batch_end(self, batch, logs=None):
        for name, value in logs.items():
            diverged = name.endswith("loss") and abs(value) > self.threshold
            if diverged or not math.isfinite(value):
                raise self.checkpoints.diverged(name, f"{value:.3g}")


class Curves(EverySteps):
    """Curves: the means since the last point, and the gap between the logits of reals and fakes."""

    def __init__(self, every: int, steps: int, record: Record):
        super().__init__(every, steps)
        self.record = record

    def at(self, step, logs):
        gap = {}
        if {"real_logits", "fake_logits"} <= logs.keys():
            gap["logit_gap"] = logs["real_logits"] - logs["fake_logits"]
        self.record.scalars(step, logs | gap)
        self.model.reset_metrics()


class SamplePictures(EverySteps):
    """Writes `samples/step_*.png` and the record's pictures, always of the same latents or inputs; first after a step.

    Args:
        every: the number of steps between two pictures.
        steps: the number of steps of the whole training.
        workdir: the run's folder.
        record: where the pictures go, too.
        picture: -> uint8 [height, width, 1 or 3].
    """

    def __init__(
        self,
        every: int,
        steps: int,
        workdir: Path,
        record: Record,
        picture: Callable[[], np.ndarray],
    ):
        super().__init__(every, steps)
        self.workdir, self.record, self.picture = workdir, record, picture

    def on_train_batch_end(self, batch, logs=None):
        if self._step == 0:
            self.at(self.model.steps_taken, logs)
        super().on_train_batch_end(batch, logs)

    def at(self, step, logs):
        picture = self.picture()
        drawing.write_png(self.workdir / "samples" / f"step_{step:06d}.png", picture)
        self.record.picture(step, "samples", picture)


class Save(EverySteps):
    """Saves checkpoints."""

    def __init__(self, every: int, steps: int, checkpoints: Checkpoints):
        super().__init__(every, steps)
        self.checkpoints = checkpoints

    def at(self, step, logs):
        self.checkpoints.save()


class StopOnSignal(keras.callbacks.Callback):
    """Ctrl-C (or SIGTERM) ends the training after the current step; a second signal ends it at once.

    Attributes:
        stopped: whether a signal came.
    """

    def __init__(self):
        super().__init__()
        self.stopped = False
        self._before: dict[int, Callable] = {}

    def on_train_begin(self, logs=None):
        self._before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}

    def on_train_end(self, logs=None):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def end(self) -> None:
        """Ends the training after the current step, without a signal."""
        self.model.stop_training = True

    def _stop(self, number, frame):
        self.stopped = True
        self.end()
        signal.signal(number, self._before[number])


class Profile(keras.callbacks.Callback):
    """Prints the laps of the start-up after the first step, and writes a profile of steps 10 to 20 for TensorBoard.

    If several steps are compiled into one call, the profile begins and ends with the nearest calls.

    Args:
        laps: the clock of the start-up, with the laps before the training.
        workdir: the folder that gets `plugins/profile/`, where TensorBoard looks for profiles.
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
        if self._is_on and taken >= LAST_PROFILED:
            self._stop()
        elif not (self._is_on or self._is_over) and taken >= FIRST_PROFILED - 1:
            tf.profiler.experimental.start(str(self.workdir))
            self._is_on = True

    def on_train_end(self, logs=None):
        if self._is_on:
            self._stop()

    def _stop(self) -> None:
        tf.profiler.experimental.stop()
        self._is_on, self._is_over = False, True
        print(f"a profile of some steps is in {self.workdir}: tensorboard --logdir {self.workdir}", flush=True)
