"""Batches whose order is a pure function of (seed, step), so that a run resumes anywhere, exactly and at no cost."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from ganzoo import noise
from ganzoo.data.jitter import jitter
from ganzoo.data.reals import to_float
from ganzoo.errors import GanzooError

if TYPE_CHECKING:
    from ganzoo.data.domains import Domains

JITTER = 100  # the purpose that tells the seeds of jitter from those of a model


def batches(
    samples: np.ndarray,
    batch_size: int,
    *,
    seed: int,
    first_step: int = 0,
    steps: int,
    draws: int = 1,
    labels: np.ndarray | None = None,
) -> tf.data.Dataset:
    """The reals of the steps first_step, ..., steps - 1, one element each.

    Every epoch visits each sample once, in an order of its own; a step's rows may straddle two epochs. Started at
    first_step = k, the dataset gives bit for bit what the one started at 0 gives from its k-th element on. The samples
    stay where they are: they are neither copied nor put into the graph.

    Args:
        samples: uint8 [N, H, W, C] or float32 [N, 2].
        batch_size: rows of one batch.
        seed: of the order; any integer.
        first_step: the step to begin with.
        steps: the step to end before.
        draws: batches a step takes (n_critic).
        labels: int64 [N], or None.

    Returns:
        A dataset of exactly steps - first_step elements, float32 [draws * batch_size, ...]: pictures in [-1, 1], points
        as they are. With labels an element is a pair of them and their labels, int64 [draws * batch_size].

    Raises:
        GanzooError: batch_size is below 1 or above N.
    """
    check_batch_size(batch_size, len(samples))
    draw = _drawing([samples] if labels is None else [samples, labels], draws * batch_size, seed)

    def element(step: tf.Tensor) -> tf.Tensor | tuple[tf.Tensor, tf.Tensor]:
        reals, *given = draw(step)
        return to_float(reals) if labels is None else (to_float(reals), *given)

    return tf.data.Dataset.range(first_step, steps).map(element).prefetch(2)


def domain_pairs(
    domains: Domains,
    batch_size: int,
    *,
    seed: int,
    first_step: int = 0,
    steps: int,
    draws: int = 1,
    image_size: int,
    flip: bool,
) -> tf.data.Dataset:
    """Pictures of the first two domains for the steps first_step, ..., steps - 1, in an order and resumed as `batches`.

    Of paired domains, row i of the one belongs to row i of the other, and both are cut and flipped alike. Others have
    each an order of its own; an epoch of the larger is then more than one of the smaller.

    Args:
        domains: what to draw from: their train pictures.
        batch_size, seed, first_step, steps, draws: as in `batches`; the seed is also that of the jitter.
        image_size: pixels a side of the squares cut at random, at most the train pictures' size.
        flip: whether pictures are turned left to right at random.

    Returns:
        A dataset of steps - first_step pairs, each float32 [draws * batch_size, image_size, image_size, C] in [-1, 1].

    Raises:
        GanzooError: batch_size is below 1 or above the number of pictures in one of the two domains.
    """
    rows = draws * batch_size
    pictures = [domain.samples for domain in domains.train[:2]]
    check_batch_size(batch_size, min(map(len, pictures)))
    if domains.paired:
        draw = _drawing(pictures, rows, seed)
    else:
        each = [_drawing([of], rows, seed, k) for k, of in enumerate(pictures)]

        def draw(step: tf.Tensor) -> list[tf.Tensor]:
            return [drawn for draw_one in each for drawn in draw_one(step)]

    def element(step: tf.Tensor) -> tuple[tf.Tensor, ...]:
        seeds = [_jitter_seed(seed, step, 0 if domains.paired else k) for k in range(2)]
        return tuple(
            to_float(jitter(drawn, image_size, flip, one)) for drawn, one in zip(draw(step), seeds, strict=True)
        )

    return tf.data.Dataset.range(first_step, steps).map(element).prefetch(2)


def labelled_domains(
    domains: Domains,
    batch_size: int,
    *,
    seed: int,
    first_step: int = 0,
    steps: int,
    draws: int = 1,
    image_size: int,
    flip: bool,
) -> tf.data.Dataset:
    """Pictures of all domains together with the number of their domain, in an order and resumed as `batches`.

    A domain is drawn as often as it has pictures.

    Args:
        domains, batch_size, seed, first_step, steps, draws, image_size, flip: as in `domain_pairs`.

    Returns:
        A dataset of steps - first_step pairs: float32 [draws * batch_size, image_size, image_size, C] in [-1, 1], and
        int64 [draws * batch_size] in 0 .. K - 1.

    Raises:
        GanzooError: batch_size is below 1 or above the number of pictures in all domains.
    """
    pictures = _Joined([domain.samples for domain in domains.train])
    labels = np.repeat(np.arange(len(domains.train)), [len(domain) for domain in domains.train])
    check_batch_size(batch_size, len(labels))
    draw = _drawing([pictures, labels], draws * batch_size, seed)

    def element(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        drawn, of = draw(step)
        return to_float(jitter(drawn, image_size, flip, _jitter_seed(seed, step, 0))), of

    return tf.data.Dataset.range(first_step, steps).map(element).prefetch(2)


def check_batch_size(batch_size: int, total: int) -> None:
    """Raises GanzooError if a batch is empty or larger than the data."""
    if not 1 <= batch_size <= total:
        raise GanzooError(
            f"the batch size is {batch_size}, but there are {total} samples to train on. "
            f"Give --config.batch_size={total} or less, or more data."
        )


def _drawing(arrays: Sequence, rows: int, seed: int, *stream: int) -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """What draws a step's rows of arrays that belong together: every epoch each row once, in an order of its own.

    Args:
        arrays: [N, ...] each, with a `take` as NumPy's; neither copied nor put into the graph.
        rows: how many a step takes.
        seed: of the order, any integer.
        *stream: numbers that tell this order from others of the same seed.

    Returns:
        step, int64 [] -> tensors [rows, ...], one of each array.
    """
    total = arrays[0].shape[0]

    @functools.lru_cache(maxsize=2)
    def order(epoch: int) -> np.ndarray:
        return np.random.default_rng([seed % 2**64, epoch, *stream]).permutation(total)

    def take(step: np.ndarray) -> list[np.ndarray]:
        first, end = int(step) * rows, (int(step) + 1) * rows
        pieces = [
            order(epoch)[max(first - epoch * total, 0) : end - epoch * total]
            for epoch in range(first // total, (end - 1) // total + 1)
        ]
        taken = np.concatenate(pieces)
        return [array.take(taken, axis=0) for array in arrays]

    def draw(step: tf.Tensor) -> list[tf.Tensor]:
        drawn = tf.numpy_function(take, [step], [array.dtype for array in arrays], stateful=False)
        return [tf.ensure_shape(of, (rows, *array.shape[1:])) for of, array in zip(drawn, arrays, strict=True)]

    return draw


def _jitter_seed(seed: int, step: tf.Tensor, stream: int) -> tf.Tensor:
    return noise.fold_in([seed % 2**31, JITTER], step, stream)


class _Joined:
    """Arrays one after another, of which rows are taken as of one array, without copying them all into one."""

    def __init__(self, arrays: Sequence[np.ndarray]):
        self.arrays = arrays
        self.ends = np.cumsum([len(array) for array in arrays])
        self.dtype, self.shape = arrays[0].dtype, (self.ends[-1], *arrays[0].shape[1:])

    def take(self, rows: np.ndarray, axis: int = 0) -> np.ndarray:
        taken = np.empty((len(rows), *self.shape[1:]), self.dtype)
        of = np.searchsorted(self.ends, rows, side="right")
        for k, array in enumerate(self.arrays):
            taken[of == k] = array[rows[of == k] - (self.ends[k] - len(array))]
        return taken
