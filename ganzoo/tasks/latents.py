"""Models that sample from latents: trained on reals, exported with a density ratio, measured sampler by sampler."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.data.loading import load_parts
from ganzoo.data.parts import Parts
from ganzoo.data.pipeline import batches, check_batch_size
from ganzoo.data.reals import to_float
from ganzoo.density_ratio import fitting
from ganzoo.environment import cache_folder
from ganzoo.errors import GanzooError
from ganzoo.evaluation import extractors, sampling_report
from ganzoo.evaluation.evaluator import Evaluator
from ganzoo.export import own_signatures, saved_model
from ganzoo.export.saved_model import Servable
from ganzoo.pictures import drawing
from ganzoo.training import loop
from ganzoo.training.collapse import CollapseWarning
from ganzoo.zoo.registry import in_package

FEW = 500  # pictures to train on, below which a folder's are augmented

measure, describe = sampling_report.measure, sampling_report.describe


def load(config: ConfigDict) -> Parts:
    """The reals in three parts."""
    parts = load_parts(config.dataset, **config.data)
    if config.data.get("flip") and len(parts.shape) != 3:
        raise GanzooError(f"'{config.dataset}' are points, and config.data.flip is for pictures: leave it out.")
    return parts


def settle(config: ConfigDict, parts: Parts) -> None:
    """Sets `config.model.num_classes` to what the data have, if it is 0, and chooses the augmentation left to them.

    Raises:
        GanzooError: for data without classes, for another number of classes, and for a class without a sample to
            train on.
    """
    if config.get("augment", {}).get("policy") == "auto":
        config.augment.policy = _augmentation(config.name, parts)
    if "num_classes" not in config.model:
        return
    classes = _classes(config.name, parts)
    if config.model.num_classes not in (0, len(classes)):
        raise GanzooError(
            f"'{parts.train.name}' has {len(classes)} classes ({_listed(classes)}), but config.model.num_classes is "
            f"{config.model.num_classes}. Give --config.model.num_classes={len(classes)}, or leave it out."
        )
    config.model.num_classes = len(classes)


def sizes(parts: Parts) -> str:
    fit = "calibrate" if len(parts.ratio) < fitting.FEW else "fit"
    return f"{len(parts.train)} to train, {len(parts.ratio)} to {fit} the ratio, {len(parts.test)} to measure against"


def ready(model: AdversarialModel, parts: Parts, config: ConfigDict) -> None:
    """Compiles the model, and finds what is wrong with the config before anything is written.

    Raises:
        GanzooError: for an optimizer or schedule that there is not, for a batch larger than the data, for held-out
            reals too few to fit a density ratio on, for a density ratio that cannot be, for limits that no request
            could keep, and for a user's own signature that fails.
    """
    check_batch_size(config.batch_size, len(parts.train))
    fitting.check(model, config.ratio, len(parts.ratio))
    _check_held_out(parts, config.ratio.estimator)
    saved_model.check_limits(config.sampling)
    own_signatures.check(model, config.sampling)
    loop.compile_for(model, config)
    if len(parts.ratio) < fitting.FEW and config.ratio.estimator not in (fitting.BEST, "discriminator"):
        note = (
            f"{len(parts.ratio)} held-out reals are few to fit a density ratio; rejection may not help. "
            "--config.ratio.estimator=discriminator fits none: it calibrates the discriminator's own logits."
        )
        print(f"ganzoo: {note}", file=sys.stderr)


def train(
    model: AdversarialModel,
    parts: Parts,
    config: ConfigDict,
    workdir: Path,
    strategy: tf.distribute.Strategy | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    evaluated: Callable[[], None] | None = None,
) -> bool:
    """Trains up to `config.steps`; see `loop.train`. Fakes that become alike are warned about (`diversity.json`)."""
    reals = parts.train
    labels = None if model.num_classes is None else _numbers(reals.labels, _classes(model.zoo_name, parts))

    def data(first_step, share):
        where = dict(seed=config.seed, first_step=first_step, steps=config.steps, share=share)
        what = dict(draws=model.n_critic, labels=labels, flip=config.data.flip)
        return batches(reals.samples, config.batch_size, **what, **where)

    is_points = reals.samples.ndim == 2
    # A square grid; of about ten classes, which take turns, each then has a column of its own.
    classes = model.num_classes or 0
    count = 2000 if is_points else classes**2 if 6 <= classes <= 16 else 64

    def picture():
        return drawing.overview(model.sample(count, seed=0), reals.samples if is_points else None)

    def collapse(writer):
        return CollapseWarning(config.sample_every, config.steps, workdir, writer, reals)

    # The ratio part, never the test part: reals that a choice was made by can no longer measure its result.
    watched = None
    if config.evaluate_every:
        extractor = extractors.asked_for(config)
        watched = Evaluator(parts.train, parts.ratio, extractor=extractor, cache=cache_folder()).distance
    return loop.train(model, data, picture, config, workdir, collapse, watched, strategy, callbacks, evaluated)


def servable(
    model: AdversarialModel, parts: Parts, config: ConfigDict, description: Mapping, *, fit_ratio: bool = True
) -> Servable:
    """Fits the density ratio on the held-out reals, and is what the export consists of.

    Without `fit_ratio`, signatures that need a density ratio are left out.
    """
    labels = classes = None
    if model.num_classes is not None:
        classes = _classes(model.zoo_name, parts)
        labels = _numbers(parts.ratio.labels, classes)
        if parts.train.class_names:
            description = {**description, "class_names": list(parts.train.class_names)}
    ratio = None
    if fit_ratio:
        print(
            "calibrating the discriminator's logits on held-out reals ..."
            if fitting.chosen(config.ratio.estimator, len(parts.ratio)) == "discriminator"
            else "fitting the density ratio on held-out reals ..."
        )
        reals = to_float(parts.ratio.samples)
        known = dict(training=parts.train.samples, options=config.ratio, seed=config.seed)
        ratio = fitting.for_export(model, reals, labels, **known)
    named = None if classes is None or np.array_equal(classes, range(len(classes))) else classes.tolist()
    what = dict(ratio=ratio, sampling=config.sampling, description=description, classes=named)
    return saved_model.servable(model, **what)


def example(export: Path) -> str:
    return f"python -m ganzoo.sample --export_dir {export} --signature drs --num_samples 64 --out grid.png"


def _augmentation(entry: str, parts: Parts) -> str:
    """The policy that "auto" stands for: "ada" for a folder of few pictures, which the run says, and else "none".

    Of few photographs and drawings a discriminator learns each by heart, and samples become copies. Few digits gain
    nothing: most transforms of a digit are no digit (docs/training.md#few-pictures has the measurements). A user's own
    model need not be able to augment, and is left alone.
    """
    count = len(parts.train)
    if parts.files is None or count >= FEW or entry not in in_package():
        return "none"
    print(f"{count} pictures to train on are few: augmented, unless --config.augment.policy=none")
    return "ada"


def _classes(entry: str, parts: Parts) -> np.ndarray:
    """The labels that the three parts have, in ascending order; class k of the model is the k-th of them.

    Raises:
        GanzooError: for data without labels, for labels below 0, and for a class without a sample to train on.
    """
    name = parts.train.name
    if parts.train.labels is None:
        raise GanzooError(
            f"'{name}' has no labels, and {entry} learns to make samples of a class. "
            + (parts.train.without_labels or "Give a data set with labels, such as mnist_5k, or another model.")
        )
    labels = {part: getattr(parts, part).labels for part in ("train", "ratio", "test")}
    classes, sizes = np.unique(np.concatenate(list(labels.values())), return_counts=True)
    if classes[0] < 0:
        count = sum(int((of_part < 0).sum()) for of_part in labels.values())
        raise GanzooError(
            f"'{name}' has {count} samples with a label below 0 ({_listed(classes[classes < 0])}), which marks samples "
            "without a class. Leave them out, or give them a class of 0 or more."
        )
    if 1 in sizes:
        raise GanzooError(
            f"{_class_of(parts, classes[sizes.tolist().index(1)])} of '{name}' has one sample. A class needs at least "
            "2, and some dozens to learn anything from. Give more samples of this class, or leave it out."
        )
    for label in np.setdiff1d(classes, labels["train"]):
        counts = {part: int((of_part == label).sum()) for part, of_part in labels.items()}
        raise GanzooError(
            f"{_class_of(parts, label)} of '{name}' has {sum(counts.values())} samples, none of them to train on: "
            f"{counts['ratio']} to fit the ratio and {counts['test']} to measure against. Give more samples of this "
            "class, or leave it out."
        )
    return classes


def _class_of(parts: Parts, label: int) -> str:
    """A class's name in messages."""
    return f"class '{parts.train.class_names[label]}'" if parts.train.class_names else f"class {label}"


def _numbers(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The data's own labels as the model's classes 0, 1, ..., int64 [n]."""
    return np.searchsorted(classes, labels).astype(np.int64)


def _listed(classes: np.ndarray) -> str:
    return ", ".join(map(str, classes[:20])) + (", ..." if len(classes) > 20 else "")


def _check_held_out(parts: Parts, estimator: str) -> None:
    fewest = fitting.fewest(estimator)
    if len(parts.ratio) < fewest:
        total = sum(map(len, (parts.train, parts.ratio, parts.test)))
        needed = -(-fewest * total // max(len(parts.ratio), 1))
        raise GanzooError(
            f"'{parts.train.name}' holds {total} samples, of which {len(parts.ratio)} are held out to fit the density "
            f"ratio on; {fewest} are needed. Give about {needed} samples or more, better some thousands."
        )
