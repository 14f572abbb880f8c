"""Models that sample from latents: trained on reals, exported with a density ratio, measured sampler by sampler."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.data.loading import load_parts
from ganzoo.data.parts import Parts
from ganzoo.data.pipeline import batches, check_batch_size
from ganzoo.data.reals import Reals, to_float
from ganzoo.density_ratio import fitting
from ganzoo.errors import GanzooError
from ganzoo.evaluation import sampling_report
from ganzoo.export import saved_model
from ganzoo.export.saved_model import Servable
from ganzoo.pictures import drawing
from ganzoo.training import loop
from ganzoo.training.collapse import CollapseWarning

FEW = 200  # held-out reals

measure, describe = sampling_report.measure, sampling_report.describe


def load(config: ConfigDict) -> Parts:
    """The reals in three parts."""
    return load_parts(config.dataset, **config.data)


def sizes(parts: Parts) -> str:
    return f"{len(parts.train)} to train, {len(parts.ratio)} to fit the ratio, {len(parts.test)} to measure against"


def ready(model: AdversarialModel, parts: Parts, config: ConfigDict) -> None:
    """Compiles the model, and finds what is wrong with the config before anything is written.

    Raises:
        GanzooError: for an optimizer or schedule that there is not, for a batch larger than the data, for labels that
            are not those of a conditional model, for a density ratio that cannot be, and for limits that no request
            could keep.
    """
    if model.num_classes is not None:
        _check_labels(model, parts.train)
    check_batch_size(config.batch_size, len(parts.train))
    fitting.check(model, config.ratio)
    saved_model.check_limits(config.sampling)
    loop.compile_for(model, config)
    if len(parts.ratio) < FEW:
        note = f"{len(parts.ratio)} held-out reals are few to fit a density ratio; rejection may not help."
        print(f"ganzoo: {note}", file=sys.stderr)


def train(
    model: AdversarialModel,
    parts: Parts,
    config: ConfigDict,
    workdir: Path,
    strategy: tf.distribute.Strategy | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> bool:
    """Trains up to `config.steps`; see `loop.train`. Fakes that become alike are warned about (`diversity.json`)."""
    reals = parts.train
    labels = None if model.num_classes is None else reals.labels

    def data(first_step, share):
        where = dict(seed=config.seed, first_step=first_step, steps=config.steps, share=share)
        return batches(reals.samples, config.batch_size, draws=model.n_critic, labels=labels, **where)

    is_points = reals.samples.ndim == 2
    # A square grid; of about ten classes, which take turns, each then has a column of its own.
    classes = model.num_classes or 0
    count = 2000 if is_points else classes**2 if 6 <= classes <= 16 else 64

    def picture():
        return drawing.overview(model.sample(count, seed=0), reals.samples if is_points else None)

    def collapse(writer):
        return CollapseWarning(config.sample_every, config.steps, workdir, writer, reals)

    return loop.train(model, data, picture, config, workdir, collapse, strategy, callbacks)


def servable(model: AdversarialModel, parts: Parts, config: ConfigDict, description: Mapping) -> Servable:
    """Fits the density ratio on the held-out reals, and is what the export consists of."""
    print("fitting the density ratio on held-out reals ...")
    reals = to_float(parts.ratio.samples)
    ratio = fitting.for_export(model, reals, parts.ratio.labels, options=config.ratio, seed=config.seed)
    return saved_model.servable(model, ratio=ratio, sampling=config.sampling, description=description)


def example(export: Path) -> str:
    return f"python -m ganzoo.sample --export_dir {export} --signature drs --num_samples 64 --out grid.png"


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
