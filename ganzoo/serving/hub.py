"""Exports on the Hugging Face Hub, pulled as `hf://user/name`; `ganzoo.serving.pushing` pushes them.

A repository holds one version of an export. `checksums.json` in it has the SHA-256 of every other file, because the
Hub's client compares sizes alone. The client is the package huggingface_hub, an extra; it takes the token and the
address of the Hub from its own environment variables (`HF_TOKEN`, `HF_ENDPOINT`) and keeps downloads in its cache.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

from ganzoo import files
from ganzoo.errors import GanzooError, install_hint

SCHEME = "hf://"
CHECKSUMS = "checksums.json"
FILES = ["README.md", CHECKSUMS, "assets/*", "assets.extra/*", "variables/*", "*.pb"]  # of an export


def pull(address: str) -> Path:
    """The folder of an export on the Hub, downloaded and checked; a second call downloads what has changed alone.

    Args:
        address: "hf://user/name", or "hf://user/name@REVISION" for a branch, a tag or a commit.

    Raises:
        GanzooError: for a name that the Hub does not allow, without the package, when the Hub refuses or cannot be
            reached, when a download broke off, and for files that are not what was pushed.
    """
    package = client()
    name, _, revision = address.removeprefix(SCHEME).partition("@")
    check_name(name)
    with told(f"download {address}"):
        folder = Path(package.snapshot_download(name, revision=revision or None, allow_patterns=FILES))
    if not (folder / CHECKSUMS).is_file():
        raise GanzooError(f"{address} holds no export of ganzoo: it has no {CHECKSUMS}. ganzoo.push writes one.")
    try:
        sums = json.loads((folder / CHECKSUMS).read_text())
        names = {str(name): str(value) for name, value in sums.items()}
    except (ValueError, AttributeError) as error:
        raise GanzooError(f"{address}: {CHECKSUMS} is no list of checksums. Push the export again.") from error
    for name, expected in names.items():
        path = folder / name
        if ".." in Path(name).parts or Path(name).is_absolute() or not path.is_file():
            raise GanzooError(f"{address} has no file {name}, which {CHECKSUMS} names. Push the export again.")
        if files.checksum(path) != expected:
            raise GanzooError(
                f"{address}: {name} is not the file that was pushed (its SHA-256 is not {expected[:16]}...). Remove "
                f"{folder.parents[1]} and try again; if it stays so, push the export again."
            )
    return folder


NO_TOKEN = (
    "the Hub needs a token with the right to write: set HF_TOKEN, or give one by `hf auth login`. "
    "https://huggingface.co/settings/tokens makes one."
)


def check_name(name: str) -> None:
    """Raises GanzooError for anything but a user's and a repository's name."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise GanzooError(f"'{name}' is no repository's name: give user/name, such as hf://ada/digits.")


def client():
    """The module huggingface_hub.

    Raises:
        GanzooError: without the package.
    """
    try:
        import huggingface_hub
    except ImportError as error:
        raise GanzooError(f"the Hub needs its own client, huggingface_hub: {install_hint('hub')}.") from error
    return huggingface_hub


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """The client's errors as messages for people."""
    from huggingface_hub import errors

    try:
        yield
    except GanzooError:
        raise
    except errors.GatedRepoError as error:
        raise GanzooError(f"could not {what}: its owner gives access on request. Ask for it on its page.") from error
    except errors.RepositoryNotFoundError as error:
        raise GanzooError(
            f"could not {what}: there is no such repository, or it is private and the token does not show it. Look for "
            "a typing error, or set HF_TOKEN."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise GanzooError(f"could not {what}: the repository has no such revision.") from error
    except errors.HfHubHTTPError as error:
        code = error.response.status_code if error.response is not None else None
        if code in (401, 403):
            raise GanzooError(f"could not {what}: the Hub refused the token ({code}). {NO_TOKEN}") from error
        raise GanzooError(f"could not {what}: the Hub answered {code} ({_first_line(error)}).") from error
    except ValueError as error:
        raise GanzooError(f"could not {what}: {_first_line(error)}") from error
    except Exception as error:
        # The client's transport has classes of its own, which differ between its versions.
        if isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _TRANSPORTS:
            raise GanzooError(
                f"could not {what}: {_first_line(error)}. Try again; what was downloaded is kept."
            ) from error
        raise


_TRANSPORTS = ("httpx", "httpx2", "httpcore", "httpcore2", "requests", "huggingface_hub", "hf_xet")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0].removeprefix("Got: ") if lines else type(error).__name__).rstrip(".")
