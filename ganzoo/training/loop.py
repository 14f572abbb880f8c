"""One training: from a model and reals to the last step, wherever an earlier start of it had got to."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from ganzoo.data.pipeline import batches, check_batch_size
from ganzoo.data.reals import Reals
from ganzoo.errors import GanzooError
from ganzoo.models.base import AdversarialModel
from ganzoo.training import optimizers
from ganzoo.training.callbacks import Curves, Guard, Progress, SamplePictures, Save, StopOnSignal
from ganzoo.training.checkpoints import Checkpoints
from ganzoo.training.collapse import CollapseWarning


def ready(model: AdversarialModel, reals: Reals, config: ConfigDict) -> None:
    """Compiles the model, and finds what is wrong with the config before anything is written.

    Raises:
        GanzooError: for an optimizer or schedule that there is not, for a batch larger than the data, and for labels
            that are not those of a conditional model.
    """
    if model.num_classes is not None:
        _check_labels(model, reals)
    check_batch_size(config.batch_size, len(reals))
    model.compile(
        *optimizers.build_both(config.optimizers, config.steps, model.n_critic),
        steps_per_execution=config.steps_per_execution,
    )


def train(model: AdversarialModel, reals: Reals, config: ConfigDict, workdir: Path) -> bool:
    """Trains up to `config.steps`, from the newest checkpoint in `workdir` if there is one.

    Args:
        model: made `ready`.
        reals: the training part.
        config: a resolved recipe.
        workdir: gets `checkpoints/`, `samples/`, `diversity.json` and TensorBoard's `events.*`.

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

    labels = None if model.num_classes is None else reals.labels
    where = dict(seed=config.seed, first_step=step, steps=config.steps)
    dataset = batches(reals.samples, config.batch_size, draws=model.n_critic, labels=labels, **where)
    writer = tf.summary.create_file_writer(str(workdir))
    progress, stop = Progress(config.log_every, config.steps), StopOnSignal()
    if reals.samples.ndim == 2:
        shown = dict(count=2000, reals=reals.samples)
    else:  # a square grid; of about ten classes, which take turns, each then has a column of its own
        classes = model.num_classes or 0
        shown = dict(count=classes**2 if 6 <= classes <= 16 else 64, reals=None)
    callbacks = [
        Guard(config.divergence_threshold, checkpoints),
        progress,
        SamplePictures(config.sample_every, config.steps, workdir, writer, **shown),
        CollapseWarning(config.sample_every, config.steps, workdir, writer, reals),
        Save(config.checkpoint_every, config.steps, checkpoints),
        Curves(config.log_every, config.steps, writer),
        stop,
    ]
    try:
        model.fit(dataset, shuffle=False, verbose=0, callbacks=callbacks)
    finally:  # Keras tells its callbacks nothing of an error
        progress.on_train_end()
        stop.on_train_end()
        writer.close()
    if stop.stopped:
        checkpoints.save()
    return model.steps_taken >= config.steps


def _check_labels(model: AdversarialModel, reals: Reals) -> None:
    if reals.labels is None:
        raise GanzooError(
            f"'{reals.name}' has no labels, and {model.zoo_name} learns to make samples of a class. Give a data set "
            "with labels, such as mnist_5k, or another model."
        )
    classes = len(np.unique(reals.labels))
    if classes != model.num_classes or reals.labels.max() >= classes:
        raise GanzooError(
            f"'{reals.name}' has {classes} classes, but config.model.num_classes is {model.num_classes}. "
            f"Give --config.model.num_classes={classes}."
        )
