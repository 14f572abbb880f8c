"""Kills runs at random moments and resumes them: the end must be that of an undisturbed run.

    python -m tests.faults.kills --out kills.md --kills 20
    python -m tests.faults.kills --models gan,cgan --kills 3

For each entry a short run goes through undisturbed: training, fit of the ratio, export, measuring. Then the same run is
begun in another folder, killed by SIGKILL after a random time between its start and its end, and begun again by the
same command, `--kills` times. Each time it must end with exit code 0; its export must be the only version, with the
same bits as the undisturbed one's; its figures must be the same; and nothing half-written may be left. A model whose
export is not the same bits in two undisturbed runs would fail at once: the undisturbed run is done twice.

A run takes 5 to 20 s, so that 20 kills of all entries take an hour or two. A table in Markdown is written as it grows.
"""

import argparse
import functools
import json
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from ganzoo.serving.exported import Exported
from ganzoo.zoo.recipes import load_config
from ganzoo.zoo.registry import in_package
from tests import processes
from tests.faults.report import report

SMALL = {
    "sampling": [
        "--config.batch_size=16",
        "--config.ratio.refit.steps=20",
        "--config.sampling.burn_in=256",
        "--config.sampling.chain_length=5",
    ],
    "translation": ["--config.batch_size=4", "--config.model.pool_size=8", "--config.sampling.candidates=4"],
}
COMMON = [
    "--config.deterministic",
    "--steps=12",
    "--config.checkpoint_every=3",
    "--config.sample_every=4",
    "--config.evaluation.num_samples=200",
]
PHASES = {"sample  ": "after its end", "measuring": "measuring", "fitting": "fit or export"}
MEASURED_TIME = re.compile("samples_per_second|fraction_of_bound")


def flags_of(name: str, workdir: Path) -> list[str]:
    """The command line of a short run with the recipe's networks, only narrower."""
    config = load_config(name)
    flags = [f"--model={name}", f"--workdir={workdir}", *COMMON]
    flags += [flag for flag in SMALL[config.task] if "pool_size" not in flag or "pool_size" in config.model]
    for network, options in config.networks[config.model.network].items():
        flags.append(f"--config.networks.{config.model.network}.{network}.width={max(options.width // 8, 4)}")
    return flags


def fingerprint(workdir: Path) -> dict[str, object]:
    """What must not depend on kills: the export's weights, what it answers, and the figures.

    A graph's file lists its functions in another order in each process, so that its answers are compared.

    Raises:
        AssertionError: for a second version, or for a file that a finished run does not leave.
    """
    versions = sorted(path.name for path in (workdir / "export").iterdir())
    assert versions == ["1"], f"versions {versions}"
    drafts = [path for path in workdir.rglob(".*") if path.name != ".lock"]
    assert not drafts, f"left unfinished: {drafts}"
    metrics = json.loads((workdir / "metrics.json").read_text())
    figures = {
        f"{row}.{name}": value
        for row, values in metrics.items()
        for name, value in values.items()
        if not MEASURED_TIME.search(name)
    }
    exported = Exported(workdir / "export")
    answers = {}
    if "directions" in exported.config:
        side, _, channels = exported.config["image_shape"]
        pictures = np.random.default_rng(0).uniform(-1, 1, (2, side, side, channels)).astype(np.float32)
        domains = {"domains": np.zeros(2, np.int64)} if exported.config["name"] == "stargan" else {}
        signature = "translate" if "translate" in exported.signatures else next(iter(exported.config["directions"]))
        answers[signature] = exported.translate(signature, pictures, seed=3, **domains).tobytes()
    else:
        for signature in ("generate", "drs", "mh"):
            if signature in exported.signatures:
                answers[signature] = exported.draw(signature, 8, seed=3)["samples"].tobytes()
    reader = tf.train.load_checkpoint(str(workdir / "export" / "1" / "variables" / "variables"))
    names = [name for name in reader.get_variable_to_shape_map() if name != "_CHECKPOINTABLE_OBJECT_GRAPH"]
    weights = sorted(reader.get_tensor(name).tobytes() for name in names)  # Keras numbers them in any order
    return {"answers": answers, "figures": figures, "weights": weights}


def finish(flags: list[str]) -> None:
    done = processes.run(*flags, module="ganzoo.run")
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr[-500:]}"


def killed(flags: list[str], after: float) -> str:
    """Begins a run and kills it after `after` seconds; the last words of its output tell where it was."""
    command = processes.Command(*flags, module="ganzoo.run")
    time.sleep(after)
    if command.poll() is None:
        command.send_signal(signal.SIGKILL)
    out, _ = command.communicate()
    for words in (*PHASES, "; in "):
        if words in out:
            return PHASES.get(words, "training")
    return "start"


def trial(name: str, kills: int, seed: int) -> tuple[int, str, str]:
    """Kills an entry's run `kills` times and resumes it; the number of kills, the phases that they met, and the end.

    Raises:
        AssertionError: for a run that does not reach the end of the undisturbed one.
    """
    moments = Counter()
    with tempfile.TemporaryDirectory() as folder:
        whole, other = Path(folder, "undisturbed"), Path(folder, "again")
        finish(flags_of(name, other))
        start = time.monotonic()
        finish(flags_of(name, whole))
        seconds = time.monotonic() - start
        expected = fingerprint(whole)
        assert_same(other, expected, "two undisturbed runs")
        rng = random.Random(f"{name} {seed}")
        for number in range(kills):
            workdir = Path(folder, f"killed-{number}")
            where = killed(flags_of(name, workdir), rng.uniform(0.0, seconds))
            moments[where] += 1
            finish(flags_of(name, workdir))
            assert_same(workdir, expected, f"kill {number} ({where})")
            shutil.rmtree(workdir)
    return kills, ", ".join(f"{phase} {count}" for phase, count in sorted(moments.items())), "same"


def assert_same(workdir: Path, expected: Mapping[str, object], what: str) -> None:
    """Asserts that a run has the fingerprint of another."""
    found = fingerprint(workdir)
    differing = [key for key in expected if found[key] != expected[key]]
    assert not differing, f"{what}: {differing} differ"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", default="", help="names with commas; default: all entries")
    parser.add_argument("--kills", type=int, default=20, help="of each entry")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--out", type=Path, help="the table's file")
    arguments = parser.parse_args()
    names = arguments.models.split(",") if arguments.models else in_package()
    trials = ((f"`{name}`", functools.partial(trial, name, arguments.kills, arguments.seed)) for name in names)
    return report(("entry", "kills", "while", "end"), trials, arguments.out)


if __name__ == "__main__":
    sys.exit(main())
