#!/usr/bin/env bash
# prdc 0.2, torch-fidelity 0.4.0, torch 2.14.1, numpy 2.4.6, scikit-learn 1.9.1, Python 3.11.
#
# Guess: a set compared with itself has precision, recall and coverage 1, and both libraries agree, as they do on
# other sets to 1e-6.
#
# What happens: a ball reaches to the fifth neighbour. Around a picture that is there six times the ball has radius 0.
# prdc asks whether a distance is *below* the radius, torch-fidelity whether it is at most the radius. So for prdc
# such a picture lies in no ball, not even in its own. Whole numbers as features, so that distances are exact:
#
#   features of a set, compared with itself         precision   recall   coverage   torch-fidelity's precision, recall
#   1,000 different rows                            1           1        1          1, 1
#   500 rows, each twice                            1           1        1          1, 1
#   800 different rows, and 20 rows ten times       0.8         0.8      0.8        1, 1
#   150 rows, each six times                        0           0        0          1, 1
#
# With real features the zeros are rounding noise of the distance (x² + y² - 2xy), and any figure between comes out:
# 150 normal rows of 64 features, six times each, gave 0.39 in float64 and 0.60 in float32.
#
# Why it matters: folders of pictures have copies, and sprites, icons and scans have many empty ones. Every model then
# seems to miss them, and two papers' figures differ by the library alone. What to do: remove exact copies before
# measuring.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q prdc==0.2 torch-fidelity==0.4.0 torch==2.14.1 numpy==2.4.6 scikit-learn==1.9.1

cat > "$work/find.py" <<'PYTHON'
import sys

import numpy as np
import torch
from prdc import compute_prdc
from torch_fidelity.metric_prc import prc_features_to_metric


def rows(count):
    return np.random.default_rng(count).integers(-8, 9, size=(count, 64)).astype("float64")


def of(features):
    """precision, recall and coverage by prdc, then precision and recall by torch-fidelity; 5 neighbours each."""
    ours = compute_prdc(features, features, nearest_k=5)
    both = [torch.from_numpy(features)] * 2
    theirs = prc_features_to_metric(*both, prc_neighborhood=5, prc_batch_size=10_000, save_cpu_ram=False, verbose=False)
    values = [*(ours[name] for name in ("precision", "recall", "coverage")), *(theirs[n] for n in ("precision", "recall"))]
    return tuple(round(float(value), 6) for value in values)


seen = {
    "different": of(rows(1000)),
    "each twice": of(np.concatenate([rows(500)] * 2)),
    "20 ten times": of(np.concatenate([rows(800), *[rows(20)] * 10])),
    "each six times": of(np.concatenate([rows(150)] * 6)),
}
expected = {
    "different": (1.0,) * 5,
    "each twice": (1.0,) * 5,
    "20 ten times": (0.8, 0.8, 0.8, 1.0, 1.0),
    "each six times": (0.0, 0.0, 0.0, 1.0, 1.0),
}
for name, values in seen.items():
    print(f"{name:15}", *values)
if seen != expected:
    sys.exit(f"Changed. Expected: {expected}")
PYTHON

"$work/venv/bin/python" "$work/find.py" 2> >(grep -v "^Num" >&2)
echo "As stated: prdc finds a picture that is there six times in no ball, not even in its own."
