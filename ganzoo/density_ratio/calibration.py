"""Calibration of a density ratio: a monotone map that makes a classifier's logits an honest log p_data/p_g.

Turner et al., "Metropolis-Hastings Generative Adversarial Networks", ICML 2019, https://arxiv.org/abs/1811.11357,
section 3.2. A classifier ranks samples well and yet is too sure of itself; acceptance in the samplers is a ratio of
densities, which the rank alone does not give. The map is fitted on reals and fakes that the classifier was not.
"""

import warnings
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from sklearn.exceptions import ConvergenceWarning
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from ganzoo.errors import GanzooError, did_you_mean

METHODS = ("none", "temperature", "isotonic", "beta")

Calibration = Callable[[tf.Tensor], tf.Tensor]

PRIOR_STD = 100.0  # of the slopes per standard deviation of a feature: felt only where the classes are separable
SMALLEST_SCALE = 1e-6  # a feature that varies less is rounding noise, and not blown up
CLIP_SPANS = 5.0  # logits further from the middle halves of both classes than this many times their span are drawn in
LARGEST = float(np.finfo(np.float32).max)


def calibrate(method: str, real_logits: np.ndarray, fake_logits: np.ndarray) -> Calibration:
    """The map from logits to calibrated log p_data/p_g that fits held-out reals and fakes best.

    Each class has half of the weight whatever its number, so the priors are equal and the result is a log ratio.

    Args:
        method: one of `METHODS`; "none" is the identity and looks at no logits.
        real_logits: float32 [n] of reals that the classifier has not been fitted on.
        fake_logits: float32 [m]. NaN and infinite logits are left out: the samplers never accept such samples, so they
            are no part of what is calibrated.

    Returns:
        float32 [rows] to float32 [rows], TensorFlow code whose parameters are constants of the graph. It never
        decreases. Finite logits stay finite; NaN and infinite ones pass unchanged, for the samplers to judge.

    Raises:
        GanzooError: for an unknown method, or fewer than two finite logits of either class.
    """
    if method not in METHODS:
        raise GanzooError(f"no calibration '{method}'.{did_you_mean(method, METHODS)} There are: {', '.join(METHODS)}.")
    if method == "none":
        return lambda logits: logits
    real, fake = _finite(real_logits), _finite(fake_logits)
    if min(len(real), len(fake)) < 2:
        raise GanzooError(
            f"{len(real)} finite logits of reals and {len(fake)} of fakes cannot be calibrated; at least 2 of each are "
            "needed, and some hundreds wanted."
        )
    fit = {"temperature": temperature, "isotonic": isotonic, "beta": beta}[method]
    return _on_float32(fit(real, fake))


def temperature(real: np.ndarray, fake: np.ndarray) -> Calibration:
    """x -> a x + b by logistic regression; 1/a is the temperature.

    Platt, "Probabilistic Outputs for Support Vector Machines", 1999; Turner et al. call it logistic calibration. Where
    the best a is negative, reals score no higher than fakes and the logits carry no information: a = b = 0 then, the
    log ratio of two distributions that nobody can tell apart.

    Args:
        real: float64 [n], finite.
        fake: float64 [m], finite.
    """
    (a,), b = _logistic_regression(lambda x: [x], real, fake)
    return lambda logits: a * logits + b


def beta(real: np.ndarray, fake: np.ndarray) -> Calibration:
    """x -> a ln p - b ln(1 - p) + c with p = sigmoid(x) and a, b >= 0.

    Kull, Silva Filho and Flach, "Beta calibration", AISTATS 2017, https://proceedings.mlr.press/v54/kull17a.html,
    section 3: logistic regression on ln p and -ln(1 - p). A slope that comes out negative is set to 0 and the rest
    fitted again. For very negative logits the map has slope a, for very positive ones b.

    Args:
        real: float64 [n], finite.
        fake: float64 [m], finite.
    """
    (a, b), c = _logistic_regression(lambda x: [-np.logaddexp(0.0, -x), np.logaddexp(0.0, x)], real, fake)
    return lambda logits: c - a * tf.nn.softplus(-logits) + b * tf.nn.softplus(logits)


def isotonic(real: np.ndarray, fake: np.ndarray) -> Calibration:
    """The best non-decreasing probability, linear between its steps and constant beyond the logits seen; as a logit.

    Zadrozny and Elkan, "Transforming Classifier Scores into Accurate Multiclass Probability Estimates", KDD 2002.
    Steps of fakes only or reals only would have an infinite logit, so one more real and one more fake are counted at
    the lowest logit and at the highest: k fakes below every real get probability 1 / (k + 2) where n = m (Laplace's
    rule of succession). Both weigh as much as a sample of the smaller class, so they draw the log ratio towards 0.

    Args:
        real: float64 [n], finite.
        fake: float64 [m], finite.
    """
    logits, is_real, weights = _labelled(real, fake)
    ends = np.repeat([logits.min(), logits.max()], 2)
    fit = IsotonicRegression().fit(
        np.append(logits, ends), np.append(is_real, [1, 0, 1, 0]), np.append(weights, np.full(4, weights.max()))
    )
    knots, values = fit.X_thresholds_, fit.y_thresholds_

    def log_ratio(logits):
        right = tf.searchsorted(knots, logits)
        # Beyond the ends both neighbours are the same knot, and the step between them is 0.
        left, right = tf.maximum(right - 1, 0), tf.minimum(right, len(knots) - 1)
        below, above, low, high = (tf.gather(of, at) for of in (knots, values) for at in (left, right))
        probability = low + (high - low) * tf.math.divide_no_nan(logits - below, above - below)
        return tf.math.log(probability) - tf.math.log1p(-probability)

    return log_ratio


def _logistic_regression(
    features: Callable[[np.ndarray], list[np.ndarray]], real: np.ndarray, fake: np.ndarray
) -> tuple[np.ndarray, float]:
    """Slopes >= 0 of the features of a logit, and the bias: a slope that comes out negative is 0, the rest fitted anew.

    Without any slope the bias is 0, since both classes weigh the same.
    """
    logits, is_real, weights = _labelled(*_without_runaways(real, fake))
    x = np.stack(features(logits), axis=1)
    mean, scale = x.mean(0), np.maximum(x.std(0), SMALLEST_SCALE)
    x = (x - mean) / scale

    slopes, bias, kept = np.zeros(x.shape[1]), 0.0, np.ones(x.shape[1], bool)
    while kept.any():
        fit = LogisticRegression(C=PRIOR_STD**2, solver="newton-cholesky", tol=1e-8)
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # it falls back to another solver
            fit.fit(x[:, kept], is_real, weights)
        if (fit.coef_ >= 0.0).all():
            slopes[kept], bias = fit.coef_[0] / scale[kept], fit.intercept_[0] - fit.coef_[0] @ (mean / scale)[kept]
            break
        kept[kept] = fit.coef_[0] >= 0.0
    return slopes, bias


def _without_runaways(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The few logits that an unstable network threw far away, drawn in: one of them would flatten the whole map."""
    quartiles = np.quantile(real, [0.25, 0.75]), np.quantile(fake, [0.25, 0.75])
    low, high = np.min(quartiles), np.max(quartiles)
    reach = CLIP_SPANS * (high - low) or np.inf
    return np.clip(real, low - reach, high + reach), np.clip(fake, low - reach, high + reach)


def _labelled(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits, whether each is of a real, and weights: half of n + m for either class."""
    half = (len(real) + len(fake)) / 2
    weights = np.repeat([half / len(real), half / len(fake)], [len(real), len(fake)])
    return np.concatenate([real, fake]), np.repeat([True, False], [len(real), len(fake)]), weights


def _on_float32(function: Calibration) -> Calibration:
    """The same on float32, in float64 inside: rounding neither disturbs the order nor overflows."""

    def log_ratio(logits):
        value = tf.clip_by_value(function(tf.cast(logits, tf.float64)), -LARGEST, LARGEST)
        return tf.where(tf.math.is_finite(logits), tf.cast(value, tf.float32), logits)

    return log_ratio


def _finite(logits: np.ndarray) -> np.ndarray:
    logits = np.asarray(logits, np.float64)
    return logits[np.isfinite(logits)]
