"""Trains the exports of ganzoo-pretrained by their recipes and builds the package's wheel.

    python -m pretrained.wheel --out dist
    python -m pretrained.wheel --runs runs/zoo --out dist
    python -m pretrained.wheel --quick --models cgan --runs runs/quick --out dist

The run of NAME is in RUNS/NAME. A run that has ended is taken as it is, and a run that was stopped goes on. `--quick`
trains a few steps: its wheel has about the size of the real one, and its samples are noise.

The kernels are rounded (`pretrained.rounding`), without which the four exports would have 11.6 MB instead of 7.6.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from absl import flags

from ganzoo import cli
from ganzoo.errors import GanzooError
from ganzoo.files import check_writable
from ganzoo.serving.pretrained import NAMES

FLAGS = flags.FLAGS
DATASETS = {"r3gan": "gaussians25"}  # where it is not the recipe's own
MOST_BYTES = 8_000_000  # of the wheel
HERE = Path(__file__).parent
QUICK = ("--steps=2", "--config.evaluation.num_samples=300")
QUICK_FITS = (  # for models that sample
    "--config.ratio.refit.steps=2",
    "--config.ratio.smoothed.steps=2",
    "--config.sampling.burn_in=256",
    "--config.sampling.chain_length=5",
)


def main() -> int:
    out, runs = Path(FLAGS.out), Path(FLAGS.runs)
    check_writable(out, "--out", is_folder=True)
    if unknown := [name for name in FLAGS.models if name not in NAMES]:
        raise GanzooError(f"--models has {unknown[0]}, which the package does not hold. There are: {', '.join(NAMES)}.")
    for name in FLAGS.models:
        if has_ended(runs / name):
            continue
        command = [sys.executable, "-m", "ganzoo.run", *arguments(name, runs / name, FLAGS.quick)]
        if code := subprocess.run(command, check=False).returncode:
            return code  # the run has said why
    wheel = build({name: runs / name / "export" for name in FLAGS.models}, out)
    print(f"{wheel}: {', '.join(FLAGS.models)} in {wheel.stat().st_size / 1e6:.2f} MB")
    return 0


def has_ended(workdir: Path) -> bool:
    """Whether a run has measured and exported what it trained, and says so."""
    if not (workdir / "metrics.json").exists() or not (workdir / "export").is_dir():
        return False
    print(f"{workdir} has ended: its newest export is taken as it is")
    return True


def arguments(name: str, workdir: Path, is_quick: bool) -> list[str]:
    """The arguments of `ganzoo.run` for an export of the package."""
    from ganzoo.zoo.recipes import load_config

    found = [f"--model={name}", f"--workdir={workdir}"]
    if name in DATASETS:
        found.append(f"--dataset={DATASETS[name]}")
    if is_quick:
        found += [*QUICK, *(QUICK_FITS if load_config(name).task == "sampling" else ())]
    return found


def build(exports: Mapping[str, Path], out: Path) -> Path:
    """Builds the wheel.

    Args:
        exports: the folder of an export's versions by name. The newest version becomes version 1.
        out: the folder that gets the wheel.

    Returns:
        The wheel.

    Raises:
        GanzooError: for a folder without an export, if pip cannot build, and for a wheel of more than `MOST_BYTES`.
    """
    with cli.quiet_imports():
        from ganzoo.serving.exported import newest_version
        from pretrained.rounding import round_kernels

    versions = {name: newest_version(folder) for name, folder in exports.items()}
    with tempfile.TemporaryDirectory() as place:
        source, built = Path(place, "source"), Path(place, "built")
        source.mkdir()
        package = shutil.copytree(HERE / "ganzoo_pretrained", source / "ganzoo_pretrained", ignore=_no_code_of_before)
        for file in (HERE / "pyproject.toml", HERE / "README.md", HERE.parent / "LICENSE"):
            shutil.copy(file, source)
        for name, version in versions.items():
            round_kernels(shutil.copytree(version, package / "exports" / name / "1"))
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", f"--wheel-dir={built}", str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise GanzooError(f"pip could not build the wheel:\n{done.stderr.strip()[-2000:]}")
        (wheel,) = built.iterdir()
        if (size := wheel.stat().st_size) > MOST_BYTES:
            raise GanzooError(
                f"the wheel has {size / 1e6:.2f} MB, and may have {MOST_BYTES / 1e6:g}. Give narrower networks, or "
                "fewer --models."
            )
        out.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(wheel, out / wheel.name))


def _no_code_of_before(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name in ("__pycache__", "exports")]


if __name__ == "__main__":
    flags.DEFINE_string("runs", "runs/pretrained", "the folder of the runs, one folder for each model")
    flags.DEFINE_string("out", "dist", "the folder that gets the wheel")
    flags.DEFINE_list("models", list(NAMES), "the exports of the package")
    flags.DEFINE_bool("quick", False, "train a few steps, to try the package")
    cli.run(main)
