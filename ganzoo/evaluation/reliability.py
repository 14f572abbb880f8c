"""Are a density ratio's logits calibrated: of all samples predicted real with probability p, is a share p real?

Dawid, "Prequential Analysis", Encyclopedia of Statistical Sciences, 1997, as used by Turner et al.,
"Metropolis-Hastings Generative Adversarial Networks", ICML 2019, https://arxiv.org/abs/1811.11357, section 3.2.

Logits are log p_data/p_g, whose sigmoid is the probability of a real where reals and fakes are equally many. They are
to be of samples that neither the ratio nor its calibration was fitted on. NaN predicts nothing and is left out.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from ganzoo.pictures import drawing


def dawids_z(real_logits: np.ndarray, fake_logits: np.ndarray) -> float:
    """Z = sum(y - p) / sqrt(sum p (1 - p)): positive where too few reals are predicted.

    It would be N(0, 1) for calibrated logits if each sample were real by the toss of a coin. The numbers of reals and
    fakes are fixed instead, which takes the luck of the tosses away: the variance is 1 - (1/n + 1/m) sum p (1 - p), or
    4 var(p) where n = m, and |Z| > 3 is all the stronger evidence (the correction is that of case-control studies, Qin
    and Zhang 1997). Z sees a bias only: logits too large on both sides alike leave it near 0, and it is the log loss
    that shows them.

    Args:
        real_logits: [n], at least 1.
        fake_logits: [m], at least 1. Where m is not n, the prior log odds log(n/m) of a real are added to all logits,
            which is what a calibrated log ratio then predicts.

    Returns:
        Z. Where every p is 0 or 1 it is 0 if the errors cancel, else infinite.
    """
    real, fake = _numbers(real_logits), _numbers(fake_logits)
    prior = np.log(len(real)) - np.log(len(fake))
    real, fake = real + prior, fake + prior
    error = expit(-real).sum() - expit(fake).sum()
    logits = np.concatenate([real, fake])
    variance = np.sum(expit(logits) * expit(-logits))
    if variance == 0.0:
        return float(np.sign(error) * np.inf) if error else 0.0
    return float(error / np.sqrt(variance))


class Reliability(NamedTuple):
    """Predictions against what came of them, in bins of about equally many samples; equal logits share a bin."""

    predicted: np.ndarray  # float64 [k], mean probability of a real per bin, ascending; k is at most `bins`
    observed: np.ndarray  # float64 [k], share of reals per bin
    count: np.ndarray  # int64 [k], samples per bin
    brier: float  # mean of (y - p)^2, in [0, 1]; .25 where p is always 1/2
    log_loss: float  # mean cross-entropy with the natural log; log 2 = .693 where p is always 1/2


def reliability(real_logits: np.ndarray, fake_logits: np.ndarray, bins: int = 10) -> Reliability:
    """The reliability diagram's curve and two proper scores; reals and fakes weigh one half each whatever their number.

    Args:
        real_logits: [n], at least 1.
        fake_logits: [m], at least 1.
        bins: at least 1.
    """
    real, fake = _numbers(real_logits), _numbers(fake_logits)
    logits = np.concatenate([real, fake])
    probability = expit(logits)
    is_real = np.repeat([1.0, 0.0], [len(real), len(fake)])
    weights = np.repeat([0.5 / len(real), 0.5 / len(fake)], [len(real), len(fake)])

    # Edges are logits themselves, so that infinite ones need no interpolation.
    edges = np.quantile(logits, np.arange(1, bins) / bins, method="higher")
    _, bin_of, count = np.unique(np.searchsorted(edges, logits, "right"), return_inverse=True, return_counts=True)
    weight = np.bincount(bin_of, weights)
    return Reliability(
        predicted=np.bincount(bin_of, weights * probability) / weight,
        observed=np.bincount(bin_of, weights * is_real) / weight,
        count=count,
        brier=float(np.mean(expit(-real) ** 2) + np.mean(expit(fake) ** 2)) / 2,
        log_loss=float(np.mean(np.logaddexp(0.0, -real)) + np.mean(np.logaddexp(0.0, fake))) / 2,
    )


def plot_reliability(path: str | Path, curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Writes a PNG: observed against predicted shares of reals, and how often each probability is predicted.

    The bars reach two standard errors up and down. A calibrated curve lies on the diagonal within them.

    Args:
        path: written whole or not at all.
        curves: logits of reals [n] and of fakes [m] by the curve's name, such as "raw" and "calibrated".
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 6.4 + 0.2 * len(curves)), dpi=120, layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    top.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--", label="calibrated exactly")
    for (name, logits), marker in zip(curves.items(), "osD^vP*X" * len(curves), strict=False):
        curve = reliability(*logits)
        error = 2 * np.sqrt(curve.observed * (1 - curve.observed) / curve.count)
        label = f"{name}: Z = {dawids_z(*logits):z.1f}, log loss {curve.log_loss:.3f}"
        bars = top.errorbar(
            curve.predicted,
            curve.observed,
            error,
            marker=marker,
            markersize=5,
            linewidth=1.5,
            elinewidth=1,
            label=label,
        )
        predictions = expit(np.concatenate([_numbers(part) for part in logits]))
        bottom.hist(
            predictions,
            bins=np.linspace(0, 1, 41),
            weights=np.full(len(predictions), 1 / len(predictions)),
            histtype="stepfilled",
            facecolor=(bars.lines[0].get_color(), 0.2),
            edgecolor=bars.lines[0].get_color(),
            linewidth=1.2,
        )
    top.set(ylabel="observed share of reals", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    figure.legend(loc="outside upper left", fontsize="small", frameon=False)  # inside it would hide some curve
    bottom.set(xlabel="predicted probability of a real", ylabel="share of samples")
    for axes in (top, bottom):
        axes.grid(color="0.9", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    figure.align_ylabels()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawing.write_png(path, np.asarray(canvas.buffer_rgba())[..., :3])


def _numbers(logits: np.ndarray) -> np.ndarray:
    logits = np.asarray(logits, np.float64)
    return logits[~np.isnan(logits)]
