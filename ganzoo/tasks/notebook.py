"""The work behind `model.export(...)`, for a model that was trained in a notebook."""

from pathlib import Path

import numpy as np

from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.bases.translating import TranslationModel
from ganzoo.density_ratio import fitting
from ganzoo.export import saved_model


def export_model(
    model: AdversarialModel | TranslationModel,
    directory: str | Path,
    reals: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> str:
    """Writes the next version of a model's export, by the recipe of its entry.

    Args:
        model: a trained model of the zoo.
        directory: the parent folder; the version becomes its subfolder 1, 2, ...
        reals: [n, ...] held out from training, uint8 pictures or float32 in [-1, 1], a thousand or more. The density
            ratio is fitted on them. Without reals, an objective whose logits are a log ratio uses the logits, and the
            other objectives export no rejection sampling. A translator takes no reals.
        labels: int [n], the reals' classes, for a conditional model.

    Returns:
        The version's folder.

    Raises:
        GanzooError: for reals on another scale or on which no ratio can be fitted, and for a folder that cannot be
            written.
    """
    if isinstance(model, TranslationModel):
        return saved_model.export_translator(model, directory)
    if reals is not None:
        print("fitting the density ratio on held-out reals ...")
    ratio = fitting.for_export(model, reals, labels, options=model.recipe().ratio)
    print("writing the export ...")
    return saved_model.export(model, directory, ratio=ratio)
