"""One training: from a model and data to the last step, resumed from the newest checkpoint."""

import contextlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from ganzoo.bases import optimizers
from ganzoo.bases.stepped import TwoOptimizerModel
from ganzoo.data.pipeline import WHOLE, Share
from ganzoo.training import strategies, trackers
from ganzoo.training.callbacks import Calls, Curves, Guard, Progress, SamplePictures, Save, StopOnSignal
from ganzoo.training.checkpoints import Checkpoints
from ganzoo.training.record import Record
from ganzoo.training.validation import Watch


def compile_for(model: TwoOptimizerModel, config: ConfigDict) -> None:
    """Compiles the model with the config's optimizers.

    Raises:
        GanzooError: if an optimizer or a schedule is unknown.
    """
    both = optimizers.build_both(config.optimizers, config.steps, model.n_critic)
    model.compile(*both, steps_per_execution=config.steps_per_execution)


def train(
    model: TwoOptimizerModel,
    data: Callable[[int, Share], tf.data.Dataset],
    picture: Callable[[], np.ndarray],
    config: ConfigDict,
    workdir: Path,
    watch: Callable[[Record], keras.callbacks.Callback] | None = None,
    distance: Callable[[np.ndarray], tuple[str, float]] | None = None,
    strategy: tf.distribute.Strategy | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    evaluated: Callable[[], None] | None = None,
) -> bool:
    """Trains up to `config.steps`, from the newest checkpoint in `workdir` if there is one.

    Args:
        model: compiled by `compile_for`.
        data: the first step, and a share of the replicas' rows -> the elements of the first step and all later steps.
        picture: -> the model's current samples as one picture, uint8 [height, width, 1 or 3].
        config: a resolved recipe.
        workdir: the folder that gets `checkpoints/`, `samples/`, TensorBoard's `events.*` and `tracker.json`.
        watch: where curves go -> one more callback, which runs before each checkpoint.
        distance: samples -> a metric's name and its value, of which lower is better. It measures the averaged generator
            every `config.evaluate_every` steps; None measures nothing.
        strategy: the result of `strategies.resolve`. Only the chief writes; its `model` has the trained weights in the
            end.
        callbacks: further callbacks, which run before all others.
        evaluated: called after each evaluation, when all curves are written. The chief alone calls it.

    Returns:
        Whether the training has ended: at the last step, or after `config.patience` measurements that were no better.
        False if a signal stopped it, with all work saved.

    Raises:
        GanzooError: if the training diverges, if checkpoints cannot be read, if another host is gone, or if a tracker
            refuses the run.
    """
    is_chief = strategies.is_chief(strategy)
    checkpoints = Checkpoints(workdir, model, config.checkpoints_kept)
    step = checkpoints.restore() if is_chief else 0
    if step:
        print(f"going on from step {step} ({checkpoints.restored})")
    replicated, trained = None, model
    if strategy is not None:
        replicated = strategies.Replicated(model, strategy)
        replicated.push()
        trained, step = replicated.model, replicated.model.steps_taken
    if step >= config.steps:
        return True

    writer = tf.summary.create_file_writer(str(workdir)) if is_chief else tf.summary.create_noop_writer()
    stop = strategies.StopTogether(strategy) if strategies.hosts(strategy) > 1 else StopOnSignal()
    record = Record(writer)
    watched = Watch(config, workdir, record, model, distance, stop) if distance and is_chief else None
    if strategies.from_chief(strategy, watched is not None and watched.is_over):
        writer.close()
        return True

    progress = Progress(config.log_every, config.steps)
    chief_callbacks = [
        progress,
        *([strategies.Pull(_pace(config), config.steps, replicated)] if replicated else []),
        SamplePictures(config.sample_every, config.steps, workdir, record, picture),
        *([watch(record)] if watch else []),
        *([watched] if watched else []),
        Save(config.checkpoint_every, config.steps, checkpoints),
    ]

    def written() -> None:
        writer.flush()
        evaluated()

    is_told = evaluated is not None and watched is not None
    callbacks = [
        *callbacks,
        Guard(config.divergence_threshold, checkpoints),
        *(chief_callbacks if is_chief else []),
        Curves(config.log_every, config.steps, record),
        *([Calls(config.evaluate_every, config.steps, written)] if is_told else []),
        stop,
    ]
    if replicated is None:
        elements, end = data(step, WHOLE), {}
    else:  # an iterator over several devices ends only after a device has begun another step
        elements = replicated.distribute(lambda share: data(step, share))
        end = {"steps_per_epoch": config.steps - step}
    try:
        with trackers.opened(config, workdir) if is_chief else contextlib.nullcontext() as record.tracker:
            trained.fit(elements, **end, shuffle=False, verbose=0, callbacks=callbacks)
    finally:  # Keras does not call the callbacks after an error
        if is_chief:
            progress.on_train_end()
        stop.on_train_end()
        writer.close()
    is_at_end = trained.steps_taken >= config.steps
    if not is_at_end and is_chief:
        if replicated:
            replicated.pull()
        checkpoints.save()
    return is_at_end or not stop.stopped


def _pace(config: ConfigDict) -> int:
    """The number of steps after whose multiples a callback uses the plain model."""
    return math.gcd(config.sample_every, config.checkpoint_every, config.get("evaluate_every", 0))
