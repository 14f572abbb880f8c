"""The one exception that a user's mistake raises, and how names that nobody knows are answered."""

import difflib
import re
from collections.abc import Iterable

DISTRIBUTION = "ganzoo-tf"  # as setup.cfg names it; `ganzoo` on the public index is another project's


class GanzooError(Exception):
    """A mistake its reader can mend: what was wrong, what was expected, what to do.

    The command lines print it as `ganzoo: <message>` with exit code 1; in Python it is an ordinary exception.
    """


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The nearest of the known names as the words ` Did you mean 'x'?`, or nothing where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


def install_hint(extra: str) -> str:
    """What to type for the packages of an extra of setup.cfg: after an install from the index, and in a checkout.

    >>> install_hint("onnx")
    "pip install 'ganzoo-tf[onnx]', or in a checkout pip install '.[onnx]'"
    """
    return f"pip install '{DISTRIBUTION}[{extra}]', or in a checkout pip install '.[{extra}]'"


def plain_words(message: str) -> str:
    """What a TensorFlow error says, without the names of nodes and devices around it.

    >>> plain_words("assertion failed: [num_samples must be in 1 .. 40, got] [0]\\n\\t [[{{node Assert}}]]")
    'num_samples must be in 1 .. 40, got 0'
    """
    asserted = re.search(r"assertion failed: ((?:\[[^\]]*\] ?)+)", message)
    if asserted:
        return " ".join(re.findall(r"\[([^\]]*)\]", asserted.group(1)))
    return re.sub(r"\{\{.*?\}\} ?| ?\[Op:\w+\]", "", message.splitlines()[0])
