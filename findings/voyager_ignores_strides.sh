#!/usr/bin/env bash
# voyager 2.2.3, hnswlib 0.8.0, numpy 2.4.6, Python 3.11, Linux.
#
# Guess: an index of nearest neighbours takes the rows of an array, whatever its strides, or refuses the array, as
# usearch does. voyager's page asks for "A 32-bit floating-point NumPy array, with shape (num_vectors, num_dimensions)".
#
# What happens: voyager reads the memory from the array's start, as if the rows lay one behind the other. The first 16
# of 32 columns become pieces of 16 numbers of the first rows. It does so in add_items and in query. hnswlib, from which
# it comes, is right. How many rows find themselves as the nearest of all, and the largest error of a stored number:
#
#   features of N(0, 1), 200 x 32                              hnswlib    voyager    error in voyager
#   as they are                                                200        200        0
#   np.asfortranarray(features), or computed as (...).T        200        2          5.2
#   features[:, :16]                                           200        1          4.9
#   features[::2] (100 rows)                                   100        1          4.9
#   added as they are, asked for in Fortran's order            200        2          0
#
# Nothing warns. The same array in float64 is right, as it is copied.
#
# Why it matters: precision and recall of generated pictures, and the search for memorised ones, ask for neighbours of
# features. A projection (u @ s).T, every second sample, or the first components of a PCA are such arrays. The distances
# look plausible. What to do: np.ascontiguousarray in front of both.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q voyager==2.2.3 hnswlib==0.8.0 numpy==2.4.6

cat > "$work/find.py" <<'PYTHON'
import sys

import hnswlib
import numpy as np
import voyager


def by_voyager(added, asked):
    index = voyager.Index(voyager.Space.Euclidean, added.shape[1], ef_construction=400)
    index.add_items(added, list(range(len(added))), num_threads=1)
    return index.query(asked, k=1, num_threads=1, query_ef=400)[0][:, 0], index.get_vectors(list(range(len(added))))


def by_hnswlib(added, asked):
    index = hnswlib.Index("l2", added.shape[1])
    index.init_index(len(added), ef_construction=400)
    index.add_items(added, np.arange(len(added)), num_threads=1)
    index.set_ef(400)
    return index.knn_query(asked, k=1, num_threads=1)[0][:, 0], np.array(index.get_items(np.arange(len(added))))


features = np.random.default_rng(0).normal(size=(200, 32)).astype("float32")
fortran = np.asfortranarray(features)
columns, second = features[:, :16], features[::2]
cases = {
    "as they are": (features, features),
    "Fortran's order": (fortran, np.ascontiguousarray(fortran)),
    "first 16 columns": (columns, np.ascontiguousarray(columns)),
    "every second row": (second, np.ascontiguousarray(second)),
    "asked in Fortran's order": (features, fortran),
    "float64": (columns.astype("float64", order="K"), np.ascontiguousarray(columns)),
}
as_stated = True
for name, (added, asked) in cases.items():
    found = {}
    for library in (by_hnswlib, by_voyager):
        nearest, stored = library(added, asked)
        found[library] = int((nearest == np.arange(len(added))).sum()), float(np.abs(stored - added).max())
    print(f"{name:25} of {len(added)} rows find themselves, and the error: hnswlib, voyager", *found.values())
    as_stated &= found[by_hnswlib] == (len(added), 0)
    if name in ("as they are", "float64"):
        as_stated &= found[by_voyager] == (len(added), 0)
    else:
        as_stated &= found[by_voyager][0] <= 5 and (found[by_voyager][1] > 4) == (added is not features)

pieces = by_voyager(columns, features[:, :16].copy())[1]
as_stated &= np.array_equal(pieces, features.ravel()[: pieces.size].reshape(pieces.shape))
if not as_stated:
    sys.exit("Changed: see the opening comment.")
print("As stated: voyager ignores the strides of an array.")
PYTHON

"$work/venv/bin/python" "$work/find.py"
