r"""Measures how a step's time grows with batch, size and width, and memory with the data set; writes to RESULTS.md.

    python -m benchmarks.growth
    python -m benchmarks.growth --parts=batch,size --rounds 5
    python -m benchmarks.growth --parts=memory --examples=10000,100000

Steps are steps of `gan` with convolutions on generated pictures. Slices of all sizes take turns (ABAB...), and the best
slice of each size counts. Memory is the most (`VmHWM`) that one process needs to split a generated set of TensorFlow
Datasets and to train a hundred steps on it. It is measured with the set streamed from a file and held in memory. The
measurements stay in `--workdir`; a part left out of `--parts` is shown as it was measured last. The plots are
docs/growth_*.png.
"""

import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from absl import flags

from benchmarks import measuring
from benchmarks.measuring import Slice
from ganzoo import cli
from ganzoo.errors import GanzooError, did_you_mean

FLAGS = flags.FLAGS

ROOT = Path(__file__).parents[1]
USUAL = {"batch": 32, "size": 32, "width": 32}  # the values of the other two while one grows
SWEEPS = {"batch": (8, 16, 32, 64, 128, 256), "size": (16, 32, 64, 128), "width": (8, 16, 32, 64, 128)}
MEANING = {
    "batch": "pictures of a batch",
    "size": "pixels a side",
    "width": "of the generator's last hidden layer, twice that of the discriminator's first",
}
PARTS = (*SWEEPS, "memory")
STREAMED, HELD = "streamed", "in memory"
LIMITS = {STREAMED: 1, HELD: 1_000_000}  # values of stream_above_mb: the smallest set has 8 MB
STEPS = 100

# By part: {value: [best, median] seconds}; for memory {way: {examples: the dict of a `growth_run`}}.
Results = dict[str, dict]


def step_of(batch: int, size: int, width: int) -> Slice:
    """A slice of training steps of a new model, warmed up."""
    import numpy as np

    from ganzoo import models
    from ganzoo.data.pipeline import batches
    from ganzoo.training import loop
    from ganzoo.zoo.recipes import load_config

    config = load_config("gan")
    config.networks.dcgan.generator.update(width=width, base_resolution=4)
    config.networks.dcgan.discriminator.update(width=width // 2, base_resolution=4)
    pictures = np.random.default_rng(0).integers(0, 256, (2 * batch, size, size, 3), np.uint8)
    model = models.from_config(config, pictures.shape[1:])
    loop.compile_for(model, config)
    data = batches(pictures, batch, seed=0, steps=10_000_000)

    def seconds_of(steps: int) -> float:
        start = time.perf_counter()
        model.fit(data, steps_per_epoch=steps, shuffle=False, verbose=0)
        return (time.perf_counter() - start) / steps

    seconds_of(2)
    of_step = seconds_of(3)

    def of_slice(seconds: float) -> float:
        return seconds_of(max(3, round(seconds / of_step)))

    return of_slice


def sweep(part: str) -> dict[str, list[float]]:
    """Best and median seconds of a step for each value of the part."""
    slices = {str(value): step_of(**USUAL | {part: value}) for value in SWEEPS[part]}
    return {value: list(times) for value, times in measuring.in_turn(slices, FLAGS.rounds, FLAGS.seconds).items()}


def memory(examples: list[int]) -> dict[str, dict[str, dict]]:
    """The measurements of `growth_run` on sets of these numbers of examples, streamed and in memory."""
    from benchmarks.growth_data import write_set

    runs = {way: {} for way in LIMITS}
    for count in examples:
        with tempfile.TemporaryDirectory() as folder:
            write_set(Path(folder), count)
            for way, limit in LIMITS.items():
                runs[way][str(count)] = _trained(folder, limit)
                print(f"{count} examples, {way}: {runs[way][str(count)]}")
    return runs


def _trained(data_dir: str, limit: int) -> dict:
    command = [sys.executable, "-m", "benchmarks.growth_run", data_dir, str(limit), str(STEPS)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended: {process.stderr[-2000:]}")
    return json.loads(process.stdout.splitlines()[-1])


def growth(times: Mapping[str, list[float]]) -> list[float]:
    """The ratio of each best time to the one before; nan for the first."""
    best = [seconds[0] for seconds in times.values()]
    return [math.nan, *(after / before for before, after in itertools.pairwise(best))]


def time_table(part: str, times: Mapping[str, list[float]]) -> str:
    """The table's lines, one for each value of the part."""
    from benchmarks.sampler_tables import figure, markdown

    others = ", ".join(f"{name} {value}" for name, value in USUAL.items() if name != part)
    lines = []
    for (value, (best, median)), ratio in zip(times.items(), growth(times), strict=True):
        batch = int(value) if part == "batch" else USUAL["batch"]
        lines.append([value, *map(figure, (1e3 * best, 1e3 * median, ratio, batch / best))])
    header = [f"{part} ({MEANING[part]})", "ms a step (best)", "(median)", "times the one before", "pictures a second"]
    return f"With {others}:\n\n{markdown(header, lines)}"


def memory_table(runs: Mapping[str, Mapping[str, Mapping]]) -> str:
    """The table's lines, one for each number of examples and way of keeping them."""
    from benchmarks.sampler_tables import figure, markdown

    header = ["examples", "pictures, MB", "kept", "peak, MB", "of that till split", "to the fewest", "s to split"]
    header.append("ms a step (best)")
    lines = []
    for count in runs[STREAMED]:
        for way in LIMITS:
            run, fewest = runs[way][count], next(iter(runs[way].values()))
            lines.append(
                [
                    f"{int(count):,}", figure(int(count) * 28 * 28 / 1e6), way, figure(run["peak_mb"]),
                    figure(run["loaded_mb"]), figure(run["peak_mb"] / fewest["peak_mb"]),
                    figure(run["load_seconds"]), figure(1e3 * run["step_seconds"]),
                ]
            )  # fmt: skip
    return markdown(header, lines)


def check_same(runs: Mapping[str, Mapping[str, Mapping]]) -> None:
    """Checks that both ways have trained on the same pictures in the same order.

    Raises:
        GanzooError: if they have not.
    """
    for count in runs[STREAMED]:
        if runs[STREAMED][count]["sha256"] != runs[HELD][count]["sha256"]:
            raise GanzooError(f"the train parts of {count} examples differ between streamed and in memory.")


def text(results: Results) -> str:
    """The section of RESULTS.md."""
    parts = [f"## Growth\n\n`python -m benchmarks.growth`\n\n{measuring.machine()}."]
    sweeps = [time_table(part, results[part]) for part in SWEEPS if part in results]
    if sweeps:
        note = "A step of `gan`, one update of each network, with convolutions and batch norm on RGB pictures."
        parts += [note, "![step time](docs/growth_step_time.png)", *sweeps]
    if "memory" in results:
        note = (
            "The most memory of a process that splits a TFDS set of 28 x 28 PNG pictures in 8 files and trains `gan` "
            f"for {STEPS} steps of 64 pictures. Streamed means `--config.data.stream_above_mb=1`. Both ways train on "
            "the same pictures in the same order (equal SHA-256)."
        )
        parts += [note, "![memory](docs/growth_memory.png)", memory_table(results["memory"])]
    return "\n\n".join(parts)


def main() -> int | None:
    for part in FLAGS.parts:
        if part not in PARTS:
            raise GanzooError(f"no part '{part}'.{did_you_mean(part, PARTS)} There are: {', '.join(PARTS)}.")
    with cli.quiet_imports():
        from benchmarks.growth_plots import memory_plot, time_plot
        from benchmarks.sampler_tables import write_section
        from ganzoo.files import write_json
    path = Path(FLAGS.workdir) / "results.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    results = json.loads(path.read_text()) if path.exists() else {}
    for part in FLAGS.parts:
        if part == "memory":
            results[part] = memory([int(count) for count in FLAGS.examples])
            check_same(results[part])
            print(memory_table(results[part]))
        else:
            results[part] = sweep(part)
            print(time_table(part, results[part]))
        write_json(path, results)
    if set(SWEEPS) <= results.keys():
        time_plot({part: results[part] for part in SWEEPS}, USUAL, ROOT / "docs" / "growth_step_time.png")
    if "memory" in results:
        memory_plot(results["memory"], ROOT / "docs" / "growth_memory.png")
    write_section("growth", text(results))
    return None


def define_flags() -> None:
    """Defines the command's flags. Tests import several benchmarks, whose flags have the same names."""
    flags.DEFINE_list("parts", list(PARTS), "the parts to measure: batch, size, width (time), memory")
    flags.DEFINE_integer("rounds", 5, "slices of each size, in turn", lower_bound=1)
    flags.DEFINE_float("seconds", 1.0, "seconds of a slice", lower_bound=0.0)
    flags.DEFINE_list("examples", ["10000", "100000", "1000000"], "sizes of the sets for memory, ascending")
    flags.DEFINE_string("workdir", "runs/growth", "the folder that keeps the measurements")


if __name__ == "__main__":
    define_flags()
    cli.run(main)
