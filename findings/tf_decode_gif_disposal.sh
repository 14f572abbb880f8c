#!/usr/bin/env bash
# tensorflow 2.21.0, pillow 12.3.0, Python 3.11.
#
# Guess: tf.io.decode_gif gives the frames that a viewer shows, as Pillow does.
#
# What happens: it draws each frame over what the frame before left there. A GIF can say that a frame is to be cleared
# before the next one is drawn (disposal 2, "restore to background"). tf.io.decode_gif ignores this. A shape that
# moves on a transparent ground leaves a trail, longer with each frame. GIFs with disposal 0 or 1, and opaque ones,
# are right.
#
#   a square of 8 x 15 pixels that moves 4 to the right in each of 6 frames of 32 x 32: wrong pixels in each frame
#   disposal 2, transparent ground   0, 60, 120, 180, 240, 300
#   disposal 1, transparent ground   0, 0, 0, 0, 0, 0
#   disposal 2, opaque ground        0, 0, 0, 0, 0, 0
#
# Why it matters: frames of animated sprites and stickers, which are mostly transparent and use disposal 2, become
# training pictures with trails, and a GAN learns the trails. tf.io.decode_image and tf.keras's folder loader use the
# same decoder (the first frame is right). What to do: read animations with Pillow.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tensorflow==2.21.0 pillow==12.3.0

cat > "$work/find.py" <<'PYTHON'
import io
import sys

import numpy as np
import tensorflow as tf
from PIL import Image


def animation(disposal, ground):
    """A GIF file with six frames."""
    frames = []
    for index in range(6):
        frame = Image.new("RGBA", (32, 32), ground)
        frame.paste((255, 40 * index, 0, 255), (4 * index, 5, 4 * index + 8, 20))
        frames.append(frame)
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0, disposal=disposal)
    return file.getvalue()


def wrong_pixels(data):
    """In each frame, the pixels that TensorFlow decodes otherwise than Pillow."""
    with Image.open(io.BytesIO(data)) as picture:
        shown = []
        for index in range(picture.n_frames):
            picture.seek(index)
            frame = Image.new("RGBA", picture.size, (0, 0, 0, 255))
            frame.alpha_composite(picture.convert("RGBA"))
            shown.append(np.asarray(frame.convert("RGB")))
    decoded = [tf.io.decode_gif(data).numpy(), tf.io.decode_image(data).numpy()]
    if not np.array_equal(*decoded):
        sys.exit("Changed: decode_gif and decode_image differ.")
    return (decoded[0] != np.stack(shown)).any(axis=-1).sum(axis=(1, 2)).tolist()


transparent, opaque = (0, 0, 0, 0), (10, 20, 200, 255)
seen = {
    "disposal 2, transparent": wrong_pixels(animation(2, transparent)),
    "disposal 1, transparent": wrong_pixels(animation(1, transparent)),
    "disposal 2, opaque": wrong_pixels(animation(2, opaque)),
}
print(seen)
if list(seen.values()) != [[0, 60, 120, 180, 240, 300], [0] * 6, [0] * 6]:
    sys.exit("Changed: see the opening comment.")
print("As stated: tf.io.decode_gif ignores disposal 2.")
PYTHON

TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/find.py"
