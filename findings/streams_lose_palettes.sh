#!/usr/bin/env bash
# litdata 0.2.76, mosaicml-streaming 0.13.0, torch 2.14.1, pillow 13.0.0, numpy 2.1.3, Python 3.11, on a little-endian
# processor.
#
# Guess: what is written as a picture is read as the same picture. MDS's encoding "pil" says "Store PIL image raw", and
# litdata takes it for pictures that are no JPEG.
#
# What happens: both write the size, the mode and the pixels. The palette is not written. Of a picture with a palette
# (a GIF, a PNG of 8 bits) the numbers of the colours come back, without the colours. Pillow makes black of them.
#
#   a picture of 16 shades, in RGB           PNG with palette     GIF            the same PNG, .convert("RGB") first
#   as written                               40 to 220            40 to 220      40 to 220
#   MDS, "pil"                               all 0                all 0          40 to 220
#   litdata.optimize, StreamingDataset       all 0                all 0          40 to 220
#   MDS, "png"                               40 to 220            40 to 220      40 to 220
#
# The encoding "ndarray" of MDS loses the order of bytes likewise: it writes the dtype's name, "float32" or "uint16" for
# both orders. Of ">u2", as Pillow reads a TIFF of the order MM, 1, 2, 300 become 256, 512, 11265. "ndarray:uint16"
# refuses such an array. Nothing warns.
#
# Why it matters: folders of pictures mix kinds. Icons, pixel art and old scans have palettes, so that a part of the
# training data is black, or index numbers as grey, and the GAN and its FID learn them as such. What to do: RGB before
# writing, or the encoding "png".
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q litdata==0.2.76 mosaicml-streaming==0.13.0 torch==2.14.1 pillow==13.0.0 numpy==2.1.3

cat > "$work/find.py" <<'PYTHON'
import sys
from pathlib import Path

import litdata
import numpy as np
from PIL import Image
from streaming import MDSWriter
from streaming.base.format.mds.encodings import mds_decode, mds_encode
from streaming.base.format.mds.reader import MDSReader

FILES = ("picture.png", "picture.gif", "picture.png in RGB")


def opened(name):
    """The picture of a file, in the mode of the file or in RGB."""
    picture = Image.open(name.split()[0])
    return picture.convert("RGB") if name.endswith("RGB") else picture


def sample(name):
    return {"picture": opened(name)}


def by_mds(encoding):
    folder = Path(f"mds-{encoding}")
    with MDSWriter(out=str(folder), columns={"picture": encoding}) as writer:
        for name in FILES:
            writer.write(sample(name))
        shards = writer.shards
    reader = MDSReader.from_json(str(folder), None, dict(shards[0]))
    return [reader[number]["picture"] for number in range(len(FILES))]


def by_litdata():
    litdata.optimize(sample, list(FILES), output_dir="litdata", chunk_size=8, num_workers=1)
    dataset = litdata.StreamingDataset("litdata")
    return [dataset[number]["picture"] for number in range(len(FILES))]


def main():
    grey = np.arange(40, 232, 12, dtype="uint8").reshape(4, 4)
    picture = Image.fromarray(np.stack([grey, grey, grey], axis=-1)).quantize(16)
    for name in FILES[:2]:
        picture.save(name)
    as_stated = [opened(name).mode for name in FILES] == ["P", "P", "RGB"]
    original = [np.asarray(opened(name).convert("RGB")) for name in FILES]
    print("as written:", [(int(x.min()), int(x.max())) for x in original])
    for name, pictures in {"MDS, pil": by_mds("pil"), "MDS, png": by_mds("png"), "litdata": by_litdata()}.items():
        seen = [np.asarray(x.convert("RGB")) for x in pictures]
        print(name, [(int(x.min()), int(x.max())) for x in seen], [x.mode for x in pictures])
        for number, (one, other) in enumerate(zip(seen, original, strict=True)):
            lost = name != "MDS, png" and number < 2
            as_stated &= bool((one == 0).all()) if lost else np.array_equal(one, other)
            as_stated &= np.array_equal(np.asarray(pictures[number]), np.asarray(opened(FILES[number])))

    words = np.array([[1, 2, 300]], ">u2")
    seen = mds_decode("ndarray", mds_encode("ndarray", words))
    print("MDS, ndarray:", words.tolist(), "->", seen.tolist())
    as_stated &= seen.tolist() == [[256, 512, 11265]]
    try:
        mds_encode("ndarray:uint16", words)
        as_stated = False
    except ValueError as error:
        print("MDS, ndarray:uint16:", error)
    if not as_stated:
        sys.exit("Changed: see the opening comment.")
    print("As stated: MDS and litdata lose the palette of a picture, and MDS the order of bytes of an array.")


if __name__ == "__main__":
    main()
PYTHON

cd "$work"
HOME="$work" TMPDIR="$work" CUDA_VISIBLE_DEVICES="" "$work/venv/bin/python" "$work/find.py"
