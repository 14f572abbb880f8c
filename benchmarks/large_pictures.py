r"""Measures what large pictures cost a model: a forward pass, a training step, an export, and the memory of each.

    python -m benchmarks.large_pictures --model stylegan2 --sides=64,256

Each figure is of a process of its own, on random pictures in colour with the recipe's networks. Seconds are medians.
Memory is the most (`VmHWM`) that the process needed, TensorFlow included. The table goes to RESULTS.md.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from absl import flags

from benchmarks.sampler_tables import figure, markdown, write_section
from ganzoo import cli
from ganzoo.environment import peak_memory_mb

FLAGS = flags.FLAGS

SAMPLING = dict(batch_size=16, burn_in=1000)  # of the export; a batch of 256 large pictures takes many gigabytes
ROUNDS = 16  # steps or passes; R1 and path lengths come in two of 16 steps or more


def measure(part: str, model: str, side: int, batch_size: int) -> dict[str, float]:
    """What one part costs: {"seconds", "memory_mb"}, and of a training step "longest", its slowest round.

    Args:
        part: "forward", "step" or "export".
        model: an entry of the zoo.
        side: pixels of a side.
        batch_size: pictures in a step or a pass.
    """
    import numpy as np

    import ganzoo

    built = ganzoo.create(model, image_shape=(side, side, 3))
    if part == "export":
        times = [_export_seconds(built)]
    elif part == "forward":
        times = _seconds(lambda: built.sample(batch_size))
    else:
        built.compile()
        pictures = np.random.default_rng(0).integers(0, 256, (batch_size * built.n_critic, side, side, 3), np.uint8)
        times = _seconds(lambda: built.train_on_batch(pictures))
    return dict(seconds=statistics.median(times), longest=max(times), memory_mb=peak_memory_mb())


def table(model: str, rows: dict[tuple[str, int], dict[str, float]], batch_size: int) -> str:
    """The section of RESULTS.md; `rows` are the results of `measure` by (part, side)."""
    sides = ",".join(dict.fromkeys(str(side) for _, side in rows))
    words = {"forward": "forward pass", "step": "training step", "export": "export"}
    lines = [
        [f"{side} x {side}", words[part], figure(row["seconds"]), figure(row["longest"]), f"{row['memory_mb']:,.0f}"]
        for (part, side), row in rows.items()
    ]
    header = ["pictures", "part", "seconds (median)", "seconds (longest)", "peak memory of the process (MB)"]
    return (
        f"## What large pictures cost {model}\n\n"
        f"`python -m benchmarks.large_pictures --model {model} --sides={sides} --batch_size={batch_size}`\n\n"
        f"Random pictures in colour, {batch_size} in a pass and in a step, {ROUNDS} rounds after the first. The "
        "longest round of a training step has the regularisers that come every few steps. An export here has "
        f"`config.sampling.batch_size` {SAMPLING['batch_size']} and a burn-in of {SAMPLING['burn_in']:,} pictures.\n\n"
        + markdown(header, lines)
    )


def _seconds(call: Callable[[], object]) -> list[float]:
    """The seconds of `ROUNDS` calls after a first one, which traces."""
    times = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times[1:]


def _export_seconds(model) -> float:
    """The seconds of an export with the discriminator's own logits."""
    from ganzoo.density_ratio import fitting
    from ganzoo.export import saved_model

    sampling = model.recipe().sampling.to_dict() | SAMPLING
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        saved_model.export(model, folder, ratio=fitting.for_export(model, None), sampling=sampling)
        return time.perf_counter() - start


def main() -> int:
    batch_size = FLAGS.batch_size
    if FLAGS.part is not None:
        print(json.dumps(measure(FLAGS.part, FLAGS.model, int(FLAGS.sides[0]), batch_size)))
        return 0
    rows = {}
    for side in FLAGS.sides:
        for part in ("forward", "step", "export"):
            command = [sys.executable, "-m", "benchmarks.large_pictures", f"--model={FLAGS.model}", f"--sides={side}"]
            command += [f"--part={part}", f"--batch_size={batch_size}"]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            rows[part, int(side)] = json.loads(done.stdout.splitlines()[-1])
            print(part, side, rows[part, int(side)])
    write_section(f"large pictures {FLAGS.model}", table(FLAGS.model, rows, batch_size))
    return 0


if __name__ == "__main__":
    flags.DEFINE_string("model", "stylegan2", "an entry of the zoo that samples from latents")
    flags.DEFINE_list("sides", ["64", "256"], "pixels of a side, several with commas")
    flags.DEFINE_integer("batch_size", 16, "pictures in a pass and in a step", lower_bound=1)
    flags.DEFINE_enum("part", None, ["forward", "step", "export"], "measure this part alone, and print it")
    cli.run(main)
