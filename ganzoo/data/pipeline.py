"""Batches whose order is a pure function of (seed, step), so that a run resumes exactly, at any step and no cost."""

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
from ganzoo.seeds import entropy

if TYPE_CHECKING:
    from ganzoo.data.parts import Domains

Element = tuple[tf.Tensor, ...] | tf.Tensor


class Share(NamedTuple):
    """The rows of each batch that belong to one machine's replicas, if several machines train together.

    Replica r of R has the r-th of R equal parts of every batch. Each replica has its own element for each step, and the
    elements of a machine's replicas follow each other. The elements of all replicas, joined batch by batch, equal the
    elements of a single replica.

    Attributes:
        replicas: R, the number of replicas of all machines.
        first: the number of the machine's first replica.
        local: the number of the machine's replicas.
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
    flip: bool = False,
    share: Share = WHOLE,
) -> tf.data.Dataset:
    """The reals of the steps first_step, ..., steps - 1, one element each.

    Every epoch visits each sample once, in a new order; a step's rows may come from two epochs. A dataset that starts
    at first_step = k gives the same bits as a dataset that starts at 0 gives from its k-th element on. The samples stay
    in memory or in their file; they are neither copied nor put into the graph.

    Args:
        samples: uint8 [N, H, W, C] or float32 [N, 2].
        batch_size: the number of rows in one batch.
        seed: the seed of the order; any integer.
        first_step: the first step.
        steps: the step after the last one.
        draws: the number of batches in a step (n_critic).
        labels: int64 [N], or None.
        flip: whether each picture is turned left to right with probability 1/2, by the seed, the step and its row.
        share: the machine's rows; batch_size counts the rows of all replicas.

    Returns:
        A dataset of exactly steps - first_step elements, float32 [draws * batch_size, ...]: pictures in [-1, 1], points
        unchanged. With labels an element is a pair of samples and labels, int64 [draws * batch_size]. A share has
        share.local elements for each step, with batch_size / share.replicas rows in place of batch_size.

    Raises:
        GanzooError: if batch_size is below 1, above N, or no multiple of share.replicas.
    """
    check_batch_size(batch_size, len(samples))
    draw = _drawing([samples] if labels is None else [samples, labels], draws * batch_size, seed)

    def element(step: tf.Tensor, which: tf.Tensor) -> Element:
        reals, *reals_labels = draw(step, which)
        if flip:
            reals = jitter(reals, reals.shape[1], True, _jitter_seed(seed, step, 0), which, draws * batch_size)
        return to_float(reals) if labels is None else (to_float(reals), *reals_labels)

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
    """Pictures of the first two domains for the steps first_step, ..., steps - 1, ordered and resumed as in `batches`.

    In paired domains, row i of one domain belongs to row i of the other, and both are cut and flipped alike. Unpaired
    domains each have their own order, and an epoch of the larger domain is more than one epoch of the smaller.

    Args:
        domains: the domains whose train pictures are drawn.
        batch_size, seed, first_step, steps, draws, share: as in `batches`; the jitter uses the same seed.
        image_size: pixels a side of the squares cut at random, at most the train pictures' size.
        flip: whether pictures are flipped left to right at random.

    Returns:
        A dataset of steps - first_step pairs, each float32 [draws * batch_size, image_size, image_size, C] in [-1, 1].

    Raises:
        GanzooError: if batch_size is below 1 or above the number of pictures in one of the two domains.
    """
    row_count = draws * batch_size
    pictures = [domain.samples for domain in domains.train[:2]]
    check_batch_size(batch_size, min(map(len, pictures)))
    if domains.paired:
        draw = _drawing(pictures, row_count, seed)
    else:
        draws_of_domains = [_drawing([samples], row_count, seed, k) for k, samples in enumerate(pictures)]

        def draw(step: tf.Tensor, which: tf.Tensor) -> list[tf.Tensor]:
            return [drawn for draw_one in draws_of_domains for drawn in draw_one(step, which)]

    def element(step: tf.Tensor, which: tf.Tensor) -> Element:
        seeds = [_jitter_seed(seed, step, 0 if domains.paired else k) for k in range(2)]
        return tuple(
            to_float(jitter(drawn, image_size, flip, jitter_seed, which, row_count))
            for drawn, jitter_seed in zip(draw(step, which), seeds, strict=True)
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
    """Pictures of all domains with the number of their domain, ordered and resumed as in `batches`.

    Every picture is drawn equally often, so that a larger domain is drawn more often.

    Args:
        domains, batch_size, seed, first_step, steps, draws, image_size, flip, share: as in `domain_pairs`.

    Returns:
        A dataset of steps - first_step pairs: float32 [draws * batch_size, image_size, image_size, C] in [-1, 1], and
        int64 [draws * batch_size] in 0 .. K - 1.

    Raises:
        GanzooError: if batch_size is below 1 or above the number of pictures in all domains.
    """
    pictures = _Joined([domain.samples for domain in domains.train])
    labels = np.repeat(np.arange(len(domains.train)), [len(domain) for domain in domains.train])
    check_batch_size(batch_size, len(labels))
    row_count = draws * batch_size
    draw = _drawing([pictures, labels], row_count, seed)

    def element(step: tf.Tensor, which: tf.Tensor) -> Element:
        drawn, drawn_labels = draw(step, which)
        return to_float(jitter(drawn, image_size, flip, _jitter_seed(seed, step, 0), which, row_count)), drawn_labels

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
    replica_rows = np.arange(draws * batch_size).reshape(draws, share.replicas, -1)
    mine = np.stack([replica_rows[:, share.first + k].ravel() for k in range(share.local)])
    numbers = tf.data.Dataset.range(first_step * share.local, steps * share.local)
    dataset = numbers.map(lambda n: element(n // share.local, tf.constant(mine)[n % share.local])).prefetch(2)
    options = tf.data.Options()
    options.autotune.enabled = False  # nothing needs tuning, and the tuner's sleeping thread delays the end of `fit`
    return dataset.with_options(options)


def _drawing(
    arrays: Sequence, row_count: int, seed: int, *stream: int
) -> Callable[[tf.Tensor, tf.Tensor], list[tf.Tensor]]:
    """A function that draws a step's rows of several arrays alike. Every epoch has each row once, in a new order.

    Args:
        arrays: arrays [N, ...] with a method `take` like NumPy's; they are neither copied nor put into the graph.
        row_count: the number of rows in a step.
        seed: the seed of the order, any integer.
        *stream: numbers that distinguish this order from other orders of the same seed.

    Returns:
        A function of the step, int64 [], and the positions of the rows in the step, int64 [k]. It gives a tensor
        [k, ...] for each array.
    """
    total = arrays[0].shape[0]

    @functools.lru_cache(maxsize=2)
    def order(epoch: int) -> np.ndarray:
        return np.random.default_rng([entropy(seed), epoch, *stream]).permutation(total)

    def take(step: np.ndarray, which: np.ndarray) -> list[np.ndarray]:
        first, end = int(step) * row_count, (int(step) + 1) * row_count
        pieces = [
            order(epoch)[max(first - epoch * total, 0) : end - epoch * total]
            for epoch in range(first // total, (end - 1) // total + 1)
        ]
        taken = np.concatenate(pieces)[which]
        return [array.take(taken, axis=0) for array in arrays]

    def draw(step: tf.Tensor, which: tf.Tensor) -> list[tf.Tensor]:
        drawn = tf.numpy_function(take, [step, which], [array.dtype for array in arrays], stateful=False)
        count = which.shape[0]
        return [tf.ensure_shape(value, (count, *array.shape[1:])) for value, array in zip(drawn, arrays, strict=True)]

    return draw


def _jitter_seed(seed: int, step: tf.Tensor, stream: int) -> tf.Tensor:
    return noise.fold_in(noise.root(seed, noise.Purpose.JITTER), step, stream)


class _Joined:
    """Several arrays that behave like one joined array when rows are taken; nothing is copied beforehand."""

    def __init__(self, arrays: Sequence[np.ndarray]):
        self.arrays = arrays
        self.ends = np.cumsum([len(array) for array in arrays])
        self.dtype, self.shape = arrays[0].dtype, (self.ends[-1], *arrays[0].shape[1:])

    def take(self, rows: np.ndarray, axis: int = 0) -> np.ndarray:
        taken = np.empty((len(rows), *self.shape[1:]), self.dtype)
        owners = np.searchsorted(self.ends, rows, side="right")
        for k, array in enumerate(self.arrays):
            taken[owners == k] = array[rows[owners == k] - (self.ends[k] - len(array))]
        return taken
