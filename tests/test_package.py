"""The package as it is installed: what the wheel holds, what it requires, what it is called, where it works."""

import ast
import configparser
import importlib.metadata
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from ganzoo.errors import DISTRIBUTION
from tests.docs import prose

ROOT = Path(__file__).parents[1]
PACKAGES = ("ganzoo", "zoo_configs")
# Required, but imported by others only: by tensorflow-datasets, and as the command that shows a run's curves.
UNSEEN = {"importlib-resources", "tensorboard"}
# Modules of a package that a requirement brings along.
BROUGHT = {"google.protobuf": "tensorflow", "grpc": "tensorflow-serving-api", "mlflow": "mlflow"}
# Of `os` and `signal`, what Linux, macOS and Windows have.
EVERYWHERE = {
    "os": {
        "PathLike", "SEEK_SET", "_exit", "close", "devnull", "dup", "dup2", "environ", "getpid", "kill", "listdir",
        "lseek", "name", "path", "read", "sep", "walk", "write",
    },
    "signal": {"SIGINT", "SIGTERM", "SIG_IGN", "Signals", "signal"},
}  # fmt: skip
LACKING = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}  # modules
ON_SOME = {"sysconf", "preadv"}  # asked for by hasattr before it is called


def tracked(*folders: str) -> list[Path]:
    """The files that git knows, relative to the root."""
    found = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(name) for name in found.stdout.split("\0") if name and (ROOT / name).is_file()]


def setup() -> configparser.ConfigParser:
    parsed = configparser.ConfigParser()
    parsed.read(ROOT / "setup.cfg")
    return parsed


def requirements(lines: str) -> list[Requirement]:
    return [Requirement(line) for line in lines.splitlines() if line and not line.startswith("#")]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def base() -> set[str]:
    """What `pip install .` brings, by name, without what these bring."""
    return {canonical(requirement.name) for requirement in requirements(setup()["options"]["install_requires"])}


def extra(name: str) -> set[str]:
    """What an extra adds, by name; an extra may name others."""
    found = set()
    for requirement in requirements(setup()["options.extras_require"][name]):
        if requirement.name == DISTRIBUTION:
            found.update(*map(extra, requirement.extras))
        else:
            found.add(canonical(requirement.name))
    return found


def imports(*folders: str) -> dict[str, set[str]]:
    """The distributions that Python files import, wherever in them, each with the files."""
    distributions, found = importlib.metadata.packages_distributions(), {}
    own = {"ganzoo", "zoo_configs", "tests", "benchmarks", "export", "pretrained", "ganzoo_pretrained"}
    # Where a folder of tests is no package, its files are imported by their own names.
    own |= {name for path in tracked("tests") for name in (path.stem, path.parent.name)}
    for file in (path for path in tracked(*folders) if path.suffix == ".py"):
        for node in ast.walk(ast.parse((ROOT / file).read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            else:
                continue
            for name in names:
                top = name.partition(".")[0]
                brought = next((by for module, by in BROUGHT.items() if f"{name}.".startswith(f"{module}.")), None)
                if brought is None and (top in sys.stdlib_module_names or top in own):
                    continue
                for distribution in [brought] if brought else distributions.get(top, [top])[:1]:
                    found.setdefault(canonical(distribution), set()).add(str(file))
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from the tracked files alone, without the network."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for file in tracked():
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        (source / file).write_bytes((ROOT / file).read_bytes())
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (built,) = out.iterdir()
    with zipfile.ZipFile(built) as archive:
        yield archive


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel):
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == {path.as_posix() for path in tracked(*PACKAGES)}
    assert {
        "ganzoo/py.typed",
        "ganzoo/evaluation/assets/digits_classifier.npz",
        "ganzoo/serving/config_files/models.config",
        "zoo_configs/wgan_gp.py",
    } <= names


@pytest.mark.slow
def test_the_wheel_says_what_it_is(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())
    assert metadata["Name"] == DISTRIBUTION
    required = [Requirement(line) for line in metadata.get_all("Requires-Dist")]
    assert {canonical(one.name) for one in required if one.marker is None} == base()
    known = {"onnx", "litert", "openvino", "beam", "dask", "hub", "video", "mlflow", "trackio", "wandb", "docs", "dev"}
    assert known == set(metadata.get_all("Provides-Extra"))


def test_an_install_brings_what_the_package_imports_and_no_more():
    optional = "beam dask hub litert mlflow onnx openvino trackio video wandb"
    extras = set().union(*map(extra, optional.split()))
    imported = imports(*PACKAGES)
    assert {name: files for name, files in imported.items() if name not in base() | extras} == {}
    assert base() - imported.keys() == UNSEEN
    assert not base() & (extras | {"pytest"})


def test_dev_brings_what_the_tests_and_benchmarks_import():
    imported = imports("tests", "benchmarks", "export")
    of_contenders = ("torch", "jax", "flax", "optax")
    of_golden_numbers = ("clean-fid", "torch-fidelity", "pytorch-fid", "prdc", "transformers", "cleanfid")
    for name in of_contenders + of_golden_numbers:  # which have environments of their own
        imported.pop(name, None)
    assert {name: files for name, files in imported.items() if name not in base() | extra("dev")} == {}


def test_every_requirement_has_a_version_that_ci_passed_with():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    versions = {canonical(name): version for name, version in (line.split("==") for line in lines)}
    assert len(versions) == len(lines)
    sections = [setup()["options"]["install_requires"], *setup()["options.extras_require"].values()]
    for requirement in (one for section in sections for one in requirements(section) if one.name != DISTRIBUTION):
        if requirement.name == "setuptools":  # pip freeze leaves it out
            continue
        assert requirement.specifier.contains(versions[canonical(requirement.name)]), requirement
    for version in versions.values():
        Version(version)


# An install of `ganzoo`, which on the public index is another project's package.
STRANGER = re.compile(
    r"(?<![\w-])ganzoo\[(beam|dask|dev|docs|hub|litert|mlflow|onnx|openvino|trackio|video|wandb)\b"
    r"|pip3? install\b[^`]*?[\s'\"]ganzoo(?=[\s'\"`=<>~,;:]|[.](\s|$)|$)"
)


@pytest.mark.parametrize(
    ("line", "is_stranger"),
    [
        ("pip install 'ganzoo[onnx]'", True),
        ("it needs ganzoo[onnx,litert]", True),
        ("pip install -U ganzoo", True),
        ("pip install ganzoo==0.1.0", True),
        ("pip install 'ganzoo-tf[onnx]'", False),
        ("pip install . && python -m ganzoo.run", False),
        ("ganzoo[name]", False),
    ],
)
def test_a_strangers_package_is_recognised(line, is_stranger):
    assert bool(STRANGER.search(line)) == is_stranger


def test_nobody_is_told_to_install_the_strangers_package():
    """Only the question of the FAQ names it."""
    assert setup()["metadata"]["name"] == DISTRIBUTION != "ganzoo"
    told = []
    for file in tracked():
        if ROOT / file == Path(__file__):
            continue
        for line in (ROOT / file).read_text(errors="ignore").splitlines():
            if STRANGER.search(line) and line != "### Is `pip install ganzoo` this project?":
                told.append(f"{file}: {line.strip()}")
    assert told == []


def test_the_package_calls_nothing_that_linux_alone_has():
    """Other systems lack it, or the file asks whether it is there: by hasattr, `except ImportError` or `is_file`."""
    for file in (path for path in tracked(*PACKAGES) if path.suffix == ".py"):
        text = (ROOT / file).read_text()
        tree = ast.parse(text)
        asked = [
            statement
            for node in ast.walk(tree)
            if isinstance(node, ast.Try) and "ImportError" in [ast.unparse(h.type) for h in node.handlers if h.type]
            for statement in node.body
        ]
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in EVERYWHERE:
                known = EVERYWHERE[node.value.id] | {name for name in ON_SOME if f'hasattr(os, "{name}")' in text}
                assert node.attr in known, f"{file}, line {node.lineno}: {node.value.id}.{node.attr}"
            if isinstance(node, ast.Import) and node not in asked:
                assert not LACKING & {alias.name for alias in node.names}, f"{file}, line {node.lineno}"
            if isinstance(node, ast.ImportFrom):
                assert node.module not in LACKING | EVERYWHERE.keys(), f"{file}, line {node.lineno}"
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                is_asked = f'= Path("{node.value}")' in text and ".is_file()" in text
                is_system = node.value.startswith(("/proc", "/dev/", "/sys/"))
                assert is_asked or not is_system, f"{file}, line {node.lineno}"


def test_the_citation_is_complete():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()  # what the format requires
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] == "software"
    assert cited["authors"] == [{"name": "The ganzoo authors"}]
    assert cited["version"] == setup()["metadata"]["version"]
    assert cited["license"] == setup()["metadata"]["license"]
    for reference in cited["references"]:
        assert {"type", "title", "authors"} <= reference.keys()
    assert cited["references"][0]["url"] == "https://arxiv.org/abs/1810.06758"


def test_every_box_of_the_checklists_has_an_example():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    boxes = re.findall(r"^- \[ \] (.+?)(?=^- \[ \]|^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(boxes) >= 8
    for box in boxes:
        assert prose.links(box), box
    for link in prose.links(text):
        assert (ROOT / link.file).is_file(), link
        assert Path(link.file) in tracked(), link
    assert max(map(prose.words, prose.sentences(text))) <= 40
