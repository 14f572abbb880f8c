"""Endless batches of data sets in memory."""

from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np

from benchmarks import workloads

BATCHES = dict.fromkeys(("W1", "W2"), workloads.N_CRITIC)  # batches of a step; 1 where nothing is said


def endless(*reals: np.ndarray, batch_size: int, at_once: int) -> Iterator[list[np.ndarray]]:
    """Shuffled batches [at_once * batch_size, ...] of each array, epoch after epoch.

    The last, smaller batch of an epoch is left out: for another size, JAX would compile the step again.
    """
    rng, count = np.random.default_rng(0), at_once * batch_size
    orders = [iter(()) for _ in reals]
    while True:
        batch = []
        for index, array in enumerate(reals):
            rows = next(orders[index], None)
            if rows is None:
                shuffled = rng.permutation(len(array))
                orders[index] = iter([shuffled[k : k + count] for k in range(0, len(array) - count + 1, count)])
                rows = next(orders[index])
            batch.append(array[rows])
        yield batch


def scaled(reals: jnp.ndarray) -> jnp.ndarray:
    """Points unchanged, pictures uint8 as float32 in [-1, 1]; a part of the compiled step."""
    return (reals.astype(jnp.float32) - 127.5) / 127.5 if reals.dtype == jnp.uint8 else reals
