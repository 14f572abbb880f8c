"""A trained model as a SavedModel, for TensorFlow alone and for TF Serving."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import keras
import tensorflow as tf

from ganzoo.config import load_config
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.errors import GanzooError, plain_words
from ganzoo.models.base import AdversarialModel
from ganzoo.signatures import Signatures, signatures
from ganzoo.translating import TranslationModel
from ganzoo.translation_signatures import signatures as translation_signatures


def export(
    model: AdversarialModel,
    directory: str | Path,
    *,
    ratio: DensityRatio | None,
    sampling: Mapping | None = None,
    description: Mapping | None = None,
) -> str:
    """Writes the next version of a model that samples from latents.

    Signatures: `serving_default`, `generate`, `score`; with a ratio also `drs`, `obrs`, `propose`, for pictures
    `drs_png`, and `mh` where the ratio has the scores of held-out reals; with latent codes `generate_from_codes` and
    `recognise`. All of them use the averaged generator; those of a conditional model take labels.

    Args:
        model: trained.
        directory: parent of the versions, made if need be.
        ratio: of this model; None exports no rejection sampling.
        sampling: as in `config.sampling`; None takes that of the model's recipe.
        description: goes to `assets/config.json`.

    Returns:
        The version's folder.

    Raises:
        GanzooError: if it cannot be written, as on a full disk.
    """
    sampling = sampling or load_config(model.zoo_name).sampling
    facts = {"name": model.zoo_name, "num_classes": model.num_classes, "sampling": dict(sampling)}
    return write(signatures(model, ratio, sampling), directory, facts | dict(description or {}))


def export_translator(
    model: TranslationModel,
    directory: str | Path,
    *,
    sampling: Mapping | None = None,
    description: Mapping | None = None,
) -> str:
    """Writes the next version of a model that translates pictures; arguments, result and errors as of `export`.

    Signatures: what the model's `endpoints` are, and for each that takes and gives pictures one that takes and gives
    them encoded, `NAME_png`.
    """
    sampling = sampling or load_config(model.zoo_name).sampling
    directions = {name: direction._asdict() for name, direction in model.directions().items()}
    facts = {"name": model.zoo_name, "image_shape": model.image_shape, "directions": directions}
    facts |= {"sampling": dict(sampling)}
    return write(translation_signatures(model, sampling), directory, facts | dict(description or {}))


def write(named: Signatures, directory: str | Path, facts: Mapping) -> str:
    """Writes `directory/N`, N one more than the versions there are; it appears whole, by rename, or not at all.

    Args:
        named: each signature's function and the specs of its inputs.
        directory: parent of the versions, made if need be.
        facts: JSON-able; they go to `assets/config.json`.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    unfinished = directory / f".unfinished-{os.getpid()}"
    try:
        archive = keras.export.ExportArchive()
        for name, (function, specs) in named.items():
            archive.add_endpoint(name, function, input_signature=specs)
        try:
            archive.write_out(str(unfinished), verbose=False)
        except tf.errors.OpError as error:
            raise GanzooError(f"the export could not be written: {plain_words(error.message)}.") from error
        (unfinished / "assets" / "config.json").write_text(json.dumps(facts, indent=2))
        version = directory / str(
            1 + max((int(path.name) for path in directory.iterdir() if path.name.isdigit()), default=0)
        )
        unfinished.rename(version)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return str(version)
