"""Pushes an export to the Hugging Face Hub, with its model card and checksums."""

import json
from collections.abc import Collection
from pathlib import Path

from ganzoo import files
from ganzoo.errors import GanzooError
from ganzoo.serving import hub
from ganzoo.serving.exported import newest_version


def push(folder: str | Path, name: str, *, private: bool = False, token: str | None = None) -> str:
    """Uploads the newest version of an export in one commit.

    The whole config of the run is in `assets/config.json`, with the paths of the machine that it trained on.

    Args:
        folder: a run's folder, or an export's.
        name: the repository, "user/name", made if there is none.
        private: whether a new repository is private.
        token: of the Hub, with the right to write; None takes the one of `HF_TOKEN` or of `hf auth login`.

    Returns:
        The commit's address.

    Raises:
        GanzooError: for a folder without an export, for a name that the Hub does not allow, without a token or the
            package, and when the Hub refuses or cannot be reached.
    """
    package = hub.client()
    folder = Path(folder)
    version = newest_version(folder / "export" if any((folder / "export").glob("[0-9]*")) else folder)
    hub.check_name(name)
    with hub.told(f"push {version} to {name}"):
        token = token or package.get_token()
        if token is None:
            raise GanzooError(hub.NO_TOKEN)
        api = package.HfApi(token=token)
        api.create_repo(name, private=private, exist_ok=True)
        paths = sorted(path for path in version.rglob("*") if path.is_file() and path.name != hub.CHECKSUMS)
        sums = {path.relative_to(version).as_posix(): files.checksum(path) for path in paths}
        contents = {path: version / path for path in sums} | {hub.CHECKSUMS: json.dumps(sums, indent=2).encode()}
        operations = [package.CommitOperationAdd(path, content) for path, content in contents.items()]
        stale = _stale(api, name, contents)
        operations += [package.CommitOperationDelete(path) for path in stale]
        return api.create_commit(name, operations, commit_message="Upload an export of ganzoo").commit_url


def _stale(api, name: str, contents: Collection[str]) -> list[str]:
    """Files of an export that lies in the repository and that the new one does not have."""
    beginnings = ("assets/", "assets.extra/", "variables/")
    present = api.list_repo_files(name)
    return [path for path in present if path.startswith(beginnings) and path not in contents]
