"""What the networks that turn pictures into pictures have in common: the sizes of pictures that they take.

A translator is convolutional throughout and takes pictures of other sizes than it was built for, as long as what its
strides halve comes back at the same size.
"""

import math

import keras

from ganzoo.errors import GanzooError

CHANNELS = (1, 3)


def divisor(translator: keras.Model) -> int:
    """What the height and the width of a translator's pictures must be multiples of: its total stride.

    Read off the convolutions' strides, not stored, so that it holds for a network that was built from its config, too.
    """
    return math.prod(layer.strides[0] for layer in translator.layers if isinstance(layer, keras.layers.Conv2D))


def check_picture(image_shape: tuple[int, ...]) -> None:
    """
    Raises:
        GanzooError: for anything but (height, width, channels) with 1 or 3 channels.
    """
    if len(image_shape) != 3 or image_shape[2] not in CHANNELS:
        raise GanzooError(f"image translators take pictures (height, width, 1 or 3 channels), not {image_shape}.")


def check_sides(image_shape: tuple[int, ...], *, multiple_of: int, smallest: int, what: str, remedy: str) -> None:
    """
    Args:
        image_shape: (height, width, channels).
        multiple_of: what both sides must be multiples of.
        smallest: what both sides must be at least.
        what: the network, as the message's subject.
        remedy: what the reader can do, besides changing the size of the pictures.

    Raises:
        GanzooError: if they are not.
    """
    height, breadth = image_shape[:2]
    if min(height, breadth) < smallest or height % multiple_of or breadth % multiple_of:
        multiples = f"multiples of {multiple_of}, " if multiple_of > 1 else ""
        raise GanzooError(
            f"{what} takes pictures whose sides are {multiples}at least {smallest}, not {height} x {breadth}. "
            f"Give another --config.data.image_size{remedy}."
        )
