"""Seeds of any size. A seed is any whole number, and two seeds give different random numbers.

Random numbers in TensorFlow have seeds of two int32, `[seed, request]` in an export's signatures. A seed that int32
holds is the first of them. A larger seed is mixed into both words, so it never wraps to a small one.
"""

import operator

import numpy as np

from ganzoo.errors import GanzooError

INT32 = np.iinfo(np.int32)


def checked(seed: int) -> int:
    """The seed as a Python integer.

    Raises:
        GanzooError: if it is no whole number.
    """
    try:
        return operator.index(seed)
    except TypeError as error:
        raise GanzooError(f"seed is {seed!r}; give a whole number.") from error


def words(seed: int, request: int = 0) -> tuple[int, int]:
    """The two int32 of one of a seed's streams: `(seed, request)` where int32 holds the seed, else 64 mixed bits.

    Args:
        seed: any whole number.
        request: the number of the stream, such as of a request, 0 .. 2^31 - 1.

    Raises:
        GanzooError: if the seed is no whole number.

    >>> words(7, 1), words(-7)
    ((7, 1), (-7, 0))
    >>> words(2**32) == words(0), words(2**32) == words(2**33)
    (False, False)
    """
    seed = checked(seed)
    if INT32.min <= seed <= INT32.max:
        return seed, request
    mixed = np.random.SeedSequence(entropy(seed), spawn_key=(request,)).generate_state(2)
    low, high = mixed.view(np.int32).tolist()
    return low, high


def stream(seed: int | np.ndarray) -> np.ndarray:
    """A stream's int32 [2]: `words` of a number, or two int32 as they are.

    Raises:
        GanzooError: if the seed is neither.
    """
    pair = np.asarray(words(seed) if np.ndim(seed) == 0 else seed)
    if pair.shape != (2,) or pair.dtype.kind not in "iu" or (pair < INT32.min).any() or (pair > INT32.max).any():
        raise GanzooError(f"seed is {seed}; give a whole number, or the two int32 of a stream.")
    return pair.astype(np.int32)


def entropy(seed: int) -> int:
    """A seed for NumPy's generators, which take no negative number.

    >>> entropy(7), entropy(-7) == 2**128 + 7
    (7, True)
    """
    seed = checked(seed)
    return seed if seed >= 0 else 2**128 - seed


def uint32(seed: int) -> int:
    """A seed for libraries that take 32 bits, 0 .. 2^32 - 1; larger and negative seeds are mixed."""
    seed = checked(seed)
    return seed if 0 <= seed < 2**32 else int(np.random.SeedSequence(entropy(seed)).generate_state(1)[0])
