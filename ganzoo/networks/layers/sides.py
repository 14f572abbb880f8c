"""The sizes of pictures that translators take.

A translator is fully convolutional. It takes pictures of other sizes than it was built for, as long as its strides
restore the same size.
"""

import math

import keras

from ganzoo.errors import GanzooError

CHANNELS = (1, 3)


def divisor(translator: keras.Model) -> int:
    """A translator's total stride; the height and the width of its pictures must be multiples of it.

    The stride is computed from the convolutions, not stored, so that it also holds for a network built from a config.
    """
    return math.prod(layer.strides[0] for layer in translator.layers if isinstance(layer, keras.layers.Conv2D))


def check_picture(image_shape: tuple[int, ...]) -> None:
    """
    Raises:
        GanzooError: if the shape is not (height, width, channels) with 1 or 3 channels.
    """
    if len(image_shape) != 3 or image_shape[2] not in CHANNELS:
        raise GanzooError(f"image translators take pictures (height, width, 1 or 3 channels), not {image_shape}.")


def check_sides(image_shape: tuple[int, ...], *, multiple_of: int, smallest: int, what: str, remedy: str) -> None:
    """
    Args:
        image_shape: (height, width, channels).
        multiple_of: the number of which both sides must be multiples.
        smallest: the smallest allowed side, in pixels.
        what: the network, as the message's subject.
        remedy: another remedy for the message, besides changing the size of the pictures.

    Raises:
        GanzooError: if a side is too small or no multiple.
    """
    height, breadth = image_shape[:2]
    if min(height, breadth) < smallest or height % multiple_of or breadth % multiple_of:
        multiples = f"multiples of {multiple_of}, " if multiple_of > 1 else ""
        raise GanzooError(
            f"{what} takes pictures whose sides are {multiples}at least {smallest}, not {height} x {breadth}. "
            f"Give another --config.data.image_size{remedy}."
        )
