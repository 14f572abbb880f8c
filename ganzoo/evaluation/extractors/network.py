"""What a loader of a file gives: a network, and how pictures are made ready for it."""

import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import keras
import tensorflow as tf

Size = Callable[[int, int], tuple[int, int]]


class Network(NamedTuple):
    """A network that gives features.

    Attributes:
        name: of the features, as it stands in the names of metrics.
        dimensions: how many features a picture has.
        apply: pictures float32 [n, height, width, channels] on the scale 0 .. 255 to features float32 [n, dimensions].
        size: (height, width) of pictures to the (height, width) that the network is given.
        channels: 3 for RGB, 1 for grey.
        resize: "bilinear" or "bicubic".
        antialias: whether a picture that is made smaller is averaged.
        batch_size: pictures in memory at once.
    """

    name: str
    dimensions: int
    apply: Callable[[tf.Tensor], tf.Tensor]
    size: Size
    channels: int = 3
    resize: str = "bilinear"
    antialias: bool = True
    batch_size: int = 32

    def describe(self, height: int, width: int) -> str:
        """What is done with pictures of this size, in words."""
        rows, columns = self.size(height, width)
        if (rows, columns) == (height, width):
            return "as they are"
        smooth = ", antialiased" if self.antialias and (rows < height or columns < width) else ""
        return f"{rows} x {columns}, {self.resize}{smooth}"

    def prepare(self, pictures: tf.Tensor) -> tf.Tensor:
        """Pictures float32 [n, height, width, 1 or 3] in [-1, 1] in the size, the channels and the scale of `apply`."""
        height, width, channels = pictures.shape[1:]
        pictures = (pictures + 1.0) * 127.5
        if channels == 1 and self.channels == 3:
            pictures = tf.repeat(pictures, 3, axis=-1)
        elif channels == 3 and self.channels == 1:
            pictures = tf.image.rgb_to_grayscale(pictures)
        size = self.size(height, width)
        if size == (height, width):
            return pictures
        pictures = tf.image.resize(pictures, size, self.resize, antialias=self.antialias)
        return tf.clip_by_value(pictures, 0.0, 255.0)  # bicubic resizing overshoots


@contextlib.contextmanager
def in_float32() -> Iterator[None]:
    """Layers that are made in the block compute in float32, whatever the run's precision is."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def square(side: int) -> Size:
    """Every picture becomes a square of this side."""
    return lambda height, width: (side, side)


def within(least: int, most: int) -> Size:
    """Pictures keep their size and their shape, but their longer side is brought into `least` .. `most`."""

    def size(height: int, width: int) -> tuple[int, int]:
        longer = max(height, width)
        scale = min(max(longer, least), most) / longer
        return max(1, round(height * scale)), max(1, round(width * scale))

    return size
