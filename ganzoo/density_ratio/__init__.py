"""log p_data/p_g of a trained model: what rejection sampling accepts by."""

from collections.abc import Mapping

import numpy as np

from ganzoo import noise
from ganzoo.config import load_config
from ganzoo.density_ratio.calibration import METHODS, calibrate
from ganzoo.density_ratio.classifier import in_batches
from ganzoo.density_ratio.estimators import ESTIMATORS, Task
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.errors import GanzooError, did_you_mean
from ganzoo.models.base import AdversarialModel

CALIBRATION_FAKES = 4  # what random numbers are drawn for, beside those of classifier.py and signatures.py
FEWEST = 6  # reals, of which each share needs two


def for_export(
    model: AdversarialModel, reals: np.ndarray | None, *, options: Mapping | None = None, seed: int = 0
) -> DensityRatio | None:
    """The density ratio that an export of `model` rejects with.

    Args:
        model: a trained model of the zoo.
        reals: float32 [n, ...] held out from training, or None.
        options: as in `config.ratio`; None takes those of the model's recipe.
        seed: of the fit.

    Returns:
        The ratio estimated and calibrated on the reals; without them the discriminator's own logits where the objective
        makes those a log ratio, and None where it does not.

    Raises:
        GanzooError: for an estimator that there is not or that is none for this objective, and for a handful of reals.
    """
    if reals is None:
        own = lambda samples: model.discriminator(samples, training=False)  # noqa: E731
        return DensityRatio(own) if model.logits_are_log_ratio else None
    options = options or load_config(model.zoo_name, "gaussians25" if reals.ndim == 2 else "mnist_5k").ratio
    check(model, options)
    fit, stop, calibration = shares(reals, options["stop_share"], options["calibration_share"], seed)
    estimate = ESTIMATORS[options["estimator"]](Task(model, fit, stop, options, seed))

    real_logits = in_batches(estimate, calibration)
    fakes = model.sample(len(calibration), seed=noise.fold_in([seed, 0], CALIBRATION_FAKES))
    fake_logits = in_batches(estimate, fakes)
    calibrator = calibrate(options["calibration"], real_logits.numpy(), fake_logits.numpy())

    def log_ratio(samples):
        return options["tempering"] * calibrator(estimate(samples))

    return DensityRatio(log_ratio, held_out=options["tempering"] * calibrator(real_logits))


def shares(reals: np.ndarray, stop: float, calibration: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reals in random order, split to fit on, to stop by and to calibrate on.

    Raises:
        GanzooError: for fewer than six reals.
    """
    if len(reals) < FEWEST:
        raise GanzooError(
            f"{len(reals)} held-out reals cannot be fitted, checked and calibrated on; some hundreds are wanted."
        )
    order = np.random.default_rng(seed).permutation(len(reals))
    stops, calibrations = (max(int(share * len(reals)), 2) for share in (stop, calibration))
    ends = [len(reals) - stops - calibrations, len(reals) - calibrations]
    return tuple(reals[part] for part in np.split(order, ends))


def check(model: AdversarialModel, options: Mapping) -> None:
    """Finds what is wrong with `config.ratio` before a training is spent on it.

    Raises:
        GanzooError: for an estimator or a calibration that there is not, and for an estimator that is none for this
            model's objective.
    """
    for key, known in (("estimator", ESTIMATORS), ("calibration", METHODS)):
        if options[key] not in known:
            raise GanzooError(
                f"config.ratio.{key} is '{options[key]}'.{did_you_mean(options[key], known)} "
                f"There are: {', '.join(known)}."
            )
    terms = options["combined"]
    if (
        not terms
        or not set(terms) <= set(ESTIMATORS) - {"combined"}
        or (not model.logits_are_log_ratio and set(terms) == {"discriminator"})
    ):
        raise GanzooError(
            f"config.ratio.combined is {tuple(terms)}, expected some of {tuple(ESTIMATORS)[:-1]}; the discriminator "
            "counts only where its logits are a log ratio."
        )
    if options["estimator"] == "discriminator" and not model.logits_are_log_ratio:
        raise GanzooError(
            f"the discriminator of {model.zoo_name} is no density ratio: its objective leaves the scale of its logits "
            "open. Use --config.ratio.estimator=refit, smoothed or combined, which fit one by cross-entropy."
        )
    if not options["tempering"] > 0.0:
        raise GanzooError(f"config.ratio.tempering is {options['tempering']}, expected a number above 0; 1 is none.")
    if options["stop_share"] + options["calibration_share"] >= 1.0:
        raise GanzooError(
            "config.ratio.stop_share and calibration_share leave no reals to fit on; keep their sum below 1."
        )
