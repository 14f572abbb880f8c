"""One function in front of every source of reals: `load(name)`.

A run's data begin with `parts.load_parts` (train, ratio and test, never mixed) and go on with `pipeline.batches`; a
translator's begin with `domains.load_domains` and go on with `pipeline.domain_pairs` or `pipeline.labelled_domains`.
Importing this package costs nothing: numpy, Pillow and TensorFlow are loaded by the functions that use them.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from ganzoo.errors import GanzooError, did_you_mean

if TYPE_CHECKING:
    from ganzoo.data.reals import Reals

POINTS = ("gaussians25", "gaussians8", "swissroll")
STACKED = "stacked_mnist"
OFFLINE = ("mnist_5k", *POINTS, STACKED)  # sets that need neither files nor a network
DOMAINS = ("digits_mnist2uci", "edges2digits", "digit_styles")  # likewise, for translators
FOLDER = "folder:"


def kind(name: str) -> str:
    """What a data set's samples are: "points" for the toy distributions, "images" for everything else."""
    return "points" if name in POINTS else "images"


def is_stacked(name: str) -> bool:
    """Whether a data set is stacked digits, "stacked_mnist" or "stacked_mnist:SOURCE"."""
    return name.partition(":")[0] == STACKED


def is_domains(name: str) -> bool:
    """Whether a data set has nothing but domains to translate between: `domains.load_domains` loads it."""
    return name in DOMAINS


def load(
    name: str,
    *,
    data_dir: str = "",
    image_size: int = 0,
    channels: int = 0,
    tfds_split: str = "train",
    stream_above_mb: float = math.inf,
) -> Reals:
    """All reals of a data set in a fixed order. Stacked digits alone are made by `parts.load_parts`.

    Args:
        name: "mnist_5k", "gaussians25", "gaussians8", "swissroll", "folder:PATH", or any TFDS name.
        data_dir: where TFDS has its sets; empty is TFDS's own default.
        image_size: pixels a side, 16 to 128; 0 is the pictures' own size where all agree on a square one
            within these bounds, else 64.
        channels: 1 (grey) or 3 (RGB); 0 is grey if all pictures are grey, else RGB.
        tfds_split: the split of a TFDS set, slices such as "train[:10%]" included.
        stream_above_mb: of a folder or a TFDS set, how many MB (10^6 bytes) of framed pictures are kept in memory; more
            lie in a file in the cache folder, from which each batch is read.

    Returns:
        Reals with uint8 [N, image_size, image_size, channels] pictures or float32 [N, 2] points.

    Raises:
        GanzooError: the name is unknown, nothing could be read, there is no room for the file, or a size or channel
            count is out of range.
    """
    if not name:
        raise GanzooError(f"the data set has no name. {_what_there_is()}")
    if is_stacked(name):
        raise GanzooError(f"the digits of '{name}' are split before they are stacked: use parts.load_parts.")
    if is_domains(name):
        raise GanzooError(
            f"'{name}' is for translators (pix2pix, cyclegan, stargan): domains, of which no single data set is made. "
            f"{_what_there_is()}"
        )

    if name in POINTS:
        from ganzoo.data import toys

        if image_size or channels:
            raise GanzooError(f"'{name}' are points: image_size and channels are for pictures. Leave them 0.")
        return toys.sample(name)

    from ganzoo.data import framing

    framing.check_request(image_size, channels)
    if stream_above_mb < 0:
        raise GanzooError(f"stream_above_mb is {stream_above_mb}; give 0 (nothing in memory) or more.")
    most_bytes = stream_above_mb * 10**6

    if name == "mnist_5k":
        from ganzoo.data import digits

        return digits.load(image_size, channels)

    if name.startswith(FOLDER):
        from ganzoo.data import folder

        return folder.load(name.removeprefix(FOLDER), image_size, channels, most_bytes=most_bytes)

    from ganzoo.data import tensorflow_datasets_source as tfds_source

    builder = tfds_source.find(name, data_dir)
    if builder is None:
        raise unknown(name, tfds_source.names(), _what_there_is())
    return tfds_source.load(builder, name, data_dir, tfds_split, image_size, channels, most_bytes)


def unknown(name: str, tfds_names: list[str], what_there_is: str) -> GanzooError:
    """The error for a name that nobody knows, with the nearest that somebody does."""
    nearest = did_you_mean(name, [*OFFLINE, *DOMAINS, *tfds_names])
    if os.path.isdir(os.path.expanduser(name)):
        nearest = f" Did you mean '{FOLDER}{name}'?"
    return GanzooError(f"no data set named '{name}'.{nearest} {what_there_is}")


def _what_there_is() -> str:
    return (
        f"There are {', '.join(OFFLINE)}, {STACKED}:mnist, {FOLDER}PATH (your own pictures), and every "
        "TFDS name (mnist, cifar10)."
    )
