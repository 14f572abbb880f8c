"""Registers of functions and classes by name, to which a user's own file can add.

The zoo's models, network families, data sources, metrics and signatures are each a `Register`.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from ganzoo.errors import GanzooError

Thing = TypeVar("Thing")


class Register(dict[str, Thing]):
    """Registered things by name.

    Args:
        kind: the kind of the things, such as "model"; for messages.
        taken: a function that gives the package's further names, which are not in the register.
    """

    additions = 0  # the number of additions to all registers of this process

    def __init__(self, kind: str, taken: Callable[[], Iterable[str]] = tuple):
        super().__init__()
        self.kind, self._taken = kind, taken
        self._definitions: dict[str, tuple[str, str]] = {}

    def add(self, name: str, thing: Thing, definition: Callable) -> None:
        """Registers a thing. The same definition may come again, as from a notebook's cell that runs twice.

        Args:
            name: letters, digits and underscores.
            thing: the thing to register.
            definition: the function or class that a user wrote.

        Raises:
            GanzooError: if the name is taken or invalid.
        """
        if not name.isidentifier():
            raise GanzooError(f"'{name}' is no name for a {self.kind}: give letters, digits and underscores.")
        known = self._definitions.get(name)
        if (name in self._taken() or known is not None) and known != _identity(definition):
            raise GanzooError(f"there is a {self.kind} named '{name}' already. Register yours by another name.")
        self._definitions[name] = _identity(definition)
        self[name] = thing
        Register.additions += 1


def _identity(definition: Callable) -> tuple[str, str]:
    return definition.__module__, definition.__qualname__
