"""Copies in pixels: samples that single out one training picture, whatever speckles or blurs lie over it.

Features of a trained network take a copy with speckles for another picture, and random features take a blob for a copy.
A sample's distance to the nearest training picture over the mean distance to the next ones is small for a copy alone: a
blob is about as near to many. The measure is that of Carlini et al., "Extracting Training Data from Diffusion Models",
USENIX Security 2023, https://arxiv.org/abs/2301.13188, who compare with 50 pictures; here 10, because sets are small.
"""

import numpy as np
import tensorflow as tf

from ganzoo.data.storage import StoredPictures
from ganzoo.evaluation.copies import Training
from ganzoo.evaluation.features import in_batches

SIDES = (8, 16)  # pixels of the longer side: half of a picture's, but no fewer and no more than these
NEXT = 10  # training pictures behind the nearest


def relative_distances(training: Training, pictures: np.ndarray | StoredPictures) -> tuple[np.ndarray, np.ndarray]:
    """How pictures stand to the training pictures.

    Args:
        training: of the training pictures made `coarse`.
        pictures: [n, height, width, channels], float32 in [-1, 1] or uint8.

    Returns:
        (relative, rows): the distance to the nearest training picture over the mean distance to the next ten, float [n]
        in [0, 1], 1 where all of them are equal to the picture; and the rows of the nearest, int [n, 11], nearest first
        (fewer where there are fewer).
    """
    distances, rows = training.nearest(coarse(pictures), 1 + NEXT)
    behind = distances[:, 1:].mean(axis=1)
    return np.divide(distances[:, 0], behind, out=np.ones(len(distances)), where=behind > 0), rows


def coarse(pictures: np.ndarray | StoredPictures) -> np.ndarray:
    """Pictures averaged down to half their sides, or to 16 pixels if that is less, float32 [n, d], in [-1, 1].

    A longer side of 8 to 16 pixels becomes 8, and a shorter one stays.

    Args:
        pictures: [n, height, width, channels], float32 in [-1, 1] or uint8.
    """
    height, width, channels = pictures.shape[1:]
    longer = max(height, width)
    factor = min(1.0, np.clip(longer / 2, *SIDES) / longer)
    sides = [max(1, round(side * factor)) for side in (height, width)]

    def averaged(batch: np.ndarray) -> tf.Tensor:
        return tf.reshape(tf.image.resize(batch, sides, method="area"), [-1, sides[0] * sides[1] * channels])

    return in_batches(averaged, pictures)
