"""`stacked_mnist`: three digits as the red, green and blue of one picture, 1,000 modes that a classifier can count.

The data set comes from Metz et al., "Unrolled Generative Adversarial Networks", ICLR 2017,
https://arxiv.org/abs/1611.02163, and its 128,000 triples from Lin et al., "PacGAN", NeurIPS 2018,
https://arxiv.org/abs/1712.04086.
"""

import numpy as np

from ganzoo.data.parts import Parts
from ganzoo.data.reals import Reals
from ganzoo.errors import GanzooError, did_you_mean

SOURCES = ("mnist_5k", "mnist")
SEED = 0  # the triples are a fixed data set, whatever the run's seed
TRIPLES = {"train": 128_000, "ratio": 10_000, "test": 10_000}
MOST_BYTES = 400_000_000  # the limit of a part; it allows all 128,000 triples up to 32 x 32 pixels


def digits_of(name: str, channels: int = 0) -> str:
    """The set whose digits are stacked: "mnist_5k" for "stacked_mnist", "mnist" for "stacked_mnist:mnist".

    Args:
        name: the name of the stacked set.
        channels: the requested channels, 0 or 3.

    Raises:
        GanzooError: if the source is not digits, or if the channels are neither 0 nor 3.
    """
    source = name.partition(":")[2] or SOURCES[0]
    if source.partition(":")[0] not in SOURCES:
        near = did_you_mean(source, SOURCES)
        raise GanzooError(f"'{name}': digits are stacked, of {' or '.join(SOURCES)}, not of '{source}'.{near}")
    if channels not in (0, 3):
        raise GanzooError(f"channels is {channels}, but '{name}' has three, a digit in each. Leave it 0.")
    return source


def stack(name: str, digits: Parts) -> Parts:
    """Triples of digits, stacked within each part of the digits: no part has another part's digits.

    A triple's digits are drawn at random with replacement, so that the modes are as even as the digits' classes. The
    train part has the literature's 128,000 triples. The ratio and test parts have 10,000 each, as in other large sets.
    A part has fewer triples if it would exceed 400 MB.

    Args:
        name: the name of the stacked set.
        digits: uint8 [n, image_size, image_size, 1] with labels 0 .. 9, split.

    Returns:
        Parts with uint8 [N, image_size, image_size, 3] and the labels 100 red + 10 green + blue in 0..999.
    """
    parts = {part: getattr(digits, part).in_memory() for part in TRIPLES}
    return Parts(**{part: _stack(name, parts[part], k, TRIPLES[part]) for k, part in enumerate(TRIPLES)})


def _stack(name: str, digits: Reals, stream: int, count: int) -> Reals:
    """Random triples of a part's digits; each part has its own stream of random numbers."""
    count = min(count, MOST_BYTES // (3 * digits.samples[0].size))
    triples = np.random.default_rng([SEED, stream]).integers(len(digits), size=(count, 3))
    samples = np.empty((count, *digits.shape[:2], 3), np.uint8)
    for channel in range(3):
        samples[..., channel] = digits.samples[triples[:, channel], ..., 0]
    return Reals(name, samples, digits.labels[triples] @ np.array([100, 10, 1]))
