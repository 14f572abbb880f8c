"""Checkpoints of a run: the whole state that an exact resume needs. The last few are kept."""

import math
from pathlib import Path

import keras
import tensorflow as tf

from ganzoo.errors import GanzooError, plain_words

FOLDER = "checkpoints"
EXPORT_GRAPHS = 10_000_000  # bytes of an export besides its weights: the graphs of its signatures, warm-up requests


def bytes_of_run(model: keras.Model, keep: int) -> int:
    """About how much a run writes: its checkpoints, one more while it is written, and the export beside its draft."""
    optimizers = [*model.generator_optimizer.variables, *model.discriminator_optimizer.variables]
    weights, states = (
        sum(math.prod(v.shape) * tf.as_dtype(v.dtype).size for v in of) for of in (model.variables, optimizers)
    )
    return (keep + 1) * (weights + states) + 2 * weights + EXPORT_GRAPHS


def best(workdir: Path, model: keras.Model) -> "Checkpoints":
    """The best checkpoint of a run, which `ganzoo.training.validation` keeps."""
    return Checkpoints(workdir, model, 1, folder=f"{FOLDER}/best")


class Checkpoints:
    """A folder of checkpoints in a workdir.

    TensorFlow's CheckpointManager writes the checkpoints. A checkpoint is valid only after its index, and then the
    manager's state file, have been renamed into place. A run that is killed while writing therefore resumes from the
    previous checkpoint.

    Args:
        workdir: the run's folder.
        model: a compiled model, whose networks, averages, optimizers and counters are saved.
        keep: the number of checkpoints to keep.
        folder: the folder's name in the workdir.
    """

    def __init__(self, workdir: Path, model: keras.Model, keep: int, *, folder: str = FOLDER):
        self._model = model
        self._checkpoint = tf.train.Checkpoint(model=model)
        self.restored: str | None = None  # the path of the checkpoint that was loaded
        self._manager = tf.train.CheckpointManager(self._checkpoint, str(workdir / folder), max_to_keep=keep)

    @property
    def latest(self) -> str | None:
        """The path of the newest checkpoint, or None."""
        return self._manager.latest_checkpoint

    @property
    def latest_step(self) -> int | None:
        """The step of the newest checkpoint, or None."""
        return None if self.latest is None else _step(self.latest)

    def save(self) -> None:
        """Writes a checkpoint of the model's current step, unless it exists already.

        Raises:
            GanzooError: if a weight is not finite, and if the checkpoint cannot be written, as on a full disk; earlier
                checkpoints stay.
        """
        step = self._model.steps_taken
        if self.latest_step == step:
            return
        # The losses can be finite all the same: oneDNN's ReLU of NaN is 0 (findings/fused_relu_hides_nan.sh).
        if broken := next((weight.path for weight in self._model.weights if not _is_finite(weight)), None):
            raise self.diverged(f"the weight {broken}", "not finite")
        try:
            self._manager.save(checkpoint_number=step)
        except tf.errors.OpError as error:
            raise GanzooError(
                f"the checkpoint of step {step} could not be written: {plain_words(error.message)}. "
                f"With room made, the same command goes on from {self.latest or 'the beginning'}."
            ) from error

    def diverged(self, name: str, value: str) -> GanzooError:
        """The error for a model of which something has a broken value at its current step."""
        return GanzooError(
            f"{name} is {value} at step {self._model.steps_taken}: the training has diverged. "
            + (f"The last good checkpoint is {self.latest}. " if self.latest else "There is no checkpoint yet. ")
            + "Try a lower learning rate (--config.optimizers.generator.learning_rate) in another --workdir, "
            "or another --seed."
        )

    def restore(self, step: int | None = None) -> int:
        """Loads the newest readable checkpoint and returns its step, or 0 if there is no checkpoint.

        Args:
            step: loads the checkpoint of this step and no other.

        Raises:
            GanzooError: if there are checkpoints but none can be read, or if there is none of the requested step.
        """
        paths = list(reversed(self._manager.checkpoints))
        if step is not None:
            kept = {_step(path): path for path in paths}
            if step not in kept:
                steps = ", ".join(map(str, sorted(kept))) or "none"
                raise GanzooError(f"no checkpoint of step {step} in {self._manager.directory}. There are: {steps}.")
            paths = [kept[step]]
        for path in paths:
            try:
                # A model that is not compiled leaves the optimizers' values, which TensorFlow would list as warnings.
                self._checkpoint.restore(path).assert_existing_objects_matched().expect_partial()
            except (
                tf.errors.OpError,
                AssertionError,
                IndexError,
                ValueError,
            ) as error:  # a short read is an IndexError
                reason = f"{path} cannot be read ({str(error).splitlines()[0]})"
                if step is not None:
                    raise GanzooError(f"{reason}. Ask for another step.") from error
                print(f"ganzoo: {reason}; trying the one before.")
            else:
                self.restored = path
                return self._model.steps_taken
        if paths:
            raise GanzooError(f"none of the checkpoints in {self._manager.directory} can be read; remove the folder.")
        return 0


def _step(path: str) -> int:
    return int(path.rpartition("-")[2])


def _is_finite(weight: keras.Variable) -> bool:
    value = tf.convert_to_tensor(weight)
    return not value.dtype.is_floating or bool(tf.reduce_all(tf.math.is_finite(value)))
