"""What may stand in place of an export's folder: `hf://user/name` on the Hub, and `pretrained:NAME` in a package."""

from pathlib import Path

from ganzoo.serving import hub, pretrained

_SCHEMES = {hub.SCHEME: hub.pull, pretrained.SCHEME: pretrained.folder}


def is_address(path: str | Path) -> bool:
    """Whether a path is an address of an export, which is no folder of this machine."""
    return str(path).startswith(tuple(_SCHEMES))


def folder(path: str | Path) -> Path:
    """The folder of an export or of its versions; a path that is no address is returned as it is.

    Raises:
        GanzooError: if the export at an address cannot be had.
    """
    for scheme, found in _SCHEMES.items():
        if str(path).startswith(scheme):
            return found(str(path))
    return Path(path)
