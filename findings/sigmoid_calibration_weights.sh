#!/usr/bin/env bash
# scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17.1, Python 3.11.
#
# Guess: weights of samples say how the samples count beside one another, so that a common factor changes nothing. The
# page of CalibratedClassifierCV says of sample_weight: "If None, then samples are equally weighted."
#
# What happens: with method="sigmoid", which is the default, the sum of the weights is taken for the number of samples.
# Platt's targets are (N + 1) / (N + 2) for ones and 1 / (N + 2) for zeros, to guard against few samples, and N is the
# sum of the class's weights. With weights that sum to 1, N is 0.5 and less, and all probabilities come out near 0.5.
# No warning.
#
#   10,000 samples of N(-1, 1) and N(1, 1), equal weights. Probability of class 1 and log-odds at x = 1 (true: .881, 2)
#   sum of the weights   sigmoid         isotonic   temperature
#   no weights           .903   2.23     .859       .879
#   10,000               .903   2.23     .859       .879
#   1,000                .895   2.15     .859       .879
#   100                  .830   1.59     .859       .879
#   10                   .627   0.52     .859       .879
#   1                    .518   0.07     .859       .879
#
# The classifier itself (GaussianNB) does not change by the factor, nor do the other two methods.
#
# Why it matters: importance weights are mostly normalised to the sum 1, and so are weights that balance real and
# generated samples. A discriminator that is calibrated so has log-odds near 0: rejection sampling and
# Metropolis-Hastings accept all alike, and the samples stay as they were. What to do: scale the weights to the mean 1,
# or take isotonic or temperature.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1

cat > "$work/find.py" <<'PYTHON'
import sys
import warnings

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.naive_bayes import GaussianNB

warnings.simplefilter("error")
draws = np.random.default_rng(0).normal(size=(10_000, 1))
classes = np.repeat([0, 1], 5_000)
samples = draws + 2.0 * classes[:, None] - 1.0
POINT = [[1.0]]  # the true log-odds are 2 x


def probability(classifier, total):
    """Of class 1 at the point, fitted with equal weights of a given sum, or without weights."""
    weights = None if total is None else np.full(len(classes), total / len(classes))
    return float(classifier.fit(samples, classes, sample_weight=weights).predict_proba(POINT)[0, 1])


def calibrated(method):
    return CalibratedClassifierCV(GaussianNB(), method=method, cv=5)


totals = (None, 10_000, 1_000, 100, 10, 1)
seen = {method: [probability(calibrated(method), total) for total in totals] for method in ("isotonic", "temperature")}
seen["uncalibrated"] = [probability(GaussianNB(), total) for total in totals]
for name, by_total in seen.items():
    print(f"{name:12}", np.round(by_total, 3))
sigmoid = [probability(calibrated("sigmoid"), total) for total in totals]
print("sigmoid     ", np.round(sigmoid, 3), "log-odds", np.round(np.log(sigmoid) - np.log1p(-np.array(sigmoid)), 2))

steady = all(np.allclose(by_total, by_total[0], atol=1e-3) for by_total in seen.values())
if not steady or not np.allclose(sigmoid, [0.903, 0.903, 0.895, 0.830, 0.627, 0.518], atol=2e-3):
    sys.exit("Changed: see the opening comment.")
print("As stated: a sigmoid calibration takes the sum of the weights for the number of samples.")
PYTHON

"$work/venv/bin/python" "$work/find.py"
