"""What a client knows of a server whichever way it speaks to it: signatures, requests, and when to try again."""

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import numpy as np

from ganzoo.errors import GanzooError, did_you_mean

T = TypeVar("T")
TRIES = 6
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0  # seconds between tries, doubled each time; the wait is a random part of that


class Spec(NamedTuple):
    """A tensor of a signature.

    Attributes:
        dtype: NumPy's; `object` for strings of bytes.
        shape: None where a side is free.
    """

    dtype: np.dtype
    shape: tuple[int | None, ...]


class Signature(NamedTuple):
    """The tensors of a signature by name."""

    inputs: dict[str, Spec]
    outputs: dict[str, Spec]


class Refused(GanzooError):
    """The server's no to a request that would be refused again."""


class Unready(Exception):
    """The server's "not now": UNAVAILABLE or RESOURCE_EXHAUSTED, or no connection. The request may be sent again."""


class TooLate(Exception):
    """No answer within the time that there was."""


class Connection(ABC):
    """A served model. Usable from many threads, and as a context that closes it.

    Args:
        server: "host:port".
        model: its name at the server.
        version: a version's number; None takes the newest.
        version_label: a label of the server's config, such as "stable", instead of a number.
        deadline: seconds for a request, all its tries together.
    """

    def __init__(
        self,
        server: str,
        model: str,
        *,
        version: int | None = None,
        version_label: str | None = None,
        deadline: float = 60.0,
    ):
        if version is not None and version_label is not None:
            raise GanzooError("give a version's number or its label, not both.")
        self.server, self.model, self.deadline = server, model, deadline
        self.version, self.version_label = version, version_label
        self._known: dict[str, Signature] | None = None

    def signatures(self) -> dict[str, Signature]:
        """The model's signatures by name; asked for once.

        Raises:
            Refused: for a model that the server does not have.
            GanzooError: if the server cannot be reached or does not answer in time.
        """
        if self._known is None:
            self._known = self._patiently(self._ask_signatures)
        return self._known

    def signature(self, name: str) -> Signature:
        """A signature by name; GanzooError, beside those of `signatures`, if there is none."""
        known = self.signatures()
        if name not in known:
            raise GanzooError(
                f"'{self.model}' has no signature '{name}'.{did_you_mean(name, known)} "
                f"There are: {', '.join(sorted(known))}."
            )
        return known[name]

    def predict(self, signature: str, inputs: Mapping[str, object]) -> dict[str, np.ndarray]:
        """One request.

        Args:
            signature: its name.
            inputs: numbers, lists or arrays by name; they are sent as the signature's dtypes.

        Returns:
            The outputs by name; strings as an array of `bytes` objects.

        Raises:
            Refused: for what the server or the graph refuses.
            GanzooError: for a signature that there is not, a number that does not fit its dtype, and if the server
                cannot be reached or does not answer in time.
        """
        specs = self.signature(signature).inputs
        arrays = {name: _as(specs[name].dtype, value, name) for name, value in inputs.items() if name in specs}
        if arrays.keys() != specs.keys():
            missing = ", ".join(sorted(specs.keys() - arrays.keys()))
            raise GanzooError(
                f"signature '{signature}' also takes {missing}: give each by its name (--input NAME=VALUE)."
            )
        return self._patiently(lambda seconds: self._ask(signature, arrays, seconds))

    def close(self) -> None:  # noqa: B027 - REST has nothing to close
        """Ends it. A gRPC channel that is left open can keep Python from ending."""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @abstractmethod
    def _ask_signatures(self, seconds: float) -> dict[str, Signature]:
        """One try; raises Refused, Unready or TooLate."""

    @abstractmethod
    def _ask(self, signature: str, arrays: dict[str, np.ndarray], seconds: float) -> dict[str, np.ndarray]:
        """One try; raises Refused, Unready or TooLate."""

    def _patiently(self, ask: Callable[[float], T]) -> T:
        """`ask` with the seconds that are left, again while the server is unready.

        The waits have jitter, so that clients which one overload sent away together do not come back together.
        """
        end = time.monotonic() + self.deadline
        for attempt in range(TRIES):
            left = end - time.monotonic()
            try:
                if left <= 0.0:
                    raise TooLate
                return ask(left)
            except TooLate:
                raise GanzooError(
                    f"{self.server} did not answer within {self.deadline:g} s. Ask for less, or give it more time "
                    "(--deadline)."
                ) from None
            except Unready as error:
                reason = str(error)
            wait = random.uniform(0.0, min(LONGEST_WAIT, FIRST_WAIT * 2**attempt))
            if attempt < TRIES - 1:
                time.sleep(max(0.0, min(wait, end - time.monotonic())))
        raise GanzooError(f"{self.server} is not ready, in {TRIES} tries: {reason}.")


def _as(dtype: np.dtype, value: object, name: str) -> np.ndarray:
    """A value as an array of a dtype; whole numbers must be whole and fit."""
    if dtype.kind == "O":
        return np.asarray(value, object)
    given = np.asarray(value)
    with np.errstate(invalid="ignore", over="ignore"):
        array = given.astype(dtype)
    if dtype.kind == "i" and not np.array_equal(array, given):
        raise GanzooError(f"{name} is {value}, which {dtype} cannot hold.")
    return array
