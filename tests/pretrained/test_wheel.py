"""The wheel of ganzoo-pretrained: what is in it, what it weighs, and that it is used as it is built."""

import shutil
import zipfile
from pathlib import Path

import pytest

from ganzoo import tasks
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.serving.pretrained import NAMES
from ganzoo.zoo.recipes import load_config
from pretrained import wheel
from pretrained.rounding import MANTISSA_BITS
from tests import processes
from tests.exports import exports  # noqa: F401 - a fixture

ROOT = Path(__file__).parents[2]
BY_TRAINING = 500_000  # bytes that a training adds to the wheel, 480,000 by the recipes of 2026-12-01


@pytest.fixture(autouse=True)
def without_network(monkeypatch):
    """pip builds with the setuptools that is installed."""
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")


def unpacked(built, folder):
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.slow
def test_the_wheel_holds_the_newest_versions_and_their_api(exports, tmp_path):  # noqa: F811
    """TensorFlow alone draws from it."""
    older = shutil.copytree(exports["points"][1], tmp_path / "points")
    shutil.copytree(older / "1", older / "2")
    (older / "1" / "saved_model.pb").unlink()
    built = wheel.build({"points": older, "pix2pix": exports["pix2pix"][1]}, tmp_path / "out")
    assert built.parent == tmp_path / "out"
    site = unpacked(built, tmp_path / "site")
    package = site / "ganzoo_pretrained"
    assert sorted(path.name for path in package.iterdir()) == ["__init__.py", "exports"]
    for name, source in (("points", older / "2"), ("pix2pix", exports["pix2pix"][1] / "1")):
        files = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
        version = package / "exports" / name / "1"
        assert {path.relative_to(version) for path in version.rglob("*") if path.is_file()} == files
    program = (
        "import sys\nsys.modules.update(keras=None, ganzoo=None)\nimport ganzoo_pretrained, tensorflow as tf\n"
        "print(*ganzoo_pretrained.names())\n"
        "path = ganzoo_pretrained.folder('points') / '1'\n"
        "drawn = tf.saved_model.load(path).signatures['generate']\n"
        "print(drawn(num_samples=tf.constant(3), seed=tf.constant([1, 0]))['samples'].shape)\n"
        "ganzoo_pretrained.folder('cgan')\n"
    )
    done = processes.run(code=program, cwd=site)
    assert done.stdout == "pix2pix points\n(3, 2)\n"
    assert done.stderr.strip().endswith("ValueError: no export 'cgan'. There are: pix2pix, points.")


@pytest.fixture(scope="module")
def full_size(tmp_path_factory):
    """The exports of the recipes as a run writes them, but for the training and with few steps of the fits."""
    folder = tmp_path_factory.mktemp("full")
    for name in NAMES:
        config = load_config(name, wheel.DATASETS.get(name))
        if config.task == "sampling":
            config.ratio.refit.steps = config.ratio.smoothed.steps = 2
            config.sampling.burn_in = 256
        task, model, data = tasks.prepare(config)
        description = {"config": config.to_dict(), "step": 0, "split": data.describe()}
        saved_model.write(task.servable(model, data, config, description), folder / name)
    return {name: folder / name for name in NAMES}


@pytest.mark.slow
def test_the_four_exports_have_less_than_8_mb_together_once_they_are_trained(full_size, tmp_path):
    """Weights of full size. Trained ones compress less: their exponents differ more, and their biases are not 0."""
    built = wheel.build(full_size, tmp_path)
    assert wheel.MOST_BYTES == 8_000_000
    assert 6e6 < built.stat().st_size + BY_TRAINING < wheel.MOST_BYTES
    package = unpacked(built, tmp_path / "site") / "ganzoo_pretrained"
    for name in NAMES:
        card = (package / "exports" / name / "1" / "README.md").read_text()
        assert f"rounded to {MANTISSA_BITS} bits of mantissa" in card
        assert str(tmp_path.parent) not in card + (package / "exports" / name / "1" / "assets/config.json").read_text()


def test_a_wheel_that_is_too_large_is_refused(exports, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(wheel, "MOST_BYTES", 10_000)
    with pytest.raises(GanzooError, match=r"the wheel has 0[.]\d\d MB, and may have 0[.]01"):
        wheel.build({"points": exports["points"][1]}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_that_has_ended_is_taken_as_it_is(exports, tmp_path):  # noqa: F811
    """Whatever its steps: it is not trained on to the recipe's."""
    run = tmp_path / "runs" / "r3gan"
    shutil.copytree(exports["points"][1], run / "export")
    (run / "metrics.json").write_text("{}")
    flags = ("--models=r3gan", f"--runs={tmp_path}/runs", f"--out={tmp_path}/dist")
    done = processes.run(*flags, module="pretrained.wheel", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{run} has ended: its newest export is taken as it is\n")
    assert len(list((tmp_path / "dist").iterdir())) == 1


def test_a_run_that_is_refused_says_why_and_ends_the_command(tmp_path):
    (tmp_path / "runs" / "r3gan").mkdir(parents=True)
    (tmp_path / "runs" / "r3gan" / "config.json").write_text("{")
    flags = ("--models=r3gan", f"--runs={tmp_path}/runs", f"--out={tmp_path}/dist")
    done = processes.run(*flags, module="pretrained.wheel", cwd=ROOT)
    assert done.returncode == 1
    assert "config.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_without_an_export_is_named(tmp_path):
    with pytest.raises(GanzooError, match="no export in .*cgan/export"):
        wheel.build({"cgan": tmp_path / "cgan" / "export"}, tmp_path / "out")


@pytest.mark.parametrize("name", NAMES)
def test_every_export_has_a_command_that_the_zoo_knows(name, tmp_path):
    """Quickly, too: no flag is refused. Without it the recipe's steps are trained."""
    full, quick = (
        processes.run(*wheel.arguments(name, tmp_path, is_quick), "--dry_run", module="ganzoo.run", cwd=ROOT)
        for is_quick in (False, True)
    )
    assert f'"dataset": "{wheel.DATASETS.get(name, load_config(name).dataset)}"' in full.stdout, full.stderr
    assert '"steps": 2,' in quick.stdout, quick.stderr
    steps = load_config(name, wheel.DATASETS.get(name)).steps
    assert steps >= 1000
    assert f'"steps": {steps},' in full.stdout


def test_a_model_that_the_package_does_not_hold_is_one_line(tmp_path):
    done = processes.run("--models=dcgan", f"--out={tmp_path}", module="pretrained.wheel", cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr == (
        "ganzoo: --models has dcgan, which the package does not hold. There are: cgan, pix2pix, r3gan, wgan_gp.\n"
    )
