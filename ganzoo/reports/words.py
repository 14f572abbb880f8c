"""What a metric says, in words, and what its figures say beside those of real data."""

import math
import re
from collections.abc import Mapping

from ganzoo.evaluation.registry import METRICS
from ganzoo.evaluation.suites import PACKAGE, direction
from ganzoo.reports.curves import number

SURE = 2.0  # standard errors of a difference, below which it may be chance
METRIC_WORDS = {
    "fd": "Fréchet distance: how far the samples' features lie from the features of real data",
    "kd": "Kernel distance between the features of samples and of real data",
    "is": "Inception score: how clear and how varied the samples are to a classifier",
    "precision": "Share of samples that lie among the real data",
    "recall": "Share of the real data that lie among the samples",
    "density": "How densely the samples lie among the real data",
    "coverage": "Share of real data that have a sample nearby",
    "modes": "Modes of the data that samples were found in",
    "high_quality": "Share of samples within 4 standard deviations of a mode",
    "std": "Standard deviation of the samples around their modes, beside the data's",
    "jsd": "Jensen-Shannon divergence of the modes' shares",
    "kl": "Reverse Kullback-Leibler divergence of the modes' shares",
    "label_accuracy": "Share of samples that show what their label says",
    "class_survives": "Share of translated pictures that still show the same class",
    "domain_accuracy": "Share of translated pictures that a classifier takes for the right domain",
    "cycle_error": "Mean absolute error after the way there and back, on the scale 0 to 1",
    "identity_error": "Change to a picture that is in the target domain already, on the scale 0 to 1",
    "l1": "Mean absolute difference to the true picture, on the scale 0 to 1",
    "psnr": "Peak signal-to-noise ratio to the true picture, in decibels",
    "ssim": "Structural similarity to the true picture; 1 is equal",
    "samples_per_second": "Samples per second on the machine of the run",
    "acceptance_rate": "Accepted samples per proposal",
    "fraction_of_bound": "Proposals per second, as a share of what the networks alone could make",
    "num_restarted": "Chains that never moved and ran again on fresh proposals",
    "unsupervised_accuracy": "Accuracy of the category as a classifier of the labels",
    "information": "Lower bound on what the category says of a sample, in nats",
    "dawids_z": "Dawid's Z: about between -3 and 3 where the density ratio is calibrated",
    "log_loss": "Log loss of the density ratio as a classifier; .693 is chance",
    "brier": "Brier score of the density ratio as a classifier; .25 is chance",
}
FEATURES = {
    "digits": "in the features of a digits classifier",
    "random": "in the features of an untrained network",
    "raw": "on the coordinates",
}
HIGHER = ("samples_per_second", "fraction_of_bound")  # figures that no metric's function gives


def base(metric: str) -> str:
    """A metric's registered name, by its name in `metrics.json`: `fd` for `fd_digits10k`."""
    names = [name for name in {*METRICS, *METRIC_WORDS} if metric == name or metric.startswith(f"{name}_")]
    return max(names, key=len, default=metric)


def better(metric: str) -> str | None:
    """ "lower" or "higher", whichever is better; None where neither is."""
    return "higher" if metric in HIGHER else direction(metric)


def words(metric: str) -> str:
    """A metric in words, with its features and its count: `fd_digits10k` and others, a user's own by its docstring."""
    name = base(metric)
    if name in METRIC_WORDS and (name in PACKAGE or name not in METRICS):
        text = METRIC_WORDS[name]
    else:
        own = METRICS[name].function.__doc__ if name in METRICS else metric.replace("_", " ").capitalize()
        text = (own or "A metric of your own").strip().partition("\n")[0].rstrip(".")
    match = re.fullmatch(r"(?:_([a-z0-9_]*?))?_?(\d+)(k?)", metric.removeprefix(name))
    if match:
        features = FEATURES.get(match[1] or "", f"in the features of a classifier of {match[1]}" if match[1] else "")
        count = f"{int(match[2]) * (1000 if match[3] else 1):,} samples"
        text += f" ({count}{', ' + features if features else ''})"
    return text


def may_be_chance(difference: float, error: float, other: float) -> bool:
    """Whether two figures with these standard errors are within two standard errors of their difference."""
    return abs(difference) <= SURE * math.hypot(error, other)


def verdict(
    metric: str, values: Mapping[str, float], plain: str, rejected: str, floor: str, errors: Mapping[str, float] = {}
) -> str:
    """What the figures of one metric say, in one sentence; empty where there is nothing to compare.

    Args:
        metric: its name in `metrics.json`.
        values: by row.
        plain, rejected, floor: the rows of the generator alone, of rejection, and of real data.
        errors: the standard errors of the values, by row, where they are known.
    """
    way = better(metric)
    old, new, real = values.get(plain), values.get(rejected), values.get(floor)
    parts = []
    if way and old is not None and new is not None:
        if number(old) == number(new):
            parts.append(f"Rejection leaves it at {number(new)}")
        else:
            change = "improves" if (new < old) == (way == "lower") else "worsens"
            text = f"Rejection {change} it from {number(old)} to {number(new)}"
            if plain in errors and rejected in errors and may_be_chance(new - old, errors[plain], errors[rejected]):
                text += ", which may be chance: another draw moves it as much"
            parts.append(text)
    if real is not None:
        parts.append(f"real data score {number(real)}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""
