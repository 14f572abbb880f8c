"""The one exception that a user's mistake raises, and how names that nobody knows are answered."""

import difflib
from collections.abc import Iterable


class GanzooError(Exception):
    """A mistake its reader can mend: what was wrong, what was expected, what to do.

    The command lines print it as `ganzoo: <message>` with exit code 1; in Python it is an ordinary exception.
    """


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The nearest of the known names as the words ` Did you mean 'x'?`, or nothing where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""
