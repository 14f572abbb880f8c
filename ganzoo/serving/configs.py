"""Writes the files that a model server needs beside an export: configs, a Dockerfile, Compose and Kubernetes files.

python -m ganzoo.serving.configs --out serving
MODELS=$PWD/models docker compose -f serving/compose.yaml up --build
"""

from importlib import resources
from pathlib import Path

from absl import flags

from ganzoo import cli
from ganzoo.errors import GanzooError
from ganzoo.files import check_writable

FLAGS = flags.FLAGS


def write(out: Path) -> list[Path]:
    """Writes every file into a folder, made if need be.

    Returns:
        The files, in alphabetical order.

    Raises:
        GanzooError: if the folder cannot be written, or holds a file of the same name with other contents, since a user
            may have edited that file.
    """
    check_writable(out, "--out", is_folder=True)
    contents = {
        file.name: file.read_bytes() for file in resources.files("ganzoo.serving").joinpath("config_files").iterdir()
    }
    for name, content in contents.items():
        if (out / name).exists() and (out / name).read_bytes() != content:
            raise GanzooError(f"{out / name} is there and differs. Give another --out, or remove it.")
    out.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (out / name).write_bytes(content)
    (out / "health_check.sh").chmod(0o755)
    return sorted(out / name for name in contents)


def main() -> None:
    for file in write(Path(FLAGS.out)):
        print(file)


if __name__ == "__main__":
    flags.DEFINE_string("out", None, "the folder to write into", required=True)
    cli.run(main)
