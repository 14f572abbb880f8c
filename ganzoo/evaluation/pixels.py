"""Copies in pixels: samples that single out one training picture, whatever speckles or blurs lie over it.

Features of a trained network take a copy with speckles for another picture, and random features take a blob for a copy.
A sample's distance to the nearest training picture over the mean distance to the next ones is small for a copy alone: a
blob is about as near to many. The measure is that of Carlini et al., "Extracting Training Data from Diffusion Models",
USENIX Security 2023, https://arxiv.org/abs/2301.13188, who compare with 50 pictures; here 10, because sets are small.
"""

import numpy as np
import tensorflow as tf
from sklearn.neighbors import NearestNeighbors

from ganzoo.data.reals import to_float
from ganzoo.data.storage import StoredPictures, blocks

SIDES = (8, 16)  # pixels of the longer side: half of a picture's, but no fewer and no more than these
NEXT = 10  # training pictures behind the nearest


class CoarseTraining:
    """Training pictures made coarse and searched for the nearest."""

    def __init__(self, pictures: np.ndarray | StoredPictures):
        """
        Args:
            pictures: [N, height, width, channels], float32 in [-1, 1] or uint8, N of at least 2.
        """
        self._count = min(1 + NEXT, len(pictures))
        self._neighbours = NearestNeighbors().fit(coarse(pictures))

    def search(self, pictures: np.ndarray | StoredPictures) -> tuple[np.ndarray, np.ndarray]:
        """How pictures [n, ...] stand to the training pictures.

        Returns:
            (relative, rows): the distance to the nearest training picture over the mean distance to the next ten,
            float [n] in [0, 1], 1 where all of them are equal to the picture; and the rows of the nearest, int [n, 11],
            nearest first (fewer where there are fewer).
        """
        distances, rows = self._neighbours.kneighbors(coarse(pictures), self._count)
        behind = distances[:, 1:].mean(axis=1)
        return np.divide(distances[:, 0], behind, out=np.ones(len(distances)), where=behind > 0), rows


def coarse(pictures: np.ndarray | StoredPictures) -> np.ndarray:
    """Pictures averaged down to half their sides, or to 16 pixels if that is less, float32 [n, d], in [-1, 1].

    A longer side of 8 to 16 pixels becomes 8, and a shorter one stays.

    Args:
        pictures: [n, height, width, channels], float32 in [-1, 1] or uint8.
    """
    height, width = pictures.shape[1:3]
    longer = max(height, width)
    factor = min(1.0, np.clip(longer / 2, *SIDES) / longer)
    sides = [max(1, round(side * factor)) for side in (height, width)]
    return np.concatenate(
        [
            tf.image.resize(to_float(block), sides, method="area").numpy().reshape(len(block), -1)
            for block in blocks(pictures)
        ]
    )
