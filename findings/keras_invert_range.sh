#!/usr/bin/env bash
# keras 3.15.1, tensorflow 2.21.0, Python 3.11.
#
# Guess: RandomInvert gives each pixel its complement within `value_range`: with (-1, 1) a pixel x becomes -x. Its page
# speaks of "complementary values" and of a range with a lower and an upper bound.
#
# What happens: the pixel becomes the upper bound minus x, whatever the lower bound is. With (-1, 1) the result lies in
# [0, 2]. Black becomes twice as bright as white, and the middle grey becomes white:
#
#   pixel   (0, 255): 0 -> 255, 64 -> 191, 255 -> 0      (0, 1): 0 -> 1, .25 -> .75, 1 -> 0
#           (-1, 1): -1 -> 2, 0 -> 1, 1 -> 0
#
# Nothing warns. RandAugment and AugMix with value_range=(-1, 1), which scale pixels themselves, stay within -1 and 1.
#
# Why it matters: generators end in tanh, so that pictures of generative models lie in [-1, 1]. Half of what the layer
# returns then lies where no sample can be. What to do: bring pixels to [0, 1] before, or write -x.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q keras==3.15.1 tensorflow==2.21.0

cat > "$work/find.py" <<'PYTHON'
import sys

import keras
import numpy as np


def inverted(pixels, value_range):
    """The pixels after RandomInvert that inverts every picture."""
    picture = np.tile(np.array(pixels, np.float32)[None, :, None, None], [1, 1, 3, 3])
    layer = keras.layers.RandomInvert(factor=(1.0, 1.0), value_range=value_range, seed=1)
    return np.asarray(layer(picture, training=True))[0, :, 0, 0].round(4).tolist()


def range_of(layer):
    """The least and the largest pixel of many draws, from pictures in [-1, 1]."""
    pictures = np.random.default_rng(0).uniform(-1, 1, [8, 16, 16, 3]).astype(np.float32)
    drawn = [np.asarray(layer(pictures, training=True)) for _ in range(30)]
    return min(each.min() for each in drawn), max(each.max() for each in drawn)


found = {
    (0, 255): inverted([0, 64, 255], (0, 255)),
    (0, 1): inverted([0, 0.25, 1], (0, 1)),
    (-1, 1): inverted([-1, 0, 1], (-1, 1)),
}
print(found)
bounds = [range_of(make(value_range=(-1, 1), seed=1)) for make in (keras.layers.RandAugment, keras.layers.AugMix)]
print(bounds)
as_stated = (
    found == {(0, 255): [255, 191, 0], (0, 1): [1, 0.75, 0], (-1, 1): [2, 1, 0]}
    and all(-1.001 <= low and high <= 1.001 for low, high in bounds)
)
if not as_stated:
    sys.exit("Changed: see the opening comment.")
print("As stated: with value_range=(-1, 1) RandomInvert turns -1 into 2.")
PYTHON

TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/find.py"
