"""Batches whose order is a pure function of (seed, step), so that a run resumes anywhere, exactly and at no cost."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import tensorflow as tf

from ganzoo import noise
from ganzoo.data.jitter import jitter
from ganzoo.data.reals import to_float
from ganzoo.data.storage import StoredPictures
from ganzoo.errors import GanzooError

if TYPE_CHECKING:
    from ganzoo.data.parts import Domains

Element = tuple[tf.Tensor, ...] | tf.Tensor


class Share(NamedTuple):
    """Which rows of each batch a machine wants that trains together with others: those of its replicas.

    Replica r of R has the r-th of R equal parts of every batch, and an element of its own for each step: those of the
    machine's replicas follow each other. The elements of all replicas, joined batch by batch, are what one replica
    would have had.

    Attributes:
        replicas: R, of all machines.
        first: number of the machine's first replica.
        local: how many replicas the machine has.
    """

    replicas: int = 1
    first: int = 0
    local: int = 1


WHOLE = Share()


def batches(
    samples: np.ndarray | StoredPictures,
    batch_size: int,
    *,
    seed: int,
    first_step: int = 0,
    steps: int,
    draws: int = 1,
    labels: np.ndarray | None = None,
    share: Share = WHOLE,
) -> tf.data.Dataset:
    """The reals of the steps first_step, ..., steps - 1, one element each.

    Every epoch visits each sample once, in an order of its own; a step's rows may straddle two epochs. Started at
    first_step = k, the dataset gives bit for bit what the one started at 0 gives from its k-th element on. The samples
    stay where they are, in memory or in their file: they are neither copied nor put into the graph.

    Args:
        samples: uint8 [N, H, W, C] or float32 [N, 2].
        batch_size: rows of one batch.
        seed: of the order; any integer.
        first_step: the step to begin with.
        steps: the step to end before.
        draws: batches a step takes (n_critic).
        labels: int64 [N], or None.
        share: of the rows; batch_size is that of all replicas together.

    Returns:
        A dataset of exactly steps - first_step elements, float32 [draws * batch_size, ...]: pictures in [-1, 1], points
        as they are. With labels an element is a pair of them and their labels, int64 [draws * batch_size]. Of a share
        there are share.local elements for each step, with batch_size / share.replicas rows in the place of batch_size.

    Raises:
        GanzooError: batch_size is below 1, above N, or no multiple of share.replicas.
    """
    check_batch_size(batch_size, len(samples))
    draw = _drawing([samples] if labels is None else [samples, labels], draws * batch_size, seed)

    def element(step: tf.Tensor, which: tf.Tensor) -> Element:
        reals, *given = draw(step, which)
        return to_float(reals) if labels is None else (to_float(reals), *given)

    return _elements(element, first_step, steps, draws, batch_size, share)


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
    share: Share = WHOLE,
) -> tf.data.Dataset:
    """Pictures of the first two domains for the steps first_step, ..., steps - 1, in an order and resumed as `batches`.

    Of paired domains, row i of the one belongs to row i of the other, and both are cut and flipped alike. Others have
    each an order of its own; an epoch of the larger is then more than one of the smaller.

    Args:
        domains: what to draw from: their train pictures.
        batch_size, seed, first_step, steps, draws, share: as in `batches`; the seed is also that of the jitter.
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

        def draw(step: tf.Tensor, which: tf.Tensor) -> list[tf.Tensor]:
            return [drawn for draw_one in each for drawn in draw_one(step, which)]

    def element(step: tf.Tensor, which: tf.Tensor) -> Element:
        seeds = [_jitter_seed(seed, step, 0 if domains.paired else k) for k in range(2)]
        return tuple(
            to_float(jitter(drawn, image_size, flip, one, which, rows))
            for drawn, one in zip(draw(step, which), seeds, strict=True)
        )

    return _elements(element, first_step, steps, draws, batch_size, share)


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
    share: Share = WHOLE,
) -> tf.data.Dataset:
    """Pictures of all domains together with the number of their domain, in an order and resumed as `batches`.

    A domain is drawn as often as it has pictures.

    Args:
        domains, batch_size, seed, first_step, steps, draws, image_size, flip, share: as in `domain_pairs`.

    Returns:
        A dataset of steps - first_step pairs: float32 [draws * batch_size, image_size, image_size, C] in [-1, 1], and
        int64 [draws * batch_size] in 0 .. K - 1.

    Raises:
        GanzooError: batch_size is below 1 or above the number of pictures in all domains.
    """
    pictures = _Joined([domain.samples for domain in domains.train])
    labels = np.repeat(np.arange(len(domains.train)), [len(domain) for domain in domains.train])
    check_batch_size(batch_size, len(labels))
    rows = draws * batch_size
    draw = _drawing([pictures, labels], rows, seed)

    def element(step: tf.Tensor, which: tf.Tensor) -> Element:
        drawn, of = draw(step, which)
        return to_float(jitter(drawn, image_size, flip, _jitter_seed(seed, step, 0), which, rows)), of

    return _elements(element, first_step, steps, draws, batch_size, share)


def check_batch_size(batch_size: int, total: int) -> None:
    """Raises GanzooError if a batch is empty or larger than the data."""
    if not 1 <= batch_size <= total:
        raise GanzooError(
            f"the batch size is {batch_size}, but there are {total} samples to train on. "
            f"Give --config.batch_size={total} or less, or more data."
        )


def check_share(batch_size: int, replicas: int) -> None:
    """Raises GanzooError if a batch cannot be shared out evenly."""
    if batch_size % replicas:
        raise GanzooError(
            f"a batch of {batch_size} cannot be shared out evenly among {replicas} replicas. Give a multiple of "
            f"{replicas}, such as --config.batch_size={-(-batch_size // replicas) * replicas}, or another --strategy."
        )


def _elements(
    element: Callable[[tf.Tensor, tf.Tensor], Element],
    first_step: int,
    steps: int,
    draws: int,
    batch_size: int,
    share: Share,
) -> tf.data.Dataset:
    """element(step, which of the step's draws * batch_size rows, int64 [k]) for each step and replica of a share."""
    check_share(batch_size, share.replicas)
    rows = np.arange(draws * batch_size).reshape(draws, share.replicas, -1)
    mine = np.stack([rows[:, share.first + k].ravel() for k in range(share.local)])
    numbers = tf.data.Dataset.range(first_step * share.local, steps * share.local)
    dataset = numbers.map(lambda n: element(n // share.local, tf.constant(mine)[n % share.local])).prefetch(2)
    options = tf.data.Options()
    options.autotune.enabled = False  # there is nothing to tune, and its thread, asleep, holds up the end of `fit`
    return dataset.with_options(options)


def _drawing(arrays: Sequence, rows: int, seed: int, *stream: int) -> Callable[[tf.Tensor, tf.Tensor], list[tf.Tensor]]:
    """What draws a step's rows of arrays that belong together: every epoch each row once, in an order of its own.

    Args:
        arrays: [N, ...] each, with a `take` as NumPy's; neither copied nor put into the graph.
        rows: how many a step takes.
        seed: of the order, any integer.
        *stream: numbers that tell this order from others of the same seed.

    Returns:
        step, int64 [], and which of its rows, int64 [k] -> tensors [k, ...], one of each array.
    """
    total = arrays[0].shape[0]

    @functools.lru_cache(maxsize=2)
    def order(epoch: int) -> np.ndarray:
        return np.random.default_rng([seed % 2**64, epoch, *stream]).permutation(total)

    def take(step: np.ndarray, which: np.ndarray) -> list[np.ndarray]:
        first, end = int(step) * rows, (int(step) + 1) * rows
        pieces = [
            order(epoch)[max(first - epoch * total, 0) : end - epoch * total]
            for epoch in range(first // total, (end - 1) // total + 1)
        ]
        taken = np.concatenate(pieces)[which]
        return [array.take(taken, axis=0) for array in arrays]

    def draw(step: tf.Tensor, which: tf.Tensor) -> list[tf.Tensor]:
        drawn = tf.numpy_function(take, [step, which], [array.dtype for array in arrays], stateful=False)
        count = which.shape[0]
        return [tf.ensure_shape(of, (count, *array.shape[1:])) for of, array in zip(drawn, arrays, strict=True)]

    return draw


def _jitter_seed(seed: int, step: tf.Tensor, stream: int) -> tf.Tensor:
    return noise.fold_in([seed % 2**31, noise.Training.JITTER], step, stream)


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
