"""Fits log p_data/p_g of a trained model, which decides what rejection sampling accepts."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf

from ganzoo import noise
from ganzoo.bases.adversarial import AdversarialModel
from ganzoo.bases.datasets import checked_labels
from ganzoo.bases.generative import with_labels
from ganzoo.data.reals import checked, to_float
from ganzoo.data.storage import StoredPictures
from ganzoo.density_ratio import groups
from ganzoo.density_ratio.calibration import METHODS, calibrate
from ganzoo.density_ratio.classifier import AT_ONCE, Labelled, fakes_like, in_batches
from ganzoo.density_ratio.estimators import ESTIMATORS, Estimate, Fit, terms_of, total
from ganzoo.density_ratio.ratio import DensityRatio
from ganzoo.errors import GanzooError, did_you_mean
from ganzoo.seeds import entropy

BEST = "best"  # the estimator that has the lowest log loss on the calibration's reals and fakes (but see `chosen`)
CHOICES = (*ESTIMATORS, BEST)
GROUP_FAKES = 5  # for each counted real: their number then adds little to the error of a group's offset
GROUP_REALS = 10_000  # training reals, at most, whose groups are counted beside the held-out reals'
FEWEST = 6  # reals: two in each of the three shares
FEWEST_TO_CALIBRATE = 2
FEW = 200  # reals: below, "best" is the discriminator's own logits
FAKES_TO_CALIBRATE = 1_000  # at least, of few reals: they cost nothing, and lower the error of a slope


def for_export(
    model: AdversarialModel,
    reals: np.ndarray | None,
    labels: np.ndarray | None = None,
    *,
    training: np.ndarray | StoredPictures | None = None,
    options: Mapping | None = None,
    seed: int = 0,
) -> DensityRatio | None:
    """The density ratio that an export of `model` rejects with.

    Args:
        model: a trained model of the zoo.
        reals: [n, ...] held out from training, uint8 pictures or float32 in [-1, 1]; or None.
        labels: int [n], the reals' classes; a conditional model needs them, others ignore them.
        training: [m, ...], the reals that the model was trained on, of the same kind; or None. Only how many there are
            of each group is taken from them.
        options: as in `config.ratio`; needed with reals.
        seed: the seed of the fit.

    Returns:
        The ratio estimated and calibrated on the reals. Without reals, the discriminator's own logits if the objective
        makes them a log ratio, and otherwise None.

    Raises:
        GanzooError: if the estimator is unknown or does not fit the objective, for reals on another scale or not
            finite, for labels that are no classes, or if there are too few reals: six, or two for the discriminator's
            own logits.
    """
    if reals is None:

        def own(samples, *labels):
            return model.discriminator(with_labels(samples, *labels), training=False)

        return DensityRatio(own) if model.logits_are_log_ratio else None
    return next(by_each([options["estimator"]], model, reals, labels, training=training, options=options, seed=seed))


def by_each(
    names: Sequence[str],
    model: AdversarialModel,
    reals: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    training: np.ndarray | StoredPictures | None = None,
    options: Mapping,
    seed: int,
) -> Iterator[DensityRatio]:
    """The ratio of `for_export` by each of several estimators; a part that two estimators share is fitted once."""
    reals = checked(reals, model.sample_shape, "held-out reals")
    check(model, options, len(reals))
    if model.num_classes is not None:
        labels = checked_labels(labels, len(reals), model.num_classes)
    held_out = (reals,) if model.num_classes is None else (reals, labels)
    asked, names = [*names], [chosen(name, len(reals)) for name in names]
    if names != asked:
        print(f"density ratio: the discriminator's own logits, calibrated; {len(reals)} held-out reals fit no ratio")
    least = max(map(fewest, names))
    if len(reals) < least:
        raise GanzooError(
            f"{len(reals)} held-out reals cannot be fitted, checked and calibrated on: give at least {least}, better "
            "some hundreds. Without reals there is an export without rejection."
        )
    is_fitted = any(name != "discriminator" for name in names)
    to_fit, stop, calibration = (
        shares(held_out, options["stop_share"], options["calibration_share"], seed) if is_fitted else [held_out] * 3
    )
    fit = Fit(model, to_fit, stop, options, seed)
    fakes_seed = noise.root(seed, noise.Purpose.CALIBRATION_FAKES)

    @functools.cache
    def with_fakes(is_fitted):
        """The reals that an estimate has not been fitted on, and as many fakes or more."""
        unseen = calibration if is_fitted else held_out
        count = len(unseen[0]) if len(reals) >= FEW else max(len(unseen[0]), FAKES_TO_CALIBRATE)
        return unseen, fakes_like(model, unseen, count, seed=fakes_seed)

    by_group = None
    if model.num_classes is None and options.get("groups", 0):
        # Of few pictures the discriminator may know each, and as few held-out ones could not show it.
        by_group = group_offsets(fit, reals, training if len(reals) >= FEW else None, options["groups"], seed)
    for name in names:
        rivals = candidates(model, options) if name == BEST else [name]
        unseen, fakes = with_fakes(name != "discriminator")
        found = {rival: calibrated(fit.estimate(rival), unseen, fakes, options["calibration"]) for rival in rivals}
        best = min(found, key=lambda rival: (np.nan_to_num(found[rival][1], nan=np.inf), rivals.index(rival)))
        if name == BEST:
            losses = ", ".join(f"{rival} {loss:.4f}" for rival, (_, loss) in found.items())
            print(f"density ratio: {best} (log loss on held-out reals and fakes: {losses})")
        estimate, _ = found[best]
        if by_group is not None:
            estimate = total([estimate, by_group(estimate)])
        yield density_ratio(estimate.then(lambda logits: options["tempering"] * logits), unseen, model.num_classes)


def chosen(name: str, count: int) -> str:
    """The estimator that a name stands for with `count` held-out reals: below 200, "best" is "discriminator".

    The discriminator's logits are fitted on no held-out real. Only their slope and offset are, and all the reals
    decide these (docs/rejection.md has the error). A head of its own would have a share of the reals for its thousands
    of weights, and another share would choose between the estimators: by 20 reals and 1,000 fakes of two normals 1.5
    deviations apart, a log loss has a standard error of .06 nats, more than estimators mostly differ by. Fitting on
    the training reals is no way out, because the discriminator knows them.
    """
    return "discriminator" if name == BEST and count < FEW else name


def fewest(name: str) -> int:
    """The fewest held-out reals that an estimator can do with."""
    return FEWEST_TO_CALIBRATE if chosen(name, 0) == "discriminator" else FEWEST


def candidates(model: AdversarialModel, options: Mapping) -> list[str]:
    """The estimators that "best" chooses from: the terms of `combined`, and `combined` itself if they are several."""
    terms = terms_of(model, options)
    return [*terms, "combined"] if len(terms) > 1 else terms


def calibrated(estimate: Estimate, reals: Labelled, fakes: Labelled, method: str) -> tuple[Estimate, float]:
    """An estimate calibrated on reals and fakes by a method of `calibrate`.

    Also its log loss, in nats, by cross-fitting on the same reals and fakes.
    """
    real_logits, fake_logits = in_batches(estimate, *reals), in_batches(estimate, *fakes)
    calibrator, log_loss = calibrate(method, real_logits.numpy(), fake_logits.numpy())
    return estimate.then(calibrator), log_loss


def group_offsets(
    fit: Fit, reals: np.ndarray, training: np.ndarray | StoredPictures | None, most: int, seed: int
) -> Callable[[Estimate], Estimate] | None:
    """A function from an estimate to the offset of each sample's group (`ganzoo.density_ratio.groups`).

    The groups' shares are counted on all held-out reals, and on the training reals if these are in the same groups
    (`groups.counted`): how many there are of a kind says nothing of the fit. None if there are fewer than two groups.
    """
    (trunk,) = fit.own.trunks
    generator = np.random.default_rng(entropy(seed))
    features = [in_batches(trunk, reals).numpy()]
    if training is not None:
        rows = np.sort(generator.permutation(len(training))[:GROUP_REALS])
        some = (to_float(training.take(rows[at : at + AT_ONCE], axis=0)) for at in range(0, len(rows), AT_ONCE))
        features += [in_batches(trunk, pictures).numpy() for pictures in some]
    features = np.concatenate(features)
    grouped = groups.found(features, most, generator)
    if grouped is None:
        return None
    of_reals = grouped.of(features).numpy()
    of_reals = groups.counted(of_reals[: len(reals)], of_reals[len(reals) :])
    fakes_seed = noise.root(seed, noise.Purpose.GROUP_FAKES)

    def offset(estimate):
        @tf.function(autograph=False)
        def draw(first):
            fakes = fit.model.propose(fakes_seed, first, AT_ONCE)
            made = {each: each(fakes, training=False) for each in (trunk, *estimate.trunks)}  # each trunk runs once
            log_ratio = estimate.head(*(made[each] for each in estimate.trunks), training=False)
            return grouped.of(made[trunk]), log_ratio

        drawn = [draw(tf.constant(first)) for first in range(0, GROUP_FAKES * len(of_reals), AT_ONCE)]
        of_fakes, log_ratios = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
        values = groups.offsets(of_reals, of_fakes, log_ratios, len(grouped.centers))
        return Estimate((trunk,), lambda features, training: tf.gather(values, grouped.of(features)))

    return offset


def density_ratio(estimate: Estimate, held_out: Labelled, num_classes: int | None) -> DensityRatio:
    """The ratio whose log is an estimate, with the log ratios of held-out reals."""
    starts = in_batches(estimate, *held_out)
    if num_classes is not None:
        starts = by_class(starts.numpy(), held_out[1], num_classes)
    return DensityRatio(estimate, held_out=starts)


def by_class(values: np.ndarray, labels: np.ndarray, num_classes: int) -> tf.Tensor:
    """Values float32 [n] as [num_classes, m], where m is the size of the largest class.

    The values of a smaller class are repeated. The row of a class without values is -inf.
    """
    class_values = [values[labels == number] for number in range(num_classes)]
    most = max(map(len, class_values))
    padded = [np.resize(own, most) if len(own) else np.full(most, -np.inf) for own in class_values]
    return tf.constant(np.stack(padded), tf.float32)


def shares(reals: Labelled, stop: float, calibration: float, seed: int) -> list[Labelled]:
    """Reals (and labels), at least six, in random order: three shares, to fit on, to stop by and to calibrate on."""
    total = len(reals[0])
    order = np.random.default_rng(entropy(seed)).permutation(total)
    stops, calibrations = (max(int(share * total), 2) for share in (stop, calibration))
    parts = np.split(order, [total - stops - calibrations, total - calibrations])
    return [tuple(array[part] for array in reals) for part in parts]


def check(model: AdversarialModel, options: Mapping, count: int = FEW) -> None:
    """Checks `config.ratio` before the training starts; `count` is the number of held-out reals.

    Raises:
        GanzooError: if the estimator or the calibration is unknown, if the estimator does not fit the model's
            objective, or if a number is out of range.
    """
    for key, known in (("estimator", CHOICES), ("calibration", METHODS)):
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
    is_bare = chosen(options["estimator"], count) == "discriminator" and options["calibration"] == "none"
    if is_bare and not model.logits_are_log_ratio:
        raise GanzooError(
            f"the discriminator of {model.zoo_name} is no density ratio without calibration: its objective leaves the "
            "scale of its logits open. Use --config.ratio.calibration=temperature, or --config.ratio.estimator=refit, "
            "smoothed or combined, which fit a ratio by cross-entropy."
        )
    if not options["tempering"] > 0.0:
        raise GanzooError(f"config.ratio.tempering is {options['tempering']}, expected a number above 0; 1 is none.")
    if options["stop_share"] + options["calibration_share"] >= 1.0:
        raise GanzooError(
            "config.ratio.stop_share and calibration_share leave no reals to fit on; keep their sum below 1."
        )
