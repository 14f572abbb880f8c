"""One training: from a model and data to the last step, wherever an earlier start of it had got to."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from ganzoo.training import optimizers
from ganzoo.training.callbacks import Curves, Guard, Progress, SamplePictures, Save, StopOnSignal
from ganzoo.training.checkpoints import Checkpoints
from ganzoo.training.stepped import SteppedModel


def compile_for(model: SteppedModel, config: ConfigDict) -> None:
    """Compiles the model with the config's optimizers.

    Raises:
        GanzooError: for an optimizer or a schedule that there is not.
    """
    both = optimizers.build_both(config.optimizers, config.steps, model.n_critic)
    model.compile(*both, steps_per_execution=config.steps_per_execution)


def train(
    model: SteppedModel,
    data: Callable[[int], tf.data.Dataset],
    picture: Callable[[], np.ndarray],
    config: ConfigDict,
    workdir: Path,
    watch: Callable[[tf.summary.SummaryWriter], keras.callbacks.Callback] | None = None,
) -> bool:
    """Trains up to `config.steps`, from the newest checkpoint in `workdir` if there is one.

    Args:
        model: compiled by `compile_for`.
        data: the step to begin with -> the elements of that step and all after it.
        picture: -> what the model makes now, uint8 [height, width, 1 or 3].
        config: a resolved recipe.
        workdir: gets `checkpoints/`, `samples/` and TensorBoard's `events.*`.
        watch: TensorBoard's writer -> one callback more, before each checkpoint.

    Returns:
        Whether the last step was reached; False if a signal stopped it, with all work saved.

    Raises:
        GanzooError: where training diverges, or checkpoints cannot be read.
    """
    checkpoints = Checkpoints(workdir, model, config.checkpoints_kept)
    step = checkpoints.restore()
    if step:
        print(f"going on from step {step} ({checkpoints.latest})")
    if step >= config.steps:
        return True

    writer = tf.summary.create_file_writer(str(workdir))
    progress, stop = Progress(config.log_every, config.steps), StopOnSignal()
    callbacks = [
        Guard(config.divergence_threshold, checkpoints),
        progress,
        SamplePictures(config.sample_every, config.steps, workdir, writer, picture),
        *([watch(writer)] if watch else []),
        Save(config.checkpoint_every, config.steps, checkpoints),
        Curves(config.log_every, config.steps, writer),
        stop,
    ]
    try:
        model.fit(data(step), shuffle=False, verbose=0, callbacks=callbacks)
    finally:  # Keras tells its callbacks nothing of an error
        progress.on_train_end()
        stop.on_train_end()
        writer.close()
    if stop.stopped:
        checkpoints.save()
    return model.steps_taken >= config.steps
