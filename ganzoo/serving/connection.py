"""The part of a client that gRPC and REST share: signatures, requests, and when to try again."""

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import numpy as np

from ganzoo.errors import GanzooError, did_you_mean
from ganzoo.serving.access import Access

T = TypeVar("T")
IN_THE_CLEAR = Access()
TRIES = 6
# The bound on the wait between two tries, in seconds. It doubles with each try; the wait is random, up to the bound.
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0


class Spec(NamedTuple):
    """A tensor of a signature.

    Attributes:
        dtype: the NumPy dtype; `object` for strings of bytes.
        shape: the sides; None is a side of any size.
    """

    dtype: np.dtype
    shape: tuple[int | None, ...]


class Signature(NamedTuple):
    """The tensors of a signature by name."""

    inputs: dict[str, Spec]
    outputs: dict[str, Spec]


class Refused(GanzooError):
    """The server refused the request, and would refuse it again."""


class NotReady(GanzooError):
    """The server was not ready in any of the tries. The request may be sent again later."""


class Unready(Exception):
    """The server cannot answer now: UNAVAILABLE, RESOURCE_EXHAUSTED or no connection. The request may be sent again."""


class TooLate(Exception):
    """The server did not answer in time."""


class Connection(ABC):
    """A served model. Many threads may use one connection. As a context, the connection closes itself.

    Args:
        server: "host:port".
        model: the model's name at the server.
        version: a version's number; None is the newest version.
        version_label: a label of the server's config, such as "stable", instead of a number.
        deadline: seconds for a request, all tries included.
        access: TLS and metadata.

    Raises:
        GanzooError: for a version beside a label, and for a token that would go to another machine in the clear.
    """

    def __init__(
        self,
        server: str,
        model: str,
        *,
        version: int | None = None,
        version_label: str | None = None,
        deadline: float = 60.0,
        access: Access = IN_THE_CLEAR,
    ):
        if version is not None and version_label is not None:
            raise GanzooError("give a version's number or its label, not both.")
        self.is_encrypted = access.tls or server.startswith("https://")
        access.check(server, self.is_encrypted)
        self.server, self.model, self.deadline, self.access = server, model, deadline, access
        self.version, self.version_label = version, version_label
        self._known: dict[str, Signature] | None = None

    def signatures(self) -> dict[str, Signature]:
        """The model's signatures by name; the server is asked once.

        Raises:
            Refused: for a model that the server does not have.
            GanzooError: if the server cannot be reached or does not answer in time.
        """
        if self._known is None:
            self._known = self._patiently(self._ask_signatures)
        return self._known

    def signature(self, name: str) -> Signature:
        """A signature by name.

        Raises:
            GanzooError: for a signature that the model does not have, and as in `signatures`.
        """
        signatures = self.signatures()
        if name not in signatures:
            raise GanzooError(
                f"'{self.model}' has no signature '{name}'.{did_you_mean(name, signatures)} "
                f"There are: {', '.join(sorted(signatures))}."
            )
        return signatures[name]

    def predict(self, signature: str, inputs: Mapping[str, object]) -> dict[str, np.ndarray]:
        """One request.

        Args:
            signature: the signature's name.
            inputs: numbers, lists or arrays by name; they are sent in the signature's dtypes.

        Returns:
            The outputs by name; strings come as an array of `bytes` objects.

        Raises:
            Refused: if the server or the graph refuses the request.
            GanzooError: for a signature that does not exist, for a number that does not fit its dtype, and if the
                server cannot be reached or does not answer in time.
        """
        specs = self.signature(signature).inputs
        arrays = {name: _as(specs[name].dtype, value, name) for name, value in inputs.items() if name in specs}
        if arrays.keys() != specs.keys():
            missing = ", ".join(sorted(specs.keys() - arrays.keys()))
            raise GanzooError(
                f"signature '{signature}' also takes {missing}: give each by its name (--input NAME=VALUE)."
            )
        return self._patiently(lambda seconds: self._ask(signature, arrays, seconds))

    def close(self) -> None:  # noqa: B027 - an export in this process has nothing to close
        """Closes the connection. An open gRPC channel can keep Python from ending."""

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
        """Calls `ask` with the seconds that are left, and again while the server is unready.

        The waits are random, so that clients that one overload turned away together do not return together.
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
        # A server that awaits TLS closes a connection in the clear, and so does one that ends.
        hint = " If it speaks TLS, use it (--tls)." if not self.is_encrypted and "closed" in reason else ""
        raise NotReady(f"{self.server} is not ready, in {TRIES} tries: {reason}.{hint}")

    def _untrusted(self, reason: str) -> GanzooError:
        """The error for a TLS handshake that failed, which it would do again."""
        return GanzooError(
            f"no TLS with {self.server}: {reason}. Check that it speaks TLS and that its certificate has this name; "
            "--ca_certificate says who vouches for it."
        )


def _as(dtype: np.dtype, value: object, name: str) -> np.ndarray:
    """A value as an array of a dtype; for an integer dtype, the numbers must be whole and fit."""
    if dtype.kind == "O":
        return np.asarray(value, object)
    original = np.asarray(value)
    with np.errstate(invalid="ignore", over="ignore"):
        array = original.astype(dtype)
    if dtype.kind == "i" and not np.array_equal(array, original):
        raise GanzooError(f"{name} is {value}, which {dtype} cannot hold.")
    return array
