"""A data set in memory: samples, perhaps labels, perhaps the mixture that the samples were drawn from."""

import hashlib
import sys
from dataclasses import dataclass, replace

import numpy as np

from ganzoo.data.storage import StoredPictures, blocks
from ganzoo.errors import GanzooError


@dataclass(frozen=True, eq=False)
class Mixture:
    """An even mixture of isotropic Gaussians, by which the evaluation counts modes.

    Attributes:
        centers: float32 [K, 2].
        sigma: every component's standard deviation along each axis.
    """

    centers: np.ndarray
    sigma: float


@dataclass(frozen=True, eq=False)
class Reals:
    """A data set, or a part of one.

    Attributes:
        name: the name as requested, such as "mnist_5k" or "folder:photos".
        samples: pictures, uint8 [N, H, W, C], in memory or in a file; or points, float32 [N, 2].
        labels: int64 [N], or None. For a mixture, the component that each point was drawn from.
        mixture: the distribution of the points, or None.
        files: of a folder, the counts of files that were taken and left out (`folder_files.counts`), or None.
        class_names: what the labels 0, 1, ... stand for, or None.
        without_labels: why there are no labels, as a sentence for messages, or "".
    """

    name: str
    samples: np.ndarray | StoredPictures
    labels: np.ndarray | None = None
    mixture: Mixture | None = None
    files: dict | None = None
    class_names: tuple[str, ...] | None = None
    without_labels: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """One sample's shape: (H, W, C) or (2,)."""
        return self.samples.shape[1:]

    def __len__(self) -> int:
        return len(self.samples)

    def sha256(self) -> str:
        """The first 16 digits of the samples' SHA-256: the same for the same samples in the same order."""
        digest = hashlib.sha256()
        for block in blocks(self.samples):
            digest.update(block)
        return digest.hexdigest()[:16]

    def take(self, rows: np.ndarray) -> "Reals":
        """The given rows (integers [M]) as new Reals; stored pictures are not read."""
        is_stored = isinstance(self.samples, StoredPictures)
        samples = self.samples.select(rows) if is_stored else self.samples[rows]
        return replace(self, samples=samples, labels=None if self.labels is None else self.labels[rows])

    def in_memory(self) -> "Reals":
        """The same Reals with all samples in an array in memory."""
        return replace(self, samples=np.asarray(self.samples))


def checked(samples: object, shape: tuple[int, ...], what: str, *, most: float = 1.001) -> np.ndarray:
    """Samples that a Python caller hands over, as the networks see them: float32 [n, *shape], pictures in [-1, 1].

    Args:
        samples: an array [n, *shape]: uint8 pictures, or floats. A picture whose least value is 0 or more is warned
            about: its scale may be [0, 1].
        shape: one sample's. None is a side of any length.
        what: the samples' name in messages, such as "reals".
        most: the largest absolute value of a picture.

    Raises:
        GanzooError: for what is no array, for another shape, for numbers that are not finite, and for pictures on
            another scale.
    """
    wanted = f"an array [n, {', '.join('any' if side is None else str(side) for side in shape)}]"
    kind = type(samples).__name__
    try:
        samples = np.asarray(samples)
        is_number = samples.dtype == np.uint8 or np.issubdtype(samples.dtype, np.floating)
    except (TypeError, ValueError):
        is_number = False
    if not is_number:
        is_array = isinstance(samples, np.ndarray) and samples.dtype != object
        given = f"an array of {samples.dtype}" if is_array else kind
        raise GanzooError(f"{what} are {given}, expected {wanted} of float32 or uint8.")
    fits = samples.ndim == len(shape) + 1 and len(samples) > 0
    if not fits or any(side not in (None, own) for own, side in zip(samples.shape[1:], shape, strict=True)):
        raise GanzooError(f"{what} have the shape {list(samples.shape)}, expected {wanted} with n of at least 1.")
    if samples.dtype == np.uint8:
        return to_float(samples) if len(shape) == 3 else samples.astype(np.float32)
    samples = samples.astype(np.float32, copy=False)
    check_scale(samples, what, is_pictures=len(shape) == 3, most=most)
    return samples


def check_scale(
    samples: np.ndarray, what: str, *, is_pictures: bool, most: float = 1.001, are_bright: bool = False
) -> None:
    """The part of `checked` that looks at the values of float32 samples [n, ...].

    Pictures without a value below 0 may be on the scale [0, 1] by mistake, unless it is known that they `are_bright`.
    """
    least, largest = float(samples.min()), float(samples.max())
    if not np.isfinite(least) or not np.isfinite(largest):
        broken = int(np.count_nonzero(~np.isfinite(samples).reshape(len(samples), -1).all(axis=1)))
        raise GanzooError(f"{broken} of {len(samples)} {what} hold NaN or infinite numbers. Leave them out.")
    if not is_pictures:
        return
    if max(-least, largest) > most:
        raise GanzooError(
            f"{what} reach from {least:.3g} to {largest:.3g}, and pictures are in [-1, 1]. Give uint8 pictures, or "
            "x / 127.5 - 1 for a scale from 0 to 255."
        )
    if least >= 0.0 and not are_bright and what not in _warned:
        _warned.add(what)
        print(
            f"ganzoo: the least value of {what} is {least:.3g}, and pictures are in [-1, 1]. If their scale is [0, 1], "
            "give 2 x - 1.",
            file=sys.stderr,
        )


MOST_VALUE = 8.0  # of a generated picture: networks without a tanh at their end go somewhat beyond 1
_warned: set[str] = set()  # whose scale has been warned about


def to_float(samples):
    """Samples as the networks see them: uint8 pictures become float32 in [-1, 1], points pass through unchanged.

    Args:
        samples: a numpy array or a TensorFlow tensor, uint8 or float32 [...].

    Returns:
        The same kind of array, float32 [...].
    """
    if samples.dtype != np.uint8:
        return samples
    if isinstance(samples, np.ndarray):
        return samples.astype(np.float32) / np.float32(127.5) - np.float32(1)

    import tensorflow as tf

    return tf.cast(samples, tf.float32) / 127.5 - 1.0
