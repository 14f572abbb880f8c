"""A data set in memory: samples, perhaps labels, perhaps the mixture that the samples were drawn from."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from ganzoo.data.storage import StoredPictures, blocks


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
    """

    name: str
    samples: np.ndarray | StoredPictures
    labels: np.ndarray | None = None
    mixture: Mixture | None = None
    files: dict | None = None

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
