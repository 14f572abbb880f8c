"""Users' own signatures: functions that the export of any sampling model offers beside the package's signatures.

@ganzoo.register_signature("mirrored", inputs=("latents",), for_models="pictures")
def mirrored(model, latents):
    return {"samples": model(latents)[:, :, ::-1]}
"""

import dataclasses
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.errors import GanzooError, did_you_mean
from ganzoo.export.inputs import DTYPES, INPUTS, SAMPLING, Input
from ganzoo.export.request_checks import checked, finite
from ganzoo.export.sampling_signatures import (
    BasicSignatures,
    CodeSignatures,
    RejectionSignatures,
    StyleSignatures,
    has_styles,
    sizes,
)
from ganzoo.export.signature import Signature, Signatures
from ganzoo.registration import Register

PACKAGE = (BasicSignatures, CodeSignatures, StyleSignatures, RejectionSignatures)
KINDS = {"pictures": 3, "points": 1}  # the number of sides of a sample
EXTRAS = ("ratio", "sampling")  # the keyword arguments that a function may take


class OwnSignature(NamedTuple):
    """A user's registered signature.

    Attributes:
        name: the signature's name.
        function: the user's function.
        inputs: the function's inputs behind the model, in its order.
        for_models: "pictures", "points", or None for both.
    """

    name: str
    function: Callable[..., Mapping[str, tf.Tensor]]
    inputs: tuple[Input, ...]
    for_models: str | None

    @property
    def place(self) -> str:
        """The file and the line of the function, for messages."""
        code = inspect.unwrap(self.function).__code__
        return f"{Path(code.co_filename).name}, line {code.co_firstlineno}"

    @property
    def takes_labels(self) -> bool:
        """Whether the function ends in `*labels`, and so is for models with classes as well as for models without."""
        return any(one.kind is one.VAR_POSITIONAL for one in _parameters(self.function))

    @property
    def extras(self) -> dict[str, bool]:
        """The keyword arguments that the function takes, among `ratio` and `sampling`, and whether each is required."""
        by_keyword = [one for one in _parameters(self.function) if one.kind is one.KEYWORD_ONLY]
        return {one.name: one.default is one.empty for one in by_keyword if one.name in EXTRAS}


SIGNATURES: Register[OwnSignature] = Register(
    "signature", taken=lambda: [name for offered in PACKAGE for name in vars(offered) if not name.startswith("_")]
)


def register_signature(
    name: str, *, inputs: Sequence[str | Input] = (), for_models: str | None = None
) -> Callable[[Callable], Callable]:
    """Decorates a function that becomes a signature of every export that is made afterwards of a sampling model.

    The function is graph code: `function(model, *inputs) -> {name: tensor}`. `model` is the trained model, and a call
    of it runs the averaged generator: `model(latents)` gives samples, `model.latents(seed, num_samples)` latents, and
    `model.discriminator(samples)` logits. The inputs arrive checked, as tensors of their dtypes, in the order of
    `inputs`. Outputs that are not finite are refused. Behind `*` the function may take two keyword arguments:

    - `ratio`: samples float32 [n, ...] -> log p_data/p_g float32 [n]. With the default `ratio=None`, exports without a
      ratio offer the signature, too.
    - `sampling`: `config.sampling` as a mapping.

    A function that ends in `*labels` also works for models with classes: their labels, int64 [n], are the last input.
    Exports of models with classes leave out any other function, unless `labels` is among its inputs.

    Args:
        name: the signature's name, of letters, digits and underscores.
        inputs: names of `ganzoo.export.inputs.SAMPLING`, or inputs of your own, each an `Input`. All inputs with rows
            must have the same number of rows: `num_samples` if that is an input, else at most
            `config.sampling.max_rows`. A server may batch the signature if all inputs have rows and each row's outputs
            depend on that row alone.
        for_models: "pictures" or "points", the kind of sample that the function needs; None is either.

    Raises:
        GanzooError: for a name that is taken, an input that does not exist or contradicts itself, and a function that
            does not take its inputs.
    """
    if for_models not in (None, *KINDS):
        raise GanzooError(f"for_models is {for_models!r}, expected one of {', '.join(map(repr, KINDS))}, or None.")
    if isinstance(inputs, str | Input):
        raise GanzooError(f"inputs is {inputs!r}, expected several: write inputs=({inputs!r},).")
    known = tuple(_known(one) for one in inputs)
    names = [one.name for one in known]
    if len(set(names)) < len(names):
        raise GanzooError(f"signature '{name}' takes an input twice: {', '.join(names)}.")

    def register(function: Callable) -> Callable:
        own = OwnSignature(name, function, known, for_models)
        _check_parameters(own)
        SIGNATURES.add(name, own, function)
        return function

    return register


def signatures(
    model: AdversarialModel,
    ratio: DensityRatio | None,
    sampling: Mapping,
    classes: Sequence[int] | None = None,
) -> Signatures:
    """The registered signatures that fit an export, by name; arguments as of `sampling_signatures.signatures`."""
    numbers = {**sampling, **sizes(model, classes)}
    offered = {}
    for own in SIGNATURES.values():
        if not _is_for(own, model, ratio):
            continue
        inputs = _settled(own, numbers, with_labels=own.takes_labels and model.num_classes is not None)
        function = _called(own, model, {"ratio": ratio, "sampling": dict(sampling)})
        offered[own.name] = Signature(checked(function, inputs), inputs)
    return offered


def check(model: AdversarialModel, sampling: Mapping) -> None:
    """Traces the registered signatures that fit a model, before time is spent on its training.

    A density ratio that is 0 everywhere takes the place of the ratio that is fitted after the training.

    Raises:
        GanzooError: for a signature that fails or returns no dict of tensors, with the user's file and line.
    """
    ratio = DensityRatio(lambda samples, *labels: tf.zeros([tf.shape(samples)[0]]))
    for signature in signatures(model, ratio, sampling).values():
        tf.function(signature.function, input_signature=signature.specs, autograph=False).get_concrete_function()


def facts(offered: Signatures) -> dict[str, dict]:
    """The part of an export's config on users' signatures: each signature's own inputs by name."""
    return {
        name: {one.name: one.facts() for one in signature.inputs if one.name not in INPUTS}
        for name, signature in offered.items()
    }


def _known(one: str | Input) -> Input:
    if isinstance(one, str):
        if one not in SAMPLING:
            raise GanzooError(
                f"there is no input '{one}'.{did_you_mean(one, SAMPLING)} There are {', '.join(SAMPLING)}; an input of "
                "your own is ganzoo.export.inputs.Input(NAME, ...)."
            )
        return SAMPLING[one]
    if not isinstance(one, Input):
        raise GanzooError(f"an input is {one!r}, expected a name or ganzoo.export.inputs.Input(NAME, ...).")
    if one.name in INPUTS:
        raise GanzooError(f"input '{one.name}' is the package's: give its name instead of an Input, or another name.")
    if one.dtype not in DTYPES:
        raise GanzooError(f"input '{one.name}' is {one.dtype}: give one of {', '.join(DTYPES)}.")
    if None in one.shape[1:]:
        raise GanzooError(f"input '{one.name}' has shape {one.shape}: only the number of its rows can be free.")
    ends = {name: getattr(one, name) for name in ("at_least", "at_most", "below", "default")}
    numbers = {name: end for name, end in ends.items() if end is not None and not isinstance(end, str)}
    for name, number in numbers.items():
        if one.dtype.startswith("int") and number != int(number):
            raise GanzooError(f"input '{one.name}' is {one.dtype}, but its {name} is {number}.")
    low, high, below = one.least, numbers.get("at_most", float("inf")), numbers.get("below", float("inf"))
    if not low <= high or not low < below:
        raise GanzooError(f"input '{one.name}' has no value that is right: its least is {low}. Give another at_least.")
    default = numbers.get("default", low)
    if not (one.at_least is None or low <= default) or not default <= high or not default < below:
        raise GanzooError(f"input '{one.name}' has the default {default}, which is out of its bounds.")
    return one


def _parameters(function: Callable) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())


def _check_parameters(own: OwnSignature) -> None:
    """Checks that the function can be called with the model, its inputs and its keyword arguments."""
    parameters = _parameters(own.function)
    by_place = [one.name for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    names = [one.name for one in own.inputs]
    if by_place[1:] != names or not by_place:
        expected = ", ".join(["model", *names])
        raise GanzooError(
            f"{own.function.__name__} ({own.place}) takes {', '.join(by_place) or 'nothing'}, expected {expected}: the "
            f"model, then the inputs of signature '{own.name}' in their order."
        )
    for one in parameters:
        if one.kind is one.KEYWORD_ONLY and one.name not in EXTRAS and one.default is one.empty:
            raise GanzooError(
                f"{own.function.__name__} ({own.place}) takes {one.name} by keyword, expected {' or '.join(EXTRAS)}."
            )
    if own.takes_labels and "labels" in names:
        raise GanzooError(f"signature '{own.name}' takes labels twice: as an input, and by *labels. Leave one out.")


def _is_for(own: OwnSignature, model: AdversarialModel, ratio: DensityRatio | None) -> bool:
    """Whether the model's export offers a signature; prints to standard error why a model with classes does not."""
    names = {one.name for one in own.inputs}
    if own.for_models is not None and len(model.generator.output_shape) != 1 + KINDS[own.for_models]:
        return False
    if own.extras.get("ratio", False) and ratio is None:
        return False
    if model.codes is None and names & {"categories", "continuous"}:
        return False
    if "crossover" in names and not has_styles(model):
        return False
    if model.num_classes is None:
        return "labels" not in names
    if not own.takes_labels and "labels" not in names:
        print(
            f"ganzoo: signature '{own.name}' ({own.place}) is left out: {model.zoo_name} has classes. End the "
            "function's parameters in *labels to take them.",
            file=sys.stderr,
        )
        return False
    return True


def _settled(own: OwnSignature, numbers: Mapping, *, with_labels: bool) -> tuple[Input, ...]:
    """The inputs with their names replaced by numbers; the first input with rows gets a limit."""
    try:
        inputs = [one.settled(numbers) for one in (*own.inputs, *([SAMPLING["labels"]] if with_labels else ()))]
    except KeyError as error:
        raise GanzooError(
            f"signature '{own.name}' ({own.place}): {error} is neither a key of config.sampling nor a size of the "
            f"model. There are {', '.join(numbers)}."
        ) from error
    of_rows = [place for place, one in enumerate(inputs) if one.has_rows]
    if of_rows and not any(one.name == "num_samples" for one in inputs):
        first = inputs[of_rows[0]]
        inputs[of_rows[0]] = dataclasses.replace(first, limit=first.limit or numbers["max_rows"])
    return tuple(inputs)


def _called(own: OwnSignature, model: AdversarialModel, extras: Mapping[str, object]) -> Callable:
    """The user's function on tensors; the message of an error in it names the user's file and line."""
    by_keyword = {name: extras[name] for name in own.extras}

    def call(*values: tf.Tensor) -> dict[str, tf.Tensor]:
        try:
            answers = own.function(model, *values, **by_keyword)
        except Exception as error:
            raise GanzooError(f"signature '{own.name}' ({_place_of(error, own)}): {_words(error)}") from error
        if not isinstance(answers, Mapping) or not answers:
            raise GanzooError(f"signature '{own.name}' ({own.place}) returns {answers!r}, expected a dict of tensors.")
        for name, answer in answers.items():
            if not isinstance(name, str) or not isinstance(answer, tf.Tensor):
                raise GanzooError(
                    f"signature '{own.name}' ({own.place}) returns {type(answer).__name__} as {name!r}, expected a "
                    "dict of tensors by name."
                )
        return {
            name: finite(answer, name) if answer.dtype.is_floating else tf.identity(answer)
            for name, answer in answers.items()
        }

    return call


def _place_of(error: Exception, own: OwnSignature) -> str:
    """The user's file, and the last of its lines that the error passed through."""
    file = inspect.unwrap(own.function).__code__.co_filename
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f"{Path(file).name}, line {lines[-1]}" if lines else own.place


def _words(error: Exception) -> str:
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
