"""log p_data/p_g of a trained model: what rejection sampling accepts by."""

from collections.abc import Mapping

import numpy as np

from ganzoo.config import load_config
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.density_ratio.refit import refit
from ganzoo.models.base import AdversarialModel


def for_export(
    model: AdversarialModel, reals: np.ndarray | None, *, options: Mapping | None = None, seed: int = 0
) -> DensityRatio | None:
    """The density ratio that an export of `model` rejects with.

    Args:
        model: a trained model of the zoo.
        reals: float32 [n, ...] held out from training, or None.
        options: as in `config.ratio`; None takes those of the model's recipe.
        seed: of the refit.

    Returns:
        The ratio refitted on the reals; without them the discriminator's own logits where the objective makes those a
        log ratio, and None where it does not.
    """
    if reals is not None:
        return refit(model, reals, **options or load_config(model.zoo_name).ratio, seed=seed)
    if model.logits_are_log_ratio:
        return DensityRatio(lambda samples: model.discriminator(samples, training=False))
    return None
