"""What every evaluation does with samples before it measures them."""

import numpy as np

from ganzoo.data.reals import MOST_VALUE, check_scale, to_float
from ganzoo.data.storage import StoredPictures
from ganzoo.errors import GanzooError

_most_looked_at = 100  # of the reals, to know their scale


def checked(samples: np.ndarray, shape: tuple[int, ...], reals: np.ndarray | StoredPictures, name: str) -> np.ndarray:
    """The samples, float32 or uint8, if they can be measured.

    Args:
        samples: should be [n, *shape], n >= 1, and finite.
        shape: one sample's.
        reals: what the samples should look like. If they have no value below 0, the samples need none.
        name: of the data that they are measured against.

    Raises:
        GanzooError: says what is wrong with them.
    """
    samples = np.asarray(samples)
    if samples.ndim != len(shape) + 1 or samples.shape[1:] != tuple(shape) or len(samples) == 0:
        raise GanzooError(
            f"samples to measure against '{name}' have the shape [n, {', '.join(map(str, shape))}], "
            f"n >= 1; these have {list(samples.shape)}."
        )
    if samples.dtype == np.uint8:
        return samples
    broken = int(np.count_nonzero(~np.isfinite(samples).reshape(len(samples), -1).all(axis=1)))
    if broken:
        raise GanzooError(f"{broken} of {len(samples)} samples hold NaN or infinite numbers: the generator diverged.")
    samples = samples.astype(np.float32)
    are_pictures = len(shape) == 3
    are_bright = are_pictures and float(to_float(reals[:_most_looked_at]).min(initial=1.0)) >= 0.0
    check_scale(samples, "samples", is_pictures=are_pictures, most=MOST_VALUE, are_bright=are_bright)
    return samples


def subset(samples: np.ndarray | StoredPictures, n: int) -> np.ndarray:
    """n of them in an order that is random and always the same: data sets and batches of fakes may come sorted."""
    return samples[order(len(samples))[:n]]


def order(count: int) -> np.ndarray:
    """The order of `subset`, int [count]."""
    return np.random.default_rng(0).permutation(count)


def short(count: int) -> str:
    """A sample count as it stands in a metric's name: `10k`, `1k`, `637`."""
    return f"{count // 1000}k" if count and count % 1000 == 0 else str(count)
