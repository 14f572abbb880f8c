"""The report on an export that samples from latents: its samplers, its density ratio and its codes."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from ml_collections import ConfigDict

from ganzoo.data.parts import Parts
from ganzoo.data.reals import to_float
from ganzoo.environment import cache_folder
from ganzoo.errors import GanzooError
from ganzoo.evaluation import SAMPLERS, digits_classifier, extractors
from ganzoo.evaluation.codes import information_bound, unsupervised_accuracy
from ganzoo.evaluation.copies import in_words
from ganzoo.evaluation.evaluator import Evaluator
from ganzoo.evaluation.reliability import dawids_z, plot_reliability, reliability
from ganzoo.evaluation.samples import short
from ganzoo.evaluation.table import format_errors, format_table
from ganzoo.pictures import drawing
from ganzoo.pictures.nearest import write_nearest
from ganzoo.serving.exported import Exported

MOST_SCORED = 10_000  # reals, and as many samples, whose log ratios are checked
# Among the rows of the metrics.
NOT_SAMPLERS = ("log_ratio", "label_accuracy", "codes", "features", "copies", "standard_errors")
Z_ALARM = 3.0  # standard deviations: a Dawid's Z beyond it is not chance


def measure(
    exported: Exported,
    parts: Parts,
    config: ConfigDict,
    workdir: Path | None = None,
    samplers: Sequence[str] = SAMPLERS,
) -> dict:
    """The metrics of every sampler, of the log ratio and of the codes, as in `metrics.json`.

    Args:
        exported: what to measure.
        parts: the reals, split.
        config: of the run; its `evaluation.num_samples` of each sampler are measured, drawn with its `seed`.
        workdir: where the pictures of the log ratio and of the codes go; None draws none.
        samplers: signatures that draw.

    Raises:
        GanzooError: as `evaluate`.
    """
    num_samples, seed = config.evaluation.num_samples, config.seed
    print(f"measuring {num_samples} samples of each kind ...")
    evaluator = Evaluator(parts.train, parts.test, extractor=extractors.asked_for(config), cache=cache_folder())
    metrics = evaluate(
        exported,
        parts,
        num_samples,
        seed=seed,
        samplers=samplers,
        evaluator=evaluator,
        nearest_picture=workdir and workdir / "nearest.png",
    )
    if found := features(evaluator):
        metrics["features"] = found
    plots = [workdir and workdir / name for name in ("reliability.png", "codes.png")]
    metrics["log_ratio"] = calibration(exported, parts, seed=seed, plot=plots[0])
    return metrics | codes(exported, parts, seed=seed, picture=plots[1])


def evaluate(
    exported: Exported,
    parts: Parts,
    num_samples: int,
    *,
    seed: int = 0,
    samplers: Sequence[str] = SAMPLERS,
    evaluator: Evaluator | None = None,
    nearest_picture: Path | None = None,
) -> dict[str, dict[str, float]]:
    """The metrics of an export's samplers beside those of reals against reals.

    Args:
        exported: what to measure; the very signatures that will be served.
        parts: the reals, split; the test part is what samples are compared with.
        num_samples: of each sampler.
        seed: of the samples.
        samplers: signatures that draw; one that the export does not have is left out.
        evaluator: of these parts; None makes one, which keeps nothing on disk.
        nearest_picture: where samples of the first sampler beside their nearest training pictures go, as PNG.

    Returns:
        `{"generate": {metric: value}, "drs": {...}, ..., "floor": {...}}`. Besides quality: `samples_per_second`,
        `acceptance_rate` and `fraction_of_bound`, the proposals a second as a share of what the generator and the log
        ratio alone could make. `mh` has `num_restarted`, the chains that never moved and ran again. Of a conditional
        model, asked for the labels of the test part, also `{"label_accuracy": {"drs 0": ..., }}`, the share of each
        class that shows what its label says. Of pictures also `{"copies": {"generate": {...}, ...}}`: the figures of
        `copies.Copies` for each sampler, with a sentence `in_words`. Of the metrics that have one,
        `{"standard_errors": {"generate": {metric: value}, ...}}`, in the metric's unit.

    Raises:
        GanzooError: if the reals have another shape than the samples, or no labels for a conditional model.
    """
    evaluator = evaluator or Evaluator(parts.train, parts.test)
    bound = exported.proposals_per_second() if "propose" in exported.signatures else None
    rows, of_classes, copies, errors = {}, {}, {}, {}
    labels = _labels(exported, parts)
    for sampler in samplers:
        if sampler not in exported.signatures:
            continue
        exported.draw(sampler, 1, seed=seed)  # the first call of a signature takes longer
        start = time.perf_counter()
        draws = exported.draw(sampler, num_samples, seed=seed, labels=labels)
        seconds = time.perf_counter() - start
        if len(draws["samples"]) < num_samples:
            print(
                f"ganzoo: {sampler} found only {len(draws['samples'])} of {num_samples} samples within its bound on "
                "proposals; they alone are measured."
            )
        if len(draws["samples"]) == 0:
            continue
        asked = draws.get("labels", np.resize(labels, num_samples)) if exported.is_conditional else None
        rows[sampler] = evaluator.measure(draws["samples"], asked, row=sampler)
        if found := evaluator.standard_errors(draws["samples"], asked):
            errors[sampler] = found
        if found := evaluator.copies(draws["samples"]):
            copies[sampler], nearest = found
            if nearest_picture is not None and len(copies) == 1:
                write_nearest(nearest_picture, draws["samples"], parts.train.samples, nearest, sampler)
        rows[sampler]["samples_per_second"] = len(draws["samples"]) / seconds
        if "acceptance_rate" in draws:
            rows[sampler]["acceptance_rate"] = float(draws["acceptance_rate"])
            rows[sampler]["fraction_of_bound"] = float(draws["num_proposed"]) / seconds / bound
        if "num_restarted" in draws:
            rows[sampler]["num_restarted"] = int(draws["num_restarted"])
        if exported.is_conditional:
            accuracy, of_classes[sampler] = evaluator.label_accuracy(draws["samples"], asked)
            rows[sampler] |= accuracy
    rows["floor"] = evaluator.floor(num_samples, labelled=exported.is_conditional)
    if exported.is_conditional:
        reals = parts.train.take(np.arange(min(num_samples, len(parts.train))))
        accuracy, of_classes["floor"] = evaluator.label_accuracy(reals.samples, reals.labels)
        rows["floor"] |= accuracy
    if errors:
        rows["standard_errors"] = errors
    if copies:
        are_trained = "note" not in features(evaluator)
        rows["copies"] = {
            name: {**found._asdict(), "in_words": in_words(found, name, features_are_trained=are_trained)}
            for name, found in copies.items()
        }
    return rows | ({"label_accuracy": of_classes} if of_classes.get("floor") else {})


def features(evaluator: Evaluator) -> dict:
    """What a reader of the figures should know of the features, by `FeatureExtractor.facts`; empty for points."""
    extractor = evaluator.suite.extractor
    return {"name": extractor.name.rstrip("_"), **extractor.facts} if extractor.facts else {}


def calibration(exported: Exported, parts: Parts, *, seed: int = 0, plot: Path | None = None) -> dict[str, float]:
    """Whether the log ratios that an export rejects by are calibrated, on reals that it was neither fitted nor
    calibrated on.

    Args:
        exported: its signature `score` is what is asked.
        parts: the reals, split; as many of the test part as of the generator's samples are scored.
        seed: of the samples.
        plot: where a reliability diagram is to be written, as PNG.

    Returns:
        `dawids_z` (about N(0, 1) where calibrated), `log_loss` (natural log; .693 is chance) and `brier`; empty for an
        export without a density ratio.
    """
    if "drs" not in exported.signatures:
        return {}
    test = to_float(parts.test.samples[:MOST_SCORED])
    labels = _labels(exported, parts)
    labels = None if labels is None else labels[:MOST_SCORED]
    fakes = exported.draw("generate", len(test), seed=seed, labels=labels)["samples"]
    logits = [exported.score(samples, labels)["log_ratio"] for samples in (test, fakes)]
    if plot is not None:
        plot_reliability(plot, {"log_ratio on the test part": logits})
    scores = reliability(*logits)
    return {"dawids_z": dawids_z(*logits), "log_loss": scores.log_loss, "brier": scores.brier}


def codes(exported: Exported, parts: Parts, *, seed: int = 0, picture: Path | None = None) -> dict:
    """What an export's latent codes say of the samples; empty for an export without codes.

    Args:
        exported: its signatures `recognise` and `generate_from_codes` are what is asked.
        parts: the reals, split; the test part is recognised.
        seed: of the samples.
        picture: where a grid is to be written as PNG, one column for each category.

    Returns:
        `{"codes": {...}}` with `unsupervised_accuracy_1k` of the categories that the reals are recognised as, where
        they have labels, and `information_10k`, the bound on what the category says of a sample, in nats.
    """
    if "recognise" not in exported.signatures:
        return {}
    test = parts.test.take(np.arange(min(MOST_SCORED, len(parts.test))))
    probabilities = exported.in_batches("recognise", samples=to_float(test.samples))["category_probabilities"]
    found = {}
    if test.labels is not None:
        accuracy = unsupervised_accuracy(probabilities.argmax(axis=1), test.labels)
        found[f"unsupervised_accuracy_{short(len(test))}"] = accuracy

    categories = np.arange(MOST_SCORED) % probabilities.shape[1]
    fakes = exported.from_codes(categories, seed=seed)
    if picture is not None and fakes.ndim == 4:
        columns = probabilities.shape[1]
        drawing.write_png(picture, drawing.grid(fakes[: 10 * columns], columns))
    recognised = exported.in_batches("recognise", samples=fakes)["category_probabilities"]
    log_probabilities = np.log(np.maximum(recognised, np.finfo(np.float32).tiny))
    found[f"information_{short(MOST_SCORED)}"] = information_bound(log_probabilities, categories)
    return {"codes": found}


def describe(metrics: dict[str, dict[str, float]]) -> str:
    """The samplers' table, how far the modes of stacked digits can be trusted, and a line on the calibration with a
    warning where it fails."""
    lines = [format_table({name: row for name, row in metrics.items() if name not in NOT_SAMPLERS})]
    if found := metrics.get("standard_errors"):
        lines += ["", f"{format_errors(found)}\n"]
    if found := metrics.get("features"):
        lines.append(features_in_words(found))
    lines += [found["in_words"] for found in metrics.get("copies", {}).values()]
    if of_classes := metrics.get("label_accuracy"):
        lines.append(f"share of each class that shows what its label says:\n{format_table(of_classes)}")
    if found := metrics.get("codes"):
        lines.append("latent codes: " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()))
    if any(metric.startswith("modes_digits") for row in metrics.values() for metric in row):
        accuracy = digits_classifier.load().facts["test_accuracy"]
        lines.append(
            f"modes by a classifier that is right on {accuracy:.2%} of MNIST's test images, on all three digits of a "
            f"triple thus {accuracy**3:.1%} of the time"
        )
    if found := metrics.get("log_ratio"):
        lines.append(
            f"log ratio on the test part: Dawid's Z {found['dawids_z']:.2f}, log loss {found['log_loss']:.3f} "
            f"(chance .693), Brier score {found['brier']:.3f}"
        )
        if abs(found["dawids_z"]) > Z_ALARM:
            lines.append(
                f"ganzoo: the log ratio is not calibrated (|Z| > {Z_ALARM:.0f}): its mean is off. drs and obrs only "
                "use its differences and hardly suffer; for mh and for `score` more held-out reals or another "
                "--config.ratio.calibration may help."
            )
    return "\n".join(lines)


def features_in_words(facts: Mapping) -> str:
    """What a reader of the table should know of the features, in one line."""
    if "note" in facts:
        return str(facts["note"])
    if "file" in facts:
        return (
            f"features {facts['name']} of {facts['file']} (sha256 {facts['sha256'][:12]}...), {facts['dimensions']} of "
            f"each picture; pictures {facts['pictures']}"
        )
    right = "" if facts["accuracy"] is None else f", right on {facts['accuracy']:.1%} of its test pictures"
    return f"features {facts['name']} of a classifier of {facts['classifier_of']}{right}"


def _labels(exported: Exported, parts: Parts):
    """Those of the test part for a conditional model's samples, int64 [n], or None for the other models."""
    if not exported.is_conditional:
        return None
    if parts.test.labels is None:
        raise GanzooError(
            f"{exported.path} makes samples of a class, and '{parts.test.name}' has no labels to ask for. Give a data "
            "set with labels, such as the one it was trained on."
        )
    return parts.test.labels
