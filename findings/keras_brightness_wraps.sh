#!/usr/bin/env bash
# keras 3.15.1, tensorflow 2.21.0, Python 3.11.
#
# Guess: RandomBrightness does with pixels of uint8 what it does with the same pixels in float32, or refuses them. Its
# page says: "Inputs: 3D (HWC) or 4D (NHWC) tensor, with float or int dtype", "By default, the layer will output
# floats", and "The output value will be clipped to the range `[0, 255]`".
#
# What happens: it makes the change a uint8, adds it in uint8, and clips afterwards, when there is nothing left to clip.
# Bright pixels become dark ones, and a negative change is taken modulo 256. Pixels before, and after both factors:
#
#               10    60   128   200   250
#   0.3
#     float32   86   136   204   255   255
#     uint8     86   136   204    20    70
#   -0.3
#     float32    0     0    52   124   174
#     uint8    190   240    52   124   174
#
# So it is where the layer is called itself, and in a model whose input is uint8. In `tf.data` the layer makes float32 of
# the pixels first, and is right. No warning. Of the neighbours RandomContrast and RandomSaturation raise an error for
# uint8, and RandomHue computes in float32.
#
# Why it matters: files are decoded to uint8, and augmentation is often the next step. A brighter photograph then has
# black skies, in a model and not in the pipeline, where one would look for the fault. What to do: cast to float32 first.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q keras==3.15.1 tensorflow==2.21.0

cat > "$work/find.py" <<'PYTHON'
import sys

import keras
import numpy as np
import tensorflow as tf

PIXELS = np.array([10, 60, 128, 200, 250], np.uint8)


def called(layer, pictures):
    return layer(pictures, training=True)


def in_a_model(layer, pictures):
    model = keras.Sequential([keras.Input(pictures.shape[1:], dtype=pictures.dtype.name), layer])
    return model(pictures, training=True)


def in_a_pipeline(layer, pictures):
    data = tf.data.Dataset.from_tensors(pictures)
    return next(iter(data.map(lambda pictures: layer(pictures, training=True))))


def brightened(factor, dtype, way):
    """The pixels' dtype and values after the layer."""
    pictures = np.repeat(PIXELS.reshape(1, 1, 5, 1), 3, -1).astype(dtype)
    after = way(keras.layers.RandomBrightness((factor, factor)), pictures).numpy()
    return after.dtype.name, after[0, 0, :, 0].tolist()


right = {0.3: [86.5, 136.5, 204.5, 255, 255], -0.3: [0, 0, 51.5, 123.5, 173.5]}
wrapped = {0.3: [86, 136, 204, 20, 70], -0.3: [190, 240, 52, 124, 174]}
expected = {
    (factor, dtype, way): ("uint8", wrapped[factor]) if wraps else ("float32", right[factor])
    for factor in right
    for dtype, way, wraps in (
        ("float32", called, False),
        ("uint8", called, True),
        ("uint8", in_a_model, True),
        ("uint8", in_a_pipeline, False),
    )
}
changed = False
for case, (dtype, pixels) in expected.items():
    seen = brightened(*case)
    print(*case[:2], case[2].__name__, *seen)
    changed = changed or seen[0] != dtype or not np.allclose(seen[1], pixels, atol=0.1)
for neighbour, refuses in (("RandomContrast", True), ("RandomSaturation", True), ("RandomHue", False)):
    try:
        result = getattr(keras.layers, neighbour)(0.3)(np.full((1, 2, 2, 3), 200, np.uint8), training=True)
        said = result.dtype.name
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        said = type(error).__name__
    print(neighbour, said)
    changed = changed or (said == "float32") == refuses
if changed:
    sys.exit("Changed: see the opening comment.")
print("As stated: uint8 wraps around.")
PYTHON

TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/find.py"
