"""onnxruntime-web from npm, at one version: fetched once, checked, and kept in the folder for caches."""

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import requests

from ganzoo.environment import cache_folder
from ganzoo.errors import GanzooError
from ganzoo.files import checksum, whole

VERSION = "1.30.0"
SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"  # of npm's archive of this version
ARCHIVE = f"onnxruntime-web-{VERSION}.tgz"
REGISTRY = "https://registry.npmjs.org"
# The archive's files that a page needs, by the names that they have there. A `.js` is JavaScript to every server.
FILES = {
    "ort.js": "package/dist/ort.wasm.min.mjs",
    "ort-wasm.js": "package/dist/ort-wasm-simd-threaded.mjs",
    "ort-wasm.wasm": "package/dist/ort-wasm-simd-threaded.wasm",
    "README.md": "package/README.md",
}
TIMEOUT = 60.0  # seconds without an answer


def archive(given: Path | None = None) -> Path:
    """The archive of npm, checked: a given file, or the one in the cache, which is downloaded if need be (33 MB).

    The registry is `$NPM_CONFIG_REGISTRY`, as npm has it, or npm's own.

    Raises:
        GanzooError: if a given file is not there or is another one, and if the archive can be neither read nor
            downloaded.
    """
    if given is not None:
        if not given.is_file():
            raise GanzooError(f"--onnxruntime_web is {given}, and there is no such file: {_advice()}")
        if (found := checksum(given)) != SHA256:
            raise GanzooError(f"--onnxruntime_web {given} is not {ARCHIVE} (SHA-256 {found}): {_advice()}")
        return given
    kept = cache_folder() / ARCHIVE
    if not kept.is_file() or checksum(kept) != SHA256:
        _download(kept)
    return kept


def unpack(path: Path, folder: Path) -> None:
    """Writes the page's files of a checked archive into a folder, which is made."""
    folder.mkdir()
    with tarfile.open(path) as tar:
        for name, member in FILES.items():
            (folder / name).write_bytes(tar.extractfile(member).read())


def _download(kept: Path) -> None:
    registry = next(filter(None, map(os.environ.get, ("npm_config_registry", "NPM_CONFIG_REGISTRY"))), REGISTRY)
    url = f"{registry.rstrip('/')}/onnxruntime-web/-/{ARCHIVE}"
    try:
        with whole(kept) as beside:
            with beside.open("wb") as file:
                for part in _parts(url):
                    file.write(part)
            if (found := checksum(beside)) != SHA256:
                raise GanzooError(
                    f"{url} is not {ARCHIVE}: its SHA-256 is {found}, expected {SHA256}. Ask who runs the registry, or "
                    f"give a file: {_advice()}"
                )
    except requests.RequestException as error:
        raise GanzooError(
            f"{ARCHIVE} could not be downloaded from {registry} ({_reason(error)}): {_advice()}"
        ) from error


def _parts(url: str) -> Iterator[bytes]:
    with requests.get(url, stream=True, timeout=TIMEOUT) as answer:
        answer.raise_for_status()
        yield from answer.iter_content(1 << 20)


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP status {error.response.status_code}"
    return "no answer" if isinstance(error, requests.Timeout) else "no connection"


def _advice() -> str:
    return (
        f"run `npm pack onnxruntime-web@{VERSION}` where there is a network, and give --onnxruntime_web={ARCHIVE}, or "
        f"put the file into {cache_folder()}."
    )
