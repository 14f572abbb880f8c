r"""Every entry of the zoo by its recipe, on its default data set: trained, measured, exported; the table goes to
RESULTS.md.

    python benchmarks/zoo.py
    python benchmarks/zoo.py --models cgan,infogan

Each is what `python -m ganzoo.run --model NAME` does, in a process of its own. A run that had ended keeps its figures;
one that was stopped goes on, and its minutes are those of its last start.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from absl import app, flags
from sampler_tables import markdown, write_section

from ganzoo.config import recipes
from ganzoo.training import workdirs

_models = flags.DEFINE_list("models", recipes(), "Entries of the zoo.")
_workdir = flags.DEFINE_string("workdir", "runs/zoo", "Folder of the runs.")

QUALITY = ("precision", "recall", "coverage")


def ended(model: str) -> dict:
    """Config and metrics of an entry's run, which is started, or gone on with, where it has not ended."""
    workdir = Path(_workdir.value) / model
    clock = workdir / "minutes.json"
    if not clock.exists():
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "ganzoo.run", "--model", model, "--workdir", workdir], check=True)
        workdirs.write_json(clock, {"minutes": (time.perf_counter() - start) / 60})
    read = {name: json.loads((workdir / f"{name}.json").read_text()) for name in ("config", "metrics", "minutes")}
    return read | {"config": read["config"]["config"]}


def figure(row: dict[str, float], family: str) -> str:
    """The metric of a family, whatever its features and count; `-` where a row has none."""
    values = [value for name, value in row.items() if name.startswith(f"{family}_")]
    return f"{values[0]:.3g}" if values else "-"


def line(model: str, run: dict) -> list[str]:
    """One row of the table: the generator alone, and what rejection makes of it."""
    alone, by_drs, by_obrs = (run["metrics"][sampler] for sampler in ("generate", "drs", "obrs"))
    distances = [figure(row, "fd") for row in (alone, by_drs, by_obrs)]
    quality = [f"{figure(alone, name)} / {figure(by_drs, name)}" for name in QUALITY]
    acceptance = f"{by_drs['acceptance_rate']:.2f}"
    of_run = [model, run["config"]["dataset"], str(run["config"]["steps"]), f"{run['minutes']['minutes']:.1f}"]
    return [*of_run, *distances, *quality, acceptance, *labels(run["metrics"])]


def labels(metrics: dict) -> list[str]:
    """What a conditional entry, or one with codes, is asked besides."""
    if "codes" in metrics:
        return [f"code tells the digit: {figure(metrics['codes'], 'unsupervised_accuracy')}"]
    shares = [figure(metrics[sampler], "label_accuracy") for sampler in ("generate", "drs")]
    return ["" if shares[0] == "-" else f"of their label: {shares[0]} / {shares[1]}"]


def main(argv):
    del argv
    done = {model: ended(model) for model in _models.value}
    header = ["model", "dataset", "steps", "minutes", "fd_digits10k", "by drs", "by obrs (K = 2)"]
    header += [f"{name}, alone / by drs" for name in QUALITY] + ["acceptance of drs", "besides"]
    floor = next(iter(done.values()))["metrics"]["floor"]
    which = "" if set(done) == set(recipes()) else f" --models {','.join(done)}"
    text = (
        f"## The zoo\n\n`python benchmarks/zoo.py{which}`\n\nEach entry by `python -m ganzoo.run --model NAME`, seed "
        "0, 10,000 samples; minutes are those of the whole run on 2 CPU cores, measuring and export included. Real "
        f"digits: fd_digits10k {figure(floor, 'fd')}, precision {figure(floor, 'precision')}, recall "
        f"{figure(floor, 'recall')}, coverage {figure(floor, 'coverage')}.\n\n"
        f"{markdown(header, [line(model, run) for model, run in done.items()])}"
    )
    write_section("zoo", text)
    print(text)


if __name__ == "__main__":
    app.run(main)
