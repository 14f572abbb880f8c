"""The directions of latents that change samples the most, from the weights of a generator's first layer.

Shen and Zhou, "Closed-Form Factorization of Latent Semantics in GANs" (SeFa), CVPR 2021,
https://arxiv.org/abs/2007.06600. For standard normal latents they are also the principal components that GANSpace
estimates from the first layer's outputs (Härkönen et al., NeurIPS 2020, https://arxiv.org/abs/2004.02546).
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ganzoo.bases.generative import GenerativeModel, layers_in_order
from ganzoo.bases.translating import TranslationModel
from ganzoo.errors import GanzooError
from ganzoo.serving.walking import law_of

ROWS = 256  # latents that show which of them are codes


class Directions(NamedTuple):
    """Directions of latents, the strongest first.

    Attributes:
        vectors: float32 [count, d], of length 1 and orthogonal to each other; the largest element is positive.
        gains: float32 [count], the length of the first layer's change for a step of 1, from large to small.
    """

    vectors: np.ndarray
    gains: np.ndarray


def directions(model: GenerativeModel, count: int | None = None) -> Directions:
    """The eigenvectors of A^T A for the weights A of the averaged generator's first layer (SeFa, equation 6).

    `model(latents + step * vectors[0])` shows the first direction. Latents that choose a category, and the codes of an
    InfoGAN, are left as they are: a direction has zeros there. The layer's own normalisation, which follows it in some
    families, is not part of A, as in the paper.

    Args:
        model: a model that samples from latents.
        count: how many directions; None is all.

    Raises:
        GanzooError: for a translator, for a generator that has no dense layer on its latents, and for a count that the
            latents do not have.
    """
    if isinstance(model, TranslationModel):
        raise GanzooError("directions are of a model that samples from latents; this one translates pictures.")
    kernel = _first_kernel(model)
    latents = model.latents(tf.constant([0, 0]), ROWS).numpy()
    law = law_of(latents, model.latent_categories)
    free = np.flatnonzero(~law.is_code)
    if law.categories:
        free = free[free > 0]
    # With categories the layer does not get the first latent itself.
    of_free = kernel[free - 1 if law.categories else free]
    count = len(free) if count is None else count
    if not 1 <= count <= len(free):
        raise GanzooError(f"count is {count}; these latents have 1 .. {len(free)} directions.")
    of_free = of_free.astype(np.float64)
    squares, columns = np.linalg.eigh(of_free @ of_free.T)  # ascending
    gains = np.sqrt(np.maximum(squares[::-1], 0.0))
    vectors = np.zeros((count, model.latent_dim), np.float32)
    vectors[:, free] = columns.T[::-1][:count]
    largest = np.abs(vectors).argmax(axis=1)
    vectors *= np.sign(vectors[np.arange(count), largest])[:, None]
    return Directions(vectors, gains[:count].astype(np.float32))


def _first_kernel(model: GenerativeModel) -> np.ndarray:
    """The weights of the first dense layer, [inputs, outputs]; the latents are the first of its inputs."""
    for layer in layers_in_order(model.ema_generator):
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            if len(kernel.shape) == 2:
                return np.asarray(kernel)
            break
    raise GanzooError("the generator's first layer is not dense: its weights have no directions of latents.")
