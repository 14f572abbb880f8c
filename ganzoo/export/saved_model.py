"""A trained model as a SavedModel, for TensorFlow alone and for TF Serving."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import tensorflow as tf

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.bases.generative import layers_with_weights
from ganzoo.bases.translating import TranslationModel
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.errors import GanzooError, plain_words
from ganzoo.export import model_card, own_signatures, warm_up
from ganzoo.export.sampling_signatures import signatures
from ganzoo.export.signature import Signatures
from ganzoo.export.translation_signatures import signatures as translation_signatures
from ganzoo.files import check_writable, unfinished

MOST_PROPOSALS = 2**30  # in a request: proposals are counted in int32, a batch at a time


@dataclass(frozen=True, eq=False)
class Servable:
    """The contents of one exported version.

    Attributes:
        signatures: the signatures by name.
        facts: values for JSON, written to `assets/config.json`. Among them are `name` and `sampling`, and
            `image_shape` for a model that takes pictures.
        networks: networks whose weights another run may begin with, by the model's attribute.
    """

    signatures: Signatures
    facts: Mapping
    networks: Mapping[str, keras.Model] = field(default_factory=dict)


def servable(
    model: AdversarialModel,
    *,
    ratio: DensityRatio | None,
    sampling: Mapping | None = None,
    description: Mapping | None = None,
    classes: Sequence[int] | None = None,
) -> Servable:
    """The servable of a model that samples from latents.

    Every model has the signatures `serving_default`, `generate` and `score`. Further signatures need more:

    - with a ratio: `drs`, `obrs`, `propose`, `propose_inputs`;
    - with a ratio, for pictures: `drs_png`;
    - with a ratio that has the scores of held-out reals: `mh`;
    - with latent codes: `generate_from_codes` and `recognise`;
    - with styles, without labels: `generate_from_styles` and `mix_styles`.

    All signatures use the averaged generator. The signatures of a conditional model take labels, except
    `propose_inputs`. The signatures that users' own files registered come last.

    Args:
        model: the trained model.
        ratio: the density ratio of this model; None is no rejection sampling.
        sampling: as in `config.sampling`; None is `sampling` of the model's recipe.
        description: more facts.
        classes: the labels by which requests ask for the classes 0, 1, ... of a conditional model. None is these
            numbers themselves.

    Raises:
        GanzooError: for limits that no request could keep, and for a user's own signature whose inputs do not fit.
    """
    sampling = sampling or model.recipe().sampling
    check_limits(sampling)
    facts = {"name": model.zoo_name, "num_classes": model.num_classes, "sampling": dict(sampling)}
    facts["latent_categories"] = model.latent_categories
    if classes is not None:
        facts["classes"] = list(classes)
    if own := own_signatures.signatures(model, ratio, sampling, classes):
        facts["own_signatures"] = own_signatures.facts(own)
    networks = {name: getattr(model, name) for name in ("ema_generator", "discriminator")}
    return Servable(signatures(model, ratio, sampling, classes) | own, facts | dict(description or {}), networks)


def servable_translator(
    model: TranslationModel, *, sampling: Mapping | None = None, description: Mapping | None = None
) -> Servable:
    """The servable of a model that translates pictures; arguments and errors as of `servable`.

    Its signatures are the model's `endpoints`. Each endpoint from pictures to pictures has a second signature on
    encoded pictures, `NAME_png`.
    """
    sampling = sampling or model.recipe().sampling
    check_limits(sampling, model.image_shape)
    directions = {name: direction._asdict() for name, direction in model.directions().items()}
    facts = {"name": model.zoo_name, "image_shape": model.image_shape, "directions": directions}
    facts |= {"sampling": dict(sampling)}
    return Servable(translation_signatures(model, sampling), facts | dict(description or {}))


def check_limits(sampling: Mapping, image_shape: tuple[int, ...] | None = None) -> None:
    """Refuses limits that no request could keep, before time is spent on a training or a fit.

    Args:
        sampling: as in `config.sampling`.
        image_shape: (height, width, channels) of a translator's training pictures; None for other models.

    Raises:
        GanzooError: for a limit below 1, for more proposals than a request can count, and for a `max_side` below a side
            of the training pictures.
    """
    for key, value in sampling.items():
        if key.startswith("max_") and not value >= 1:
            raise GanzooError(f"config.sampling.{key} is {value}, expected at least 1.")
    samples = "max_samples" if image_shape is None else "max_images"
    for each in ("max_proposals_per_sample", "max_chain_length"):
        if (proposals := sampling[samples] * sampling.get(each, 1)) > MOST_PROPOSALS:
            raise GanzooError(
                f"config.sampling.{samples} times {each} is {proposals}, more proposals than a request can count: "
                f"at most {MOST_PROPOSALS}. Give less of either."
            )
    if image_shape is not None and sampling["max_side"] < max(image_shape[:2]):
        height, width = image_shape[:2]
        raise GanzooError(
            f"config.sampling.max_side is {sampling['max_side']}, but the pictures that it learns from are "
            f"{height} x {width}; give at least {max(height, width)}."
        )


def export(model: AdversarialModel, directory: str | Path, **what) -> str:
    """Writes the next version of a model that samples from latents: `write` on `servable(model, **what)`."""
    return write(servable(model, **what), directory)


def export_translator(model: TranslationModel, directory: str | Path, **what) -> str:
    """Writes the next version of a translator: `write` on `servable_translator(model, **what)`."""
    return write(servable_translator(model, **what), directory)


def write(what: Servable, directory: str | Path, *, version: int | None = None) -> str:
    """Writes a version, its warm-up requests and its model card. The version appears whole, by rename, or not at all.

    Args:
        what: the servable.
        directory: the parent folder of the versions, made if need be.
        version: the version's number; None is `next_version(directory)`.

    Returns:
        The version's folder, `directory/N`.

    Raises:
        GanzooError: if the version cannot be written, as on a full disk, if the version exists already, and for a
            user's own signature that fails or returns no dict of tensors.
    """
    directory = Path(directory)
    check_writable(directory, "folder", is_folder=True)
    with unfinished(directory / "version") as beside:
        try:
            places = _save(what, beside)
            warm_up.write(beside, what.signatures, what.facts)
        except tf.errors.OpError as error:
            words = plain_words(error.message)
            raise GanzooError(f"the export could not be written to {directory}: {words}.") from error
        facts = dict(what.facts)
        if what.networks:
            facts["weights"] = {name: _described(network, places) for name, network in what.networks.items()}
        (beside / "assets" / "config.json").write_text(json.dumps(facts, indent=2))
        model_card.write(beside, what.signatures, facts)
        path = directory / str(version or next_version(directory))
        if path.exists():
            raise GanzooError(f"{path} is there already; versions are never written over.")
        beside.rename(path)
    return str(path)


def _save(what: Servable, path: Path) -> dict[int, int]:
    """Writes the SavedModel: the signatures, the same as functions of its root, and the variables of both and of the
    networks.

    The first signature is `serving_default` as well, which TF Serving wants, unless there is one of that name. Each is
    traced once; Keras's `ExportArchive` traces it twice, outside of TensorFlow's writing and within.

    Returns:
        The place of each variable among the stored ones, by the variable's id.
    """
    functions = {name: one.graph for name, one in what.signatures.items()}
    root = tf.Module()
    variables = {id(weight.value): weight.value for network in what.networks.values() for weight in network.weights}
    variables |= {id(variable): variable for one in what.signatures.values() for variable in one.variables}
    root._all_variables = [*variables.values()]
    for name, function in functions.items():
        if not hasattr(root, name) and name != "signatures":  # TensorFlow's own attributes, as `variables`, stay
            setattr(root, name, function)
    default = functions.get("serving_default", next(iter(functions.values())))
    tf.saved_model.save(root, str(path), signatures={"serving_default": default} | functions)
    return {variable: place for place, variable in enumerate(variables)}


def _described(network: keras.Model, places: Mapping[int, int]) -> list[dict]:
    """A network's layers with weights from the inputs on: their kinds, and the places of their weights in the export's
    list of variables."""
    return [
        {"kind": type(layer).__name__, "places": [places[id(weight.value)] for weight in layer.weights]}
        for layer in layers_with_weights(network)
    ]


def next_version(*directories: str | Path) -> int:
    """One more than the highest version in any of the folders, which need not exist; 1 if there is no version."""
    paths = (path for directory in directories for path in Path(directory).glob("*"))
    return 1 + max((int(path.name) for path in paths if path.name.isdigit()), default=0)
