#!/usr/bin/env bash
# dask 2026.8.0, numpy 2.4.6, Python 3.11.
#
# Guess: a dask array has the mean and the deviation that the numpy array has. dask's page is copied from numpy's, and
# says: "By default, `float16` results are computed using `float32` intermediates for extra precision."
#
# What happens: dask adds up in float16, block by block. From 2048 on, adding less than 1 changes nothing. nanmean
# counts the numbers in float16, too, so that it divides by 2048 at most. No warning, no NaN.
#
#   mean of 60,000 uniform numbers from 0 to 1 in float16, by columns (true: .50), and their deviation (true: .288)
#                               mean     nanmean   std
#   numpy                       .500     .034      .185
#   dask, blocks of 60,000      .034     1.0       .185
#   dask, blocks of 5,000       .410     1.0       .286
#   dask, blocks of 500         .500     .500      .288
#   dask, dtype="float32"       .500     .500      .288
#
# So the result depends on the size of the blocks. numpy's mean alone is as stated; its std and nanmean of float16
# suffer, too. Integers and float32 are right.
#
# Why it matters: features and pictures are often kept in float16 to halve their files, and are read with dask because
# they are many. Their means and variances (normalisation, Frechet distance) are then off by a factor, silently. What to
# do: `.astype("float32")` in front of the reduction, or `dtype="float32"` in it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q dask==2026.8.0 numpy==2.4.6

cat > "$work/find.py" <<'PYTHON'
import sys
import warnings

import dask.array
import numpy as np

warnings.simplefilter("error")
NAMES = ("mean", "nanmean", "std")
numbers = np.random.default_rng(0).uniform(size=(60_000, 4)).astype("float16")


def statistics(library, array, **options):
    """The first column's mean, nanmean and std, none with a warning."""
    return [float(np.asarray(getattr(library, name)(array, axis=0, **options))[0]) for name in NAMES]


def blocks(rows):
    return dask.array.from_array(numbers, chunks=(rows, 4))


seen = {
    "true": statistics(np, numbers.astype("float64")),
    "numpy": statistics(np, numbers),
    "blocks of 60,000": statistics(dask.array, blocks(60_000)),
    "blocks of 5,000": statistics(dask.array, blocks(5_000)),
    "blocks of 500": statistics(dask.array, blocks(500)),
    "dtype float32": statistics(dask.array, blocks(5_000), dtype="float32"),
}
expected = {
    "true": [0.500, 0.500, 0.288],
    "numpy": [0.500, 0.034, 0.185],
    "blocks of 60,000": [0.034, 1.0, 0.185],
    "blocks of 5,000": [0.410, 1.0, 0.286],
    "blocks of 500": [0.500, 0.500, 0.288],
    "dtype float32": [0.500, 0.500, 0.288],
}
for case, values in seen.items():
    print(f"{case:18}", dict(zip(NAMES, values, strict=True)))
if not all(np.allclose(values, expected[case], atol=0.002) for case, values in seen.items()):
    sys.exit("Changed: see the opening comment.")
print("As stated: dask adds up float16 in float16, and nanmean counts in it.")
PYTHON

"$work/venv/bin/python" "$work/find.py"
