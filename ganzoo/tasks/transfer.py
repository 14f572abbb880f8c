"""Starts a model from networks that are trained: of another run, of an export or of a `.keras` file.

Networks and averages are taken, optimizers are not: their step counts and moments belong to the other training.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from ganzoo import models
from ganzoo.bases.generative import GenerativeModel, layers_with_weights
from ganzoo.data import names
from ganzoo.errors import GanzooError
from ganzoo.serving import addresses
from ganzoo.serving.exported import Exported, holds_export, newest_version
from ganzoo.tasks import restored, workdirs
from ganzoo.training import validation
from ganzoo.training.checkpoints import Checkpoints

NETWORKS = ("generator", "ema_generator", "discriminator", "recognition")
NAMED = 5  # layers that a line names

KEY = "_all_variables/{}/.ATTRIBUTES/VARIABLE_VALUE"  # of a variable of an export, by its place


class Layer(NamedTuple):
    """A layer of a network.

    Attributes:
        kind: the name of its class.
        weights: its weights, trainable or not.
    """

    kind: str
    weights: list[np.ndarray]


class Source(NamedTuple):
    """The trained networks.

    Attributes:
        where: the run, export or file, with the step if it is known.
        networks: the layers with weights of each network of `NETWORKS` that there is, from the inputs on.
    """

    where: str
    networks: dict[str, list[Layer]]


def begin(model: keras.Model, path: str | None, config: ConfigDict) -> list[str]:
    """Gives a run's model the networks that it begins with, and returns lines that say what was taken.

    Args:
        model: before its first step.
        path: as of `load`; None takes nothing.
        config: of the run that begins.

    Raises:
        GanzooError: for the errors of `load` and `take`, and for frozen layers that nobody has trained.
    """
    frozen = getattr(model, "frozen_layers", [])
    if path is None:
        if frozen:
            raise GanzooError(
                f"config.model.freeze_discriminator is {len(frozen)}, and without --init_from these layers would stay "
                "random numbers. Give --init_from, or leave freeze_discriminator out."
            )
        return []
    lines, taken = take(model, load(path, config))
    if fresh := [layer for layer in frozen if layer not in taken]:
        raise GanzooError(
            f"config.model.freeze_discriminator is {len(frozen)}, but {_named(fresh)} of these layers does not fit "
            f"--init_from {path}, and would stay random. Give a freeze_discriminator of "
            f"{frozen.index(fresh[0])}, or another run."
        )
    return lines


def load(path: str, config: ConfigDict) -> Source:
    """The networks at a path.

    Args:
        path: the folder of a run, of an export or of one of its versions; the address of an export
            (`ganzoo.serving.addresses`); or a `.keras` file.
        config: of the run that begins.

    Raises:
        GanzooError: if there are no trained networks or they cannot be read, and for networks of another family or
            task.
    """
    if addresses.is_address(path):
        return _of_export(newest_version(path), config)
    place = Path(path).expanduser()
    if place.is_file() and place.suffix == ".keras":
        return _of_file(place)
    if (place / "config.json").is_file():
        is_kept = (place / "checkpoints").is_dir() or not holds_export(place / "export")
        return _of_run(place, config) if is_kept else _of_export(newest_version(place / "export"), config)
    if holds_export(place):
        return _of_export(newest_version(place), config)
    raise GanzooError(
        f"--init_from is '{path}', where there are no trained networks. Give the folder of a run or of an export, or a "
        ".keras file."
    )


def take(model: keras.Model, source: Source) -> tuple[list[str], list[keras.layers.Layer]]:
    """Gives a model's networks the weights of the layers that fit.

    The layers are compared in their order: of all ways to pair layers of one kind and the same shapes without crossing,
    the way that takes most numbers.

    Returns:
        Lines that say what fitted and what did not, and the layers that took weights.

    Raises:
        GanzooError: if no layer of the generator or none of the discriminator fits.
    """
    lines, taken = [], []
    for name in NETWORKS:
        network = getattr(model, name, None)
        if network is None or name not in source.networks:
            continue
        layers = layers_with_weights(network)
        new, old = [_described(layer) for layer in layers], source.networks[name]
        pairs = alignment(old, new)
        if not pairs and name in ("generator", "discriminator"):
            raise GanzooError(
                f"no layer of the {name} fits {source.where}: all have other shapes. Give the options of its networks "
                "(--config.networks), or leave --init_from out."
            )
        for there, here in pairs:
            layers[here].set_weights(old[there].weights)
            taken.append(layers[here])
        line = f"--init_from: the {_words(name)} takes {len(pairs)} of its {len(layers)} layers from {source.where}"
        if fresh := [layer for layer in layers if layer not in taken]:
            line += f"; {len(fresh)} begin{'s' * (len(fresh) == 1)} anew: {_named(fresh)}"
        lines.append(line)
    return lines, taken


def alignment(old: Sequence[Layer], new: Sequence[Layer]) -> list[tuple[int, int]]:
    """The pairs (position in `old`, position in `new`) of equal layers, ascending in both, with the most numbers."""
    most = np.zeros((len(old) + 1, len(new) + 1))  # numbers taken from the layers at and behind two positions
    for there in reversed(range(len(old))):
        for here in reversed(range(len(new))):
            most[there, here] = max(most[there + 1, here], most[there, here + 1])
            if fits := _fits(old[there], new[here]):
                most[there, here] = max(most[there, here], most[there + 1, here + 1] + fits)
    pairs, there, here = [], 0, 0
    while there < len(old) and here < len(new):
        fits = _fits(old[there], new[here])
        if fits and most[there, here] == most[there + 1, here + 1] + fits:
            pairs.append((there, here))
            there, here = there + 1, here + 1
        elif most[there, here] == most[there + 1, here]:
            there += 1
        else:
            here += 1
    return pairs


def _fits(old: Layer, new: Layer) -> int:
    """How many numbers a layer takes from another one; 0 if they differ in kind or shapes."""
    is_equal = old.kind == new.kind and [w.shape for w in old.weights] == [w.shape for w in new.weights]
    return sum(weight.size for weight in new.weights) if is_equal else 0


def _of_run(workdir: Path, config: ConfigDict) -> Source:
    """The networks of the checkpoint that a run exports."""
    theirs = restored.config_of(workdir)
    _check(theirs, config, workdir)
    model = models.from_config(theirs, _sample_shape(workdirs.described(workdir), theirs))
    if Checkpoints(workdir, model, theirs.checkpoints_kept).restore() == 0:
        raise GanzooError(f"--init_from is {workdir}, a run that has no checkpoints yet. Train it first.")
    validation.restore_exported(model, workdir, theirs)
    return Source(f"{workdir}, step {model.steps_taken}", _layers_of(model, workdir))


def _of_export(version: Path, config: ConfigDict) -> Source:
    """The networks of an export: the averaged generator, for the generator as well, and the discriminator."""
    if not (version / "assets" / "config.json").is_file():
        raise GanzooError(f"--init_from is {version}, a SavedModel that is no export of ganzoo.")
    facts = Exported.describe(version)
    if "directions" in facts:
        raise GanzooError(f"--init_from is {version}, which translates pictures. Give a model that samples.")
    if "config" in facts:
        _check(ConfigDict(facts["config"]), config, version)
    if "weights" not in facts:
        raise GanzooError(
            f"--init_from is {version}, an export of an older ganzoo, which does not say which weights its networks "
            "have. Give the folder of its run, or export the run again (`python -m ganzoo.reexport`)."
        )
    try:
        reader = tf.train.load_checkpoint(str(version / "variables" / "variables"))
        networks = {
            name: [
                Layer(layer["kind"], [reader.get_tensor(KEY.format(n)) for n in layer["places"]]) for layer in layers
            ]
            for name, layers in facts["weights"].items()
        }
    except (tf.errors.OpError, IndexError, RuntimeError, ValueError) as error:
        raise GanzooError(
            f"--init_from is {version}, whose variables cannot be read. Copy the export again."
        ) from error
    networks["generator"] = networks["ema_generator"]
    step = f", step {facts['step']}" if "step" in facts else ""
    return Source(f"{version}{step}", networks)


def _of_file(path: Path) -> Source:
    try:
        model = models.load(str(path))
    except Exception as error:  # Keras raises errors of many kinds
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise GanzooError(
            f"--init_from is {path}, which cannot be read ({reason[0][:200]}). Give a file of model.save; a model of "
            "your own needs its --plugin."
        ) from error
    return Source(str(path), _layers_of(model, path))


def _check(theirs: ConfigDict, config: ConfigDict, where: Path) -> None:
    """
    Raises:
        GanzooError: for a translator, for another kind of data, and for networks of another family.
    """
    if theirs.task != "sampling":
        raise GanzooError(
            f"--init_from is {where}, whose model '{theirs.name}' translates pictures. Give a model that samples from "
            "latents."
        )
    if names.kind(theirs.dataset) != names.kind(config.dataset):
        raise GanzooError(
            f"--init_from is {where}, which was trained on {names.kind(theirs.dataset)}, and '{config.dataset}' are "
            f"{names.kind(config.dataset)}. Give another run."
        )
    if theirs.model.network != config.model.network:
        raise GanzooError(
            f"--init_from is {where}, whose networks are of the family '{theirs.model.network}', and these are of "
            f"'{config.model.network}'. Give --config.model.network={theirs.model.network}, or another run."
        )


def _sample_shape(description: dict, config: ConfigDict) -> tuple[int, ...]:
    """One sample's shape; a run of before does not say it, and its data do."""
    if "sample_shape" in description:
        return tuple(description["sample_shape"])
    from ganzoo import tasks

    return tasks.of(config.task).load(config).shape


def _layers_of(model: keras.Model, where: Path) -> dict[str, list[Layer]]:
    if not isinstance(model, GenerativeModel):
        raise GanzooError(f"--init_from is {where}, which holds no model that samples from latents.")
    networks = {name: getattr(model, name) for name in NETWORKS if getattr(model, name, None) is not None}
    return {name: [_described(layer) for layer in layers_with_weights(network)] for name, network in networks.items()}


def _described(layer: keras.layers.Layer) -> Layer:
    return Layer(type(layer).__name__, layer.get_weights())


def _words(name: str) -> str:
    return {"ema_generator": "averaged generator", "recognition": "recognition network"}.get(name, name)


def _named(layers: Sequence[keras.layers.Layer]) -> str:
    """The layers with the shapes of their weights, such as `dense 47 x 6272`; of many layers the first few."""
    shapes = [" and ".join(" x ".join(map(str, w.shape)) or "1" for w in layer.weights) for layer in layers[:NAMED]]
    named = ", ".join(f"{layer.name} {shape}" for layer, shape in zip(layers, shapes, strict=False))
    return named + ", ..." * (len(layers) > NAMED)
