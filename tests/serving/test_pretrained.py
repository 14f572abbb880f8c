"""Exports of an installed package by their address, for every command that takes an export."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ganzoo.errors import GanzooError
from ganzoo.serving import pretrained
from ganzoo.serving.exported import Exported
from ganzoo.tasks import transfer
from tests import processes
from tests.exports import exports  # noqa: F401 - a fixture

ROOT = Path(__file__).parents[2]


@pytest.fixture
def installed(exports, tmp_path, monkeypatch):  # noqa: F811
    """The package's own module with two tiny exports beside it, importable here and in other processes."""
    package = shutil.copytree(ROOT / "pretrained" / "ganzoo_pretrained", tmp_path / "site" / "ganzoo_pretrained")
    shutil.rmtree(package / "exports", ignore_errors=True)
    for name in ("cgan", "points"):
        shutil.copytree(exports[name][1], package / "exports" / name)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'site'}:{ROOT}")
    monkeypatch.delitem(sys.modules, "ganzoo_pretrained", raising=False)
    yield package / "exports"
    sys.modules.pop("ganzoo_pretrained", None)


def run(*arguments, module, cwd):
    done = processes.run(*arguments, module=module, cwd=cwd, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_address_loads_as_the_folder_does(installed, exports):  # noqa: F811
    loaded = Exported("pretrained:points")
    assert loaded.path == installed / "points" / "1"
    own = Exported(exports["points"][1])
    np.testing.assert_array_equal(loaded.draw("drs", 8, seed=3)["samples"], own.draw("drs", 8, seed=3)["samples"])
    assert Exported.describe("pretrained:cgan")["name"] == "cgan"


def test_the_commands_take_an_address(installed, tmp_path):
    """The first program reads the flag in a process of its own, which finds the package by itself."""
    asked = ["--export_dir=pretrained:cgan", "--labels=0,2", "--num_samples=4", f"--out={tmp_path}/grid.png"]
    command = [sys.executable, "-m", "ganzoo.sample", *asked]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path, check=False)
    assert "4 samples by drs" in done.stdout, done.stderr
    assert (tmp_path / "grid.png").is_file()
    asked = ["--export_dir=pretrained:points", "--version=1", "--num_samples=20", f"--out={tmp_path}/many"]
    assert "20 samples" in run(*asked, module="ganzoo.serving.batch.generate", cwd=tmp_path)
    asked = ["--export_dir=pretrained:points", "--seconds=0.01"]
    assert "drs" in run(*asked, module="ganzoo.serving.measure_latency", cwd=tmp_path)


def test_a_run_may_begin_with_an_address(installed):
    from ganzoo.zoo.recipes import load_config

    source = transfer.load("pretrained:points", load_config("gan", "gaussians25"))
    assert source.where == f"{installed / 'points' / '1'}, step 7"


def test_an_unknown_name_is_an_error_with_the_names_there_are(installed):
    with pytest.raises(
        GanzooError, match="holds no export 'cgam'[.] Did you mean 'cgan'[?] There are: cgan, points[.]"
    ):
        Exported("pretrained:cgam")
    with pytest.raises(GanzooError, match="holds no export ''[.] There are: cgan, points[.]"):
        pretrained.folder("pretrained:")
    with pytest.raises(GanzooError, match="holds no export '[.][.]'"):
        pretrained.folder("pretrained:..")


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ganzoo_pretrained", None)
    with pytest.raises(GanzooError) as caught:
        Exported("pretrained:cgan")
    assert str(caught.value) == (
        "pretrained:cgan is in a package of its own, ganzoo-pretrained, which holds cgan, pix2pix, r3gan, wgan_gp and "
        "is on no index yet. Make it in a checkout by `python -m pretrained.wheel --out dist`, which trains them, and "
        "install the wheel in dist."
    )
