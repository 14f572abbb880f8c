"""Where a set's files lie: in a folder, or at a URL that fsspec knows, such as s3://bucket/digits.

In a folder every file appears whole, by renaming. An object store does the same by its own rules. Other URLs (ftp://)
may hold half of a file after a crash; such a shard has no entry, so it is made again.
"""

import contextlib
import hashlib
import json
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ganzoo.errors import GanzooError, install_hint
from ganzoo.files import check_writable, checksum, checksum_of_folder, remove, whole, write_json


class Folder:
    """A folder of a file system that every worker sees.

    Args:
        path: the folder; it need not exist.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def __str__(self) -> str:
        return str(self.path)

    def check(self) -> None:
        """Raises GanzooError if the folder cannot be written, and leaves nothing behind."""
        check_writable(self.path, "--out", is_folder=True)

    def names(self) -> set[str]:
        """The names of the files and folders in it; none if it does not exist.

        Raises:
            GanzooError: if it is a file.
        """
        if self.path.exists() and not self.path.is_dir():
            raise GanzooError(f"{self} is a file; give another --out.")
        return {path.name for path in self.path.glob("*")}

    def read(self, name: str) -> dict:
        """The contents of a JSON file; a missing or broken file gives an empty dict."""
        try:
            return json.loads((self.path / name).read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def write(self, name: str, content: Mapping) -> None:
        """Writes JSON, whole or not at all."""
        write_json(self.path / name, content)

    def put(self, name: str, write: Callable[[Path], None]) -> str:
        """Puts a file or a folder in the place of an older one, and returns its checksum.

        Args:
            name: its name.
            write: writes it to the path that it is given.
        """
        with whole(self.path / name) as beside:
            write(beside)
            return checksum(beside)

    def checksum(self, name: str) -> str | None:
        """The checksum of a file or a folder (`ganzoo.files.checksum`), or None if it does not exist."""
        path = self.path / name
        return checksum(path) if path.exists() else None

    def remove(self, name: str) -> None:
        """Removes a file or a folder, if it exists."""
        remove(self.path / name)

    def remove_unfinished(self) -> None:
        """Removes the files that killed workers left half-written."""
        for leftover in self.path.glob(".shard-*"):
            remove(leftover)


class Url:
    """A folder at a URL; methods as in `Folder`.

    Args:
        url: "PROTOCOL://...". The credentials and options are fsspec's own configuration.

    Raises:
        GanzooError: for a protocol that fsspec does not know or whose package is missing.
    """

    def __init__(self, url: str):
        try:
            import fsspec
        except ModuleNotFoundError as error:
            raise GanzooError(f"fsspec, which writes to URLs, is not installed: {install_hint('dask')}.") from error
        self.url = url.rstrip("/")
        # Another process may have written since: nothing is remembered.
        with self._explained():
            try:
                self._files, path = fsspec.core.url_to_fs(self.url, use_listings_cache=False)
            except TypeError:  # some file systems have no such option
                self._files, path = fsspec.core.url_to_fs(self.url)
        self._root = path.rstrip("/")

    def __str__(self) -> str:
        return self.url

    def check(self) -> None:
        name = f".check-{uuid.uuid4().hex}"
        with self._explained():
            self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(self._at(name), b"")
            self._files.rm_file(self._at(name))

    def names(self) -> set[str]:
        with self._explained():
            self._files.invalidate_cache()
            try:
                found = self._files.ls(self._root, detail=False)
            except FileNotFoundError:
                return set()
        names = {path.rstrip("/").rpartition("/")[2] for path in found}
        if found and names == {self._root.rpartition("/")[2]} and self._files.isfile(self._root):
            raise GanzooError(f"{self} is a file; give another --out.")
        return {name for name in names if name and not name.startswith(".")}

    def read(self, name: str) -> dict:
        with self._explained():
            try:
                return json.loads(self._files.cat_file(self._at(name)))
            except (FileNotFoundError, ValueError):
                return {}

    def write(self, name: str, content: Mapping) -> None:
        with self._explained():
            self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(self._at(name), (json.dumps(content, indent=2) + "\n").encode())

    def put(self, name: str, write: Callable[[Path], None]) -> str:
        with tempfile.TemporaryDirectory(prefix="ganzoo-") as folder:
            draft = Path(folder, name)
            write(draft)
            files = [draft] if draft.is_file() else sorted(path for path in draft.rglob("*") if path.is_file())
            self.remove(name)
            with self._explained():
                for file in files:
                    target = self._at(file.relative_to(folder).as_posix())
                    self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
                    self._files.put_file(str(file), target)
            return checksum(draft)

    def checksum(self, name: str) -> str | None:
        with self._explained():
            self._files.invalidate_cache()
            path = self._at(name)
            if not self._files.exists(path):
                return None
            if self._files.isfile(path):
                return self._digest(path)
            found = self._files.find(path)
            return checksum_of_folder({file[len(path) :].lstrip("/"): self._digest(file) for file in found})

    def remove(self, name: str) -> None:
        with self._explained(), contextlib.suppress(FileNotFoundError):
            self._files.rm(self._at(name), recursive=True)

    def remove_unfinished(self) -> None:
        """Does nothing: a half-written file has its own name here, and is made again."""

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _digest(self, path: str) -> str:
        with self._files.open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of the file system, whose kind depends on the protocol, as one error for people."""
        try:
            yield
        except GanzooError:
            raise
        except ImportError as error:
            raise GanzooError(f"{self.url} needs a package that is not installed: {error}.") from error
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
            raise GanzooError(f"{self.url} could not be read or written: {reason}.") from error


def opened(out: str | Path) -> Folder | Url:
    """The place for a set: a URL if there is "://" in it, else a folder.

    Raises:
        GanzooError: for a URL that fsspec cannot open.
    """
    return Url(str(out)) if "://" in str(out) else Folder(out)
