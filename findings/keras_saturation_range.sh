#!/usr/bin/env bash
# keras 3.15.1, tensorflow 2.21.0, Python 3.11.
#
# Guess: RandomSaturation gives the same picture whether pixels count from 0 to 1 or from 0 to 255, as long as
# `value_range` says so, and its result stays in that range. Its page says of factor 1: "fully saturated".
#
# What happens: the layer multiplies the saturation of HSV, which goes from 0 to 1 for pixels of any range, and clips it
# to `value_range`. With (0, 255), the default, a saturation of 40 is let through, and HSV to RGB makes pixels far below
# 0 of it. RandomColorJitter does the same. One pixel, shown on the scale 0 to 255:
#
#   factor    value_range (0, 1)     (0, 255)                   saturation is multiplied by
#   0.5       200, 100, 50           200, 100, 50               1
#   0.75      200, 67, 0             200, -100, -250            3
#   0.9       200, 67, 0             200, -700, -1150           9
#   1.0       200, 67, 0             200, -33800, -50800        255 (in place of infinity)
#
# Nor are pixels in [-1, 1] with value_range=(-1, 1) what they should be: factor 0.5, which the page calls a no-op, turns
# 200, 100, 50 into 200, 152, 128. Nothing warns. Every factor above 0.5 is concerned, so also factor=0.7, which draws from 0 to 0.7.
#
# Why it matters: a discriminator that sees reals with pixels at -33,800 tells them from any sample by that alone. What
# to do: bring pixels to [0, 1], and give value_range=(0, 1).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q keras==3.15.1 tensorflow==2.21.0

cat > "$work/find.py" <<'PYTHON'
import sys

import keras
import numpy as np

PIXEL = np.array([200.0, 100.0, 50.0], np.float32).reshape(1, 1, 1, 3)


def saturated(layer, factor, low, high):
    """The pixel after a layer whose pixels count from low to high, on the scale 0 to 255."""
    option = "factor" if layer is keras.layers.RandomSaturation else "saturation_factor"
    augment = layer(value_range=(low, high), **{option: (factor, factor)})
    pixel = np.asarray(augment(PIXEL / 255 * (high - low) + low, training=True))
    return ((pixel - low) / (high - low) * 255).ravel()


expected = {
    ("RandomSaturation", 0.5, 0, 1): (200, 100, 50),
    ("RandomSaturation", 0.5, 0, 255): (200, 100, 50),
    ("RandomSaturation", 0.75, 0, 1): (200, 66.7, 0),
    ("RandomSaturation", 0.75, 0, 255): (200, -100, -250),
    ("RandomSaturation", 0.9, 0, 1): (200, 66.7, 0),
    ("RandomSaturation", 0.9, 0, 255): (200, -700, -1150),
    ("RandomSaturation", 1.0, 0, 1): (200, 66.7, 0),
    ("RandomSaturation", 1.0, 0, 255): (200, -33800, -50800),
    ("RandomSaturation", 0.5, -1, 1): (200, 151.7, 127.5),
    ("RandomColorJitter", 0.75, 0, 255): (200, -100, -250),
}
changed = False
for (name, *case), pixel in expected.items():
    seen = saturated(getattr(keras.layers, name), *case)
    print(name, *case, seen.round(1).tolist())
    changed = changed or not np.allclose(seen, pixel, rtol=1e-3, atol=0.1)
if changed:
    sys.exit("Changed: see the opening comment.")
print("As stated: the saturation is clipped to the range of the pixels, not to 1.")
PYTHON

TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/find.py"
