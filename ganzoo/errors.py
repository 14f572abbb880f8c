"""The exception for a user's mistakes, and hints for unknown names and missing packages."""

import difflib
import re
from collections.abc import Iterable

DISTRIBUTION = "ganzoo-tf"  # as setup.cfg names it; `ganzoo` on the public index is another project's


class GanzooError(Exception):
    """A mistake that the reader can correct. The message tells what was wrong, what was expected and what to do.

    The command lines print it as `ganzoo: <message>` with exit code 1; in Python it is an ordinary exception.
    """


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The hint ` Did you mean 'x'?` with the nearest known name, or nothing if no name is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


def install_hint(extra: str) -> str:
    """The commands that install the packages of an extra of setup.cfg, from the index and in a checkout.

    >>> install_hint("onnx")
    "pip install 'ganzoo-tf[onnx]', or in a checkout pip install '.[onnx]'"
    """
    return f"pip install '{DISTRIBUTION}[{extra}]', or in a checkout pip install '.[{extra}]'"


def plain_words(message: str) -> str:
    """The message of a TensorFlow error without the names of nodes and devices.

    >>> plain_words("assertion failed: [num_samples must be in 1 .. 40, got] [0]\\n\\t [[{{node Assert}}]]")
    'num_samples must be in 1 .. 40, got 0'
    """
    if "No space left on device" in message:
        return "there is no room left on the disk"
    asserted = re.search(r"assertion failed: ((?:\[[^\]]*\] ?)+)", message)
    if asserted:
        return " ".join(re.findall(r"\[([^\]]*)\]", asserted.group(1)))
    return re.sub(r"\{\{.*?\}\} ?| ?\[Op:\w+\]", "", message.splitlines()[0])
