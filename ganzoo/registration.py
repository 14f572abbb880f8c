"""Names that stand for functions and classes, and how a user's own file adds to them.

The zoo's models, network families, data sources, metrics and signatures are each a `Register`.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from ganzoo.errors import GanzooError

Thing = TypeVar("Thing")


class Register(dict[str, Thing]):
    """What has been registered, by name.

    Args:
        kind: what a name stands for, such as "model"; for messages.
        taken: gives the names that the package itself has beside those of the register.
    """

    additions = 0  # to all registers of this process

    def __init__(self, kind: str, taken: Callable[[], Iterable[str]] = tuple):
        super().__init__()
        self.kind, self._taken = kind, taken
        self._definitions: dict[str, tuple[str, str]] = {}

    def add(self, name: str, thing: Thing, definition: Callable) -> None:
        """Gives a name to a thing; the same definition may come again, as from a notebook's cell that runs twice.

        Args:
            name: letters, digits and underscores.
            thing: what the name stands for.
            definition: the function or class that a user wrote.

        Raises:
            GanzooError: for a name that is taken, or that is none.
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
