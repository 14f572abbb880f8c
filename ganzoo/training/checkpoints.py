"""Checkpoints of a run: everything that training needs to go on exactly, the last few kept."""

from pathlib import Path

import keras
import tensorflow as tf

from ganzoo.errors import GanzooError, plain_words


class Checkpoints:
    """The folder `checkpoints/` of a workdir.

    Written by TensorFlow's CheckpointManager: a checkpoint counts only once its index, and then the manager's state
    file, have been renamed into place, so that a run killed in the middle of writing goes on from the one before.

    Args:
        workdir: the run's folder.
        model: compiled; its networks, averages, optimizers and counters are what is saved.
        keep: how many checkpoints to keep.
    """

    def __init__(self, workdir: Path, model: keras.Model, keep: int):
        self._model = model
        self._checkpoint = tf.train.Checkpoint(model=model)
        self._manager = tf.train.CheckpointManager(self._checkpoint, str(workdir / "checkpoints"), max_to_keep=keep)

    @property
    def latest(self) -> str | None:
        """The path of the newest one."""
        return self._manager.latest_checkpoint

    def save(self) -> None:
        """Writes one for the model's current step, unless it is there.

        Raises:
            GanzooError: if it cannot be written, as on a full disk; those before it stay.
        """
        step = self._model.steps_taken
        if self.latest is not None and self.latest.endswith(f"-{step}"):
            return
        try:
            self._manager.save(checkpoint_number=step)
        except tf.errors.OpError as error:
            raise GanzooError(
                f"the checkpoint of step {step} could not be written: {plain_words(error.message)}. "
                f"With room made, the same command goes on from {self.latest or 'the beginning'}."
            ) from error

    def restore(self, step: int | None = None) -> int:
        """Loads the newest that can be read, and returns its step; 0 where there is none.

        Args:
            step: loads that step's and no other.

        Raises:
            GanzooError: if there are checkpoints, and none can be read, or none of the step that is asked for.
        """
        paths = list(reversed(self._manager.checkpoints))
        if step is not None:
            kept = {int(path.rpartition("-")[2]): path for path in paths}
            if step not in kept:
                there = ", ".join(map(str, sorted(kept))) or "none"
                raise GanzooError(f"no checkpoint of step {step} in {self._manager.directory}. There are: {there}.")
            paths = [kept[step]]
        for path in paths:
            try:
                self._checkpoint.restore(path).assert_existing_objects_matched()
            except (
                tf.errors.OpError,
                AssertionError,
                IndexError,
                ValueError,
            ) as error:  # a short read is an IndexError
                said = f"{path} cannot be read ({str(error).splitlines()[0]})"
                if step is not None:
                    raise GanzooError(f"{said}. Ask for another step.") from error
                print(f"ganzoo: {said}; trying the one before.")
            else:
                return self._model.steps_taken
        if paths:
            raise GanzooError(f"none of the checkpoints in {self._manager.directory} can be read; remove the folder.")
        return 0
