"""Exports of the package ganzoo-pretrained as `pretrained:NAME`; `python -m pretrained.wheel` makes it."""

from pathlib import Path

from ganzoo.errors import GanzooError, did_you_mean

SCHEME = "pretrained:"
NAMES = ("cgan", "pix2pix", "r3gan", "wgan_gp")  # what the package holds


def folder(address: str) -> Path:
    """The folder of an export's versions in the installed package.

    Args:
        address: "pretrained:NAME".

    Raises:
        GanzooError: without the package, and for a name that it does not hold.
    """
    name = address.removeprefix(SCHEME)
    try:
        import ganzoo_pretrained
    except ImportError as error:
        raise GanzooError(
            f"{address} is in a package of its own, ganzoo-pretrained, which holds {', '.join(NAMES)} and is on "
            "no index yet. Make it in a checkout by `python -m pretrained.wheel --out dist`, which trains them, and "
            "install the wheel in dist."
        ) from error
    names = ganzoo_pretrained.names()
    if name not in names:
        hint = did_you_mean(name, names)
        raise GanzooError(f"ganzoo-pretrained holds no export '{name}'.{hint} There are: {', '.join(names)}.")
    return ganzoo_pretrained.folder(name)
