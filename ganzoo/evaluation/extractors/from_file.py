"""The features of a network from a file, with what is known of them, and the reals' features kept on disk."""

import contextlib
import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ganzoo.data.storage import StoredPictures, blocks
from ganzoo.errors import GanzooError
from ganzoo.evaluation.extractors.network import Network
from ganzoo.evaluation.features import in_batches, traced
from ganzoo.files import whole

_LONG = 20.0  # seconds; what takes longer is announced
_VERSION = 1  # of how pictures are made ready; a change there makes all that is kept useless


class FileFeatures:
    """A `FeatureExtractor` for pictures of one shape.

    Attributes:
        name: of the features, as it stands in the names of metrics.
        facts: `file`, `sha256`, `dimensions` and `pictures`, how pictures are made ready.
    """

    def __init__(self, network: Network, image_shape: tuple[int, int, int], path: Path, sha256: str):
        """
        Args:
            network: what the file holds.
            image_shape: (height, width, channels) of the pictures.
            path: of the file.
            sha256: of the file or the folder.
        """
        self.name = network.name
        self.facts = dict(
            file=str(path),
            sha256=sha256,
            dimensions=network.dimensions,
            pictures=network.describe(*image_shape[:2]),
        )
        self._batch_size = network.batch_size
        self._features = traced(lambda pictures: network.apply(network.prepare(pictures)), image_shape)

    def features(self, samples: np.ndarray) -> np.ndarray:
        """Pictures [n, H, W, C], float32 in [-1, 1] or uint8, to float32 [n, d].

        Raises:
            GanzooError: if a feature is not finite.
        """
        features = in_batches(_announced(self._features, len(samples), self.name), samples, self._batch_size)
        broken = int(np.count_nonzero(~np.isfinite(features).all(axis=1)))
        if broken:
            raise GanzooError(
                f"the features of {broken} of {len(samples)} pictures by {self.facts['file']} are NaN or infinite. Is "
                "it trained, and does it take pictures on the scale that docs/evaluation.md states?"
            )
        return features

    def kept(self, samples: np.ndarray | StoredPictures, cache: Path | None) -> np.ndarray:
        """`features` of reals, taken from the folder `cache` if they were computed before, or else kept there.

        A file is named for a hash of the extractor and of the pictures, so none goes stale.
        """
        if cache is None:
            return self.features(samples)
        digest = hashlib.sha256(repr((_VERSION, sorted(self.facts.items() - {("file", self.facts["file"])}))).encode())
        digest.update(repr((samples.shape, samples.dtype.str)).encode())
        for block in blocks(samples):
            digest.update(block)
        file = cache / "features" / f"{self.name.rstrip('_')}-{digest.hexdigest()[:20]}.npy"
        with contextlib.suppress(OSError, ValueError, EOFError):
            features = np.load(file, allow_pickle=False)
            if features.shape == (len(samples), self.facts["dimensions"]):
                return features
        features = self.features(samples)
        with contextlib.suppress(OSError), whole(file) as beside:
            np.save(beside, features)
        return features


def _announced(network: Callable, count: int, name: str) -> Callable:
    """The network, which says after its second batch how long all pictures will take, if that is long."""
    batches, begun = 0, 0.0

    def announce(pictures):
        nonlocal batches, begun
        features = network(pictures)
        batches += 1
        if batches == 1:  # which includes the tracing
            begun = time.monotonic()
        elif batches == 2 and (seconds := (time.monotonic() - begun) / len(pictures) * count) > _LONG:
            print(
                f"{name.rstrip('_')}: features of {count} pictures, about {max(1, round(seconds / 60))} min ...",
                flush=True,
            )
        return features

    return announce
